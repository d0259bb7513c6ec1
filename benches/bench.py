#!/usr/bin/env python3
"""Measures Runsheet beside what a person would use instead, and prints ratios taken side by side.

    benches/bench.py BINARY [steps] [output] [rsync]

Everything goes to a private sshd on loopback with a key and a configuration of its own, in a folder
that is removed at the end. Python's standard library alone. Timings are means of nothing: each row is
run in turns with its rival, and the best of the turns is taken for both, because on a shared machine the
best turn is the one that was disturbed least.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime

STEPS = int(os.environ.get("BENCH_STEPS", "200"))
BYTES = int(os.environ.get("BENCH_BYTES", str(1 << 30)))
TURNS = int(os.environ.get("BENCH_TURNS", "3"))


def say(text):
    print(text, flush=True)


class Bench:
    """A folder, an sshd and a way to run the binary, for as long as a benchmark lasts."""

    def __init__(self, binary):
        self.binary = pathlib.Path(binary).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rs-bench-"))
        self.sshd = None
        self.environment = dict(
            os.environ,
            XDG_STATE_HOME=str(self.folder / "state"),
            XDG_RUNTIME_DIR=str(self.private("runtime")),
        )

    def private(self, name):
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def start_sshd(self):
        """Starts an sshd for this account on a free loopback port."""
        sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        if not sshd:
            sys.exit("bench: there is no sshd here; install openssh-server")
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        shutil.copy(self.folder / "user.pub", self.folder / "authorized")
        (self.folder / "authorized").chmod(0o600)
        (self.folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/authorized\nStrictModes no\nUsePAM no\nMaxSessions 20\n"
            # bash reads ~/.bashrc for every ssh command unless it is a shell inside a shell; what this
            # account keeps there would slow the rival, which logs in anew for each command.
            "SetEnv SHLVL=1\n")
        host_key = (self.folder / "host.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {' '.join(host_key)}\n")
        (self.folder / "ssh_config").write_text(
            f"Host far\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {self.folder}/user\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.folder}/known_hosts\n")
        os.makedirs("/run/sshd", exist_ok=True) if os.geteuid() == 0 else None
        self.sshd = subprocess.Popen([sshd, "-D", "-f", self.folder / "sshd_config"],
                                     stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("bench: the private sshd does not answer")

    def close(self):
        if self.sshd:
            self.sshd.send_signal(signal.SIGTERM)
            self.sshd.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def runbook(self, steps, hosts):
        """Writes a runbook of these steps (TOML texts) and its environment; gives the runbook's path."""
        book = self.folder / "bench.toml"
        declared = "\n".join(f'{name} = "a machine"' for name in hosts)
        book.write_text('format = 1\ntitle = "bench"\n[hosts]\n' + declared +
                        '\n[[phase]]\nid = "all"\ntitle = "All"\n' + "\n".join(steps))
        lines = [f'hosts.{name} = {binding}' for name, binding in hosts.items()]
        (self.folder / "environments.toml").write_text('[bench]\nkind = "rehearsal"\n' + "\n".join(lines) + "\n")
        (self.folder / "answers.toml").write_text('format = 1\napprove = ["*"]\n')
        return book

    def run(self, book):
        """Runs it unattended; gives the seconds from start to end of the command, and the entries."""
        before = set(self.runs())
        started = time.monotonic()
        done = subprocess.run([self.binary, "run", book, "--env", "bench", "--unattended", "--answers",
                               self.folder / "answers.toml"], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seconds = time.monotonic() - started
        if done.returncode != 0:
            sys.exit(f"bench: the run ended with {done.returncode}:\n{done.stdout[-2000:]}")
        (folder,) = set(self.runs()) - before
        entries = [json.loads(line.split(" ", 1)[1]) for line in (folder / "journal").open()]
        return seconds, entries, folder

    def runs(self):
        return list((self.folder / "state/runsheet/runs").glob("*"))


def at(entry):
    return datetime.fromisoformat(entry["at"].replace("Z", "+00:00")).timestamp()


def between(entries, first, last):
    """Seconds from the first entry of one kind to the last of another."""
    kind = lambda entry: entry["event"]["kind"]
    start = next(at(e) for e in entries if kind(e) == first)
    return [at(e) for e in entries if kind(e) == last][-1] - start


def row(what, ours, theirs, unit, aim):
    ratio = min(theirs) / min(ours)
    say(f"  runsheet {min(ours):8.3f} {unit}   beside {min(theirs):8.3f} {unit}   "
        f"speed {ratio:.2f} of it   ({what}; aim: {aim})")


def bench_steps(bench):
    """Row 1: remote steps, each gated by itself, journaled and proved by one probe."""
    say(f"{STEPS} remote steps with one probe each, beside the same commands by `ssh -S` in a loop")
    steps = [f'[[step]]\nid = "s{n}"\nphase = "all"\ntitle = "Step {n}"\non = "far"\n'
             f'do.command.run = "echo {n} > {bench.folder}/made"\ngate = "auto"\n'
             f'undo.never = "a benchmark"\nverify = [{{ command = "cat {bench.folder}/made", equals = "{n}" }}]\n'
             for n in range(STEPS)]
    book = bench.runbook(steps, {"far": f'{{ ssh = "far", config = "{bench.folder}/ssh_config" }}'})
    control = bench.folder / "control"
    ssh = ["ssh", "-F", bench.folder / "ssh_config", "-S", control]
    subprocess.run(ssh + ["-M", "-N", "-f", "far"], check=True, stderr=subprocess.DEVNULL)
    ours, inside, theirs = [], [], []
    for _ in range(TURNS):
        seconds, entries, _ = bench.run(book)
        ours.append(seconds)
        inside.append(between(entries, "step-reached", "proof-answered"))
        started = time.monotonic()
        line = f"ssh -n -F {bench.folder}/ssh_config -S {control} far"
        made = f"{bench.folder}/made"
        script = "".join(f"{line} 'echo {n} > {made}'\n"
                         f"test \"$({line} 'cat {made}')\" = {n} || exit 1\n" for n in range(STEPS))
        subprocess.run(["bash"], input=script, text=True, check=True)
        theirs.append(time.monotonic() - started)
    subprocess.run(ssh + ["-O", "exit", "far"], check=True, stderr=subprocess.DEVNULL)
    row("the whole command, engine start included", ours, theirs, "s", "1.00")
    row("first step reached to last proved", inside, theirs, "s", "1.00")
    say(f"  a step takes {1000 * min(inside) / STEPS:.1f} ms; "
        f"the two commands of the loop {1000 * min(theirs) / STEPS:.1f} ms")


def peak_memory(pid, stop):
    """The engine's peak resident memory in MiB, read until `stop` says so."""
    peak = 0
    while not stop():
        try:
            for line in open(f"/proc/{pid}/status"):
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]) // 1024)
        except OSError:
            break
        time.sleep(0.05)
    return peak


