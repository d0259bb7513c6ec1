"""Rows about much at once: many machines in one step, many steps in one runbook."""
import json
import os
import shutil
import subprocess
import time

from rig import TURNS, between, row, say

LANES = int(os.environ.get("BENCH_LANES", "100"))
CHECKED = int(os.environ.get("BENCH_CHECKED", "10000"))


def lanes(bench):
    """Row 6: one command on many machines at once, a login each, beside what is made for that."""
    names = [f"far{n}" for n in range(LANES)]
    # Every machine is the same sshd under another name, which none of the rivals knows.
    config = bench.folder / "ssh_config_of_lanes"
    with config.open("w") as more:
        more.write("Host " + " ".join(names) + "\n" + (bench.folder / "ssh_config").read_text().split("\n", 1)[1])
    command = f"echo here >> {bench.folder}/lanes"
    # Runsheet finds out that they are one machine, and has to be told that this is meant.
    meant = lambda name: "" if name == names[0] else f', same-as = "{names[0]}"'
    hosts = {name: f'{{ ssh = "{name}", config = "{config}"{meant(name)} }}' for name in names}
    book = bench.runbook([f'[[step]]\nid = "all"\nphase = "all"\ntitle = "All"\non = {json.dumps(names)}\n'
                          f'do.command.run = "{command}"\ngate = "auto"\nundo.never = "a benchmark"\n'], hosts)
    inventory = bench.folder / "inventory"
    inventory.write_text("\n".join(f"{name} ansible_host={name}" for name in names) + "\n")
    (bench.folder / "inventory.py").write_text(
        f"machines = [(name, {{'ssh_config_file': '{config}'}}) for name in {names}]\n")
    rivals = {
        "ansible": ["ansible", "all", "-i", str(inventory), "-f", str(LANES), "--ssh-common-args",
                    f"-F {config}", "-m", "ansible.builtin.raw", "-a", command],
        "pyinfra": ["pyinfra", "--yes", "--parallel", str(LANES), str(bench.folder / "inventory.py"),
                    "exec", "--", command],
    }
    say(f"one command on {LANES} machines behind ssh at once, each with a login of its own")
    ours, inside, theirs = [], [], {name: [] for name in rivals if shutil.which(name)}
    for name in rivals.keys() - theirs.keys():
        say(f"  {name} is not here: not measured beside it (pip install ansible-core pyinfra)")
    for _ in range(TURNS):
        seconds, entries, _ = bench.run(book)
        counted(bench)
        ours.append(seconds)
        inside.append(between(entries, "step-reached", "leg-ended"))
        for name, seconds in theirs.items():
            started = time.monotonic()
            done = subprocess.run(rivals[name], env=bench.environment | {"ANSIBLE_HOME": str(bench.folder / "ansible")},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            seconds.append(time.monotonic() - started)
            if done.returncode != 0:
                raise SystemExit(f"bench: {name} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
            counted(bench)
    say(f"  of Runsheet's, {min(inside):.3f} s from the step reached to the last lane's end")
    for name, seconds in theirs.items():
        row(f"the whole command; beside {name}", ours, seconds, "s", "over 1.00")


def counted(bench):
    """Makes sure that the command ran once on each machine."""
    made = bench.folder / "lanes"
    ran = len(made.read_text().split())
    made.unlink()
    if ran != LANES:
        raise SystemExit(f"bench: the command ran {ran} times, and should have run {LANES} times")


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
