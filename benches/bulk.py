"""Rows about many bytes: what a step prints, and rsync."""
import json
import os
import shutil
import subprocess
import sys
import threading
import time

from rig import BYTES, TURNS, between, row, say


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


def output(bench):
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


def rsync(bench):
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
                                 "far": f'{{ ssh = "far", config = "{bench.folder}/ssh_config", same-as = "near" }}'})
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
