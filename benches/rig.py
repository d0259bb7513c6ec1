"""What the benchmarks share: a folder, a private sshd, a way to run the binary, and how a row is told."""
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
            f"AuthorizedKeysFile {self.folder}/authorized\nStrictModes no\nUsePAM no\nMaxSessions 20\nMaxStartups 300\n"
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

    def command(self, *words):
        """The words that run the binary; for a run that is not measured by `run`."""
        return [str(word) for word in (self.binary, *words)]

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
        return seconds, self.entries(folder), folder

    def entries(self, folder):
        return [json.loads(line.split(" ", 1)[1]) for line in (folder / "journal").open()]

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
