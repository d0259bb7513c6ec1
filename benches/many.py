"""Rows about much at once: many machines in one step, many steps in one runbook."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from rig import TURNS, at, row, say

LANES = int(os.environ.get("BENCH_LANES", "100"))
CHECKED = int(os.environ.get("BENCH_CHECKED", "10000"))


def lanes(bench):
    """Row 6: one command on many machines at once, beside what is made for that."""
    names = [f"far{n}" for n in range(LANES)]
    # Every machine is the same sshd under another name, which none of the rivals knows. One key exchange for all: that
    # of OpenSSH's own choice takes ten times as long, and pyinfra's library does not know it.
    config = bench.folder / "ssh_config_of_lanes"
    config.write_text("Host " + " ".join(names) + "\n  KexAlgorithms curve25519-sha256\n" +
                      (bench.folder / "ssh_config").read_text().split("\n", 1)[1])
    command = f"echo here >> {bench.folder}/lanes"
    # Runsheet finds out that they are one machine, and has to be told that this is meant.
    meant = lambda name: "" if name == names[0] else f', same-as = "{names[0]}"'
    hosts = {name: f'{{ ssh = "{name}", config = "{config}"{meant(name)} }}' for name in names}
    book = bench.runbook([f'[[step]]\nid = "s{n}"\nphase = "all"\ntitle = "All"\non = {json.dumps(names)}\n'
                          f'do.command.run = "{command}"\ngate = "auto"\nundo.never = "a benchmark"\n'
                          for n in range(2)], hosts)
    say(f"one command on {LANES} machines behind ssh at once, and the same once more")
    rivals = {name: rival for name, rival in {"ansible": Ansible, "pyinfra": Pyinfra}.items() if shutil.which(name)}
    for name in {"ansible", "pyinfra"} - rivals.keys():
        say(f"  {name} is not here: not measured beside it (pip install ansible-core pyinfra)")
    ours, again, theirs = [], [], {name: ([], []) for name in rivals}
    for _ in range(TURNS):
        _, entries, _ = bench.run(book)
        counted(bench, 2)
        opened = next(at(e) for e in entries if e["event"]["kind"] == "step-reached")
        reached = [at(e) for e in entries if e["event"]["kind"] == "step-reached"]
        ended = [at(e) for e in entries if e["event"]["kind"] == "leg-ended"]
        ours.append(ended[LANES - 1] - opened)
        again.append(ended[-1] - reached[1])
        for name, rival in rivals.items():
            cold, warm = rival(bench, names, config).seconds(command)
            theirs[name][0].append(cold)
            theirs[name][1].append(warm)
    for name, (cold, warm) in theirs.items():
        row(f"with a login for each; beside {name}", ours, cold, "s", "over 1.00")
        row(f"over the connections that are there; beside {name}", again, warm, "s", "over 1.00")


class Ansible:
    """`ansible -f`; its second run takes the connections that the first has left."""

    def __init__(self, bench, names, config):
        self.bench = bench
        self.home = pathlib.Path(tempfile.mkdtemp(dir=bench.folder))
        (self.home / "inventory").write_text("\n".join(names) + "\n")
        self.words = ["ansible", "all", "-i", str(self.home / "inventory"), "-f", str(LANES),
                      "--ssh-common-args", f"-F {config}", "-m", "ansible.builtin.raw", "-a"]

    def seconds(self, command):
        taken = []
        for _ in range(2):
            taken.append(timed(self.words + [command], self.bench.environment | {
                "ANSIBLE_HOME": str(self.home), "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.home / "cp")}))
            counted(self.bench, 1)
        for socket in (self.home / "cp").iterdir():
            subprocess.run(["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "far0"], stderr=subprocess.DEVNULL)
        return taken


class Pyinfra:
    """`pyinfra exec`, which keeps no connection: what one more command takes is two less one."""

    def __init__(self, bench, names, config):
        self.bench = bench
        inventory = bench.folder / "inventory.py"
        inventory.write_text(f"machines = [(name, {{'ssh_config_file': '{config}'}}) for name in {names}]\n")
        self.deploy = bench.folder / "deploy.py"
        self.words = ["pyinfra", "--yes", "--parallel", str(LANES), str(inventory), str(self.deploy)]

    def seconds(self, command):
        taken = []
        for count in (1, 2):
            self.deploy.write_text("from pyinfra.operations import server\n" +
                                   "".join(f"server.shell(name='{n}', commands=['{command}'])\n" for n in range(count)))
            taken.append(timed(self.words, self.bench.environment))
            counted(self.bench, count)
        return taken[0], taken[1] - taken[0]


def timed(words, environment):
    """Seconds that a command takes; its end without success ends the benchmark."""
    started = time.monotonic()
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    seconds = time.monotonic() - started
    if done.returncode != 0:
        raise SystemExit(f"bench: {words[0]} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
    return seconds


def counted(bench, times):
    """Makes sure that the command ran so often on each machine."""
    made = bench.folder / "lanes"
    ran = len(made.read_text().split())
    made.unlink()
    if ran != LANES * times:
        raise SystemExit(f"bench: the command ran {ran} times, and should have run {LANES * times} times")


def check(bench):
    """Row 7: a runbook with very many steps, each after the one before it."""
    say(f"`check` of a runbook of {CHECKED} steps, and of a tenth and of twice as many")
    for count in (CHECKED // 10, CHECKED, CHECKED * 2):
        steps = [f'[[step]]\nid = "s{n}"\nphase = "all"\ntitle = "Step {n}"\non = "far"\n'
                 + (f'needs = ["s{n - 1}"]\n' if n else "") +
                 f'do.command.run = "echo {n} > made-{n}; sort made-{n}"\nundo.command.run = "rm -f made-{n}"\n'
                 f'verify = [{{ command = "cat made-{n}", equals = "{n}" }}]\n' for n in range(count)]
        book = bench.runbook(steps, {"far": f'{{ ssh = "far", config = "{bench.folder}/ssh_config" }}'})
        taken = []
        for _ in range(max(TURNS, 5)):
            started = time.monotonic()
            subprocess.run([bench.binary, "check", book], env=bench.environment, check=True,
                           capture_output=True)
            taken.append(time.monotonic() - started)
        aim = "; aim: under 200 ms" if count == CHECKED else ""
        say(f"  {count:6} steps: {1000 * min(taken):7.1f} ms, {1e6 * min(taken) / count:.1f} µs a step{aim}")