def bench_output(bench):
    """Row 2: a command that prints much, recorded in full."""
    say(f"a command that prints {BYTES >> 20} MiB, beside `command > file`")
    command = f"head -c {BYTES} /dev/zero | tr '\\\\0' 'x'"
    steps = [f'[[step]]\nid = "flood"\nphase = "all"\ntitle = "Flood"\non = "near"\n'
             f'do.command.run = "{command}"\nundo.never = "a benchmark"\n']
    book = bench.runbook(steps, {"near": '"local"'})
    ours, theirs, memory = [], [], 0
    for _ in range(TURNS):
        watcher = EnginePeak(bench)
        _, entries, folder = bench.run(book)
        memory = max(memory, watcher.end())
        ours.append(between(entries, "leg-started", "leg-ended"))
        kept = sum(path.stat().st_size for path in (folder / "output").glob("flood.*") if not path.name.endswith(".times"))
        if kept != BYTES:
            sys.exit(f"bench: {kept} bytes were kept of {BYTES}")
        shutil.rmtree(folder)
        file = bench.folder / "flood"
        started = time.monotonic()
        subprocess.run(["sh", "-c", f"{command.replace(chr(92) * 2, chr(92))} > {file}; sync {file}"], check=True)
        theirs.append(time.monotonic() - started)
        file.unlink()
    row("leg started to leg ended, durable, against a file that is synced too", ours, theirs, "s", "0.80")
    say(f"  the engine's peak resident memory was {memory} MiB (aim: under 64)")


class EnginePeak:
    """Watches the newest engine's memory from a thread."""

    def __init__(self, bench):
        import threading
        self.bench, self.peak, self.done = bench, 0, False
        self.known = set(bench.runs())
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.done:
            for folder in set(self.bench.runs()) - self.known:
                for line in (folder / "journal").open(errors="replace") if (folder / "journal").exists() else ():
                    if '"kind":"engine-started"' in line and line.endswith("\n"):
                        pid = json.loads(line.split(" ", 1)[1])["event"]["pid"]
                        self.peak = max(self.peak, peak_memory(pid, lambda: self.done))
            time.sleep(0.02)

    def end(self):
        self.done = True
        self.thread.join()
        return self.peak


def bench_rsync(bench):
    """Row 4: rsync of much through a step."""
    say(f"rsync of {BYTES >> 20} MiB over ssh through a step, beside rsync alone")
    source, target = bench.folder / "from", bench.folder / "to"
    source.mkdir()
    for number in range(64):
        with open(source / f"part{number}", "wb") as part:
            part.write(os.urandom(BYTES // 64))
    shutil.copy(bench.folder / "known_hosts", bench.folder / "user.known_hosts")
    steps = [f'[[step]]\nid = "copy"\nphase = "all"\ntitle = "Copy"\non = "near"\n'
             f'do.rsync = {{ path = "{source}/", to = "far", to-path = "{target}/", key = "{bench.folder}/user", '
             f'options = ["--archive"] }}\nundo.never = "a benchmark"\n']
    book = bench.runbook(steps, {"near": '"local"',
                                 "far": f'{{ ssh = "far", config = "{bench.folder}/ssh_config" }}'})
    ours, theirs = [], []
    for _ in range(TURNS):
        shutil.rmtree(target, ignore_errors=True)
        _, entries, _ = bench.run(book)
        ours.append(between(entries, "leg-started", "leg-ended"))
        shutil.rmtree(target, ignore_errors=True)
        started = time.monotonic()
        subprocess.run(["rsync", "-a", "-e", f"ssh -F {bench.folder}/ssh_config", f"{source}/", f"far:{target}/"],
                       check=True)
        theirs.append(time.monotonic() - started)
    row("leg started to leg ended; the dry runs before and after are extra", ours, theirs, "s", "0.98")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows = {"steps": bench_steps, "output": bench_output, "rsync": bench_rsync}
    wanted = sys.argv[2:] or list(rows)
    bench = Bench(sys.argv[1])
    try:
        bench.start_sshd()
        say(f"{os.cpu_count()} cores; the best of {TURNS} turns, taken in turns")
        for name in wanted:
            rows[name](bench)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
