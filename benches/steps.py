"""Rows about many small steps on a machine behind ssh."""
import contextlib
import subprocess
import time

from rig import STEPS, TURNS, at, between, row, say


def many(bench):
    """Row 1: remote steps, each gated by itself, journaled and proved by one probe."""
    say(f"{STEPS} remote steps with one probe each, beside the same commands by `ssh -S` in a loop")
    steps = [f'[[step]]\nid = "s{n}"\nphase = "all"\ntitle = "Step {n}"\non = "far"\n'
             f'do.command.run = "echo {n} > {bench.folder}/made"\ngate = "auto"\n'
             f'undo.never = "a benchmark"\nverify = [{{ command = "cat {bench.folder}/made", equals = "{n}" }}]\n'
             for n in range(STEPS)]
    book = bench.runbook(steps, {"far": f'{{ ssh = "far", config = "{bench.folder}/ssh_config" }}'})
    ours, inside, theirs = [], [], []
    with shared(bench) as line:
        for _ in range(TURNS):
            seconds, entries, _ = bench.run(book)
            ours.append(seconds)
            inside.append(between(entries, "step-reached", "proof-answered"))
            started = time.monotonic()
            made = f"{bench.folder}/made"
            script = "".join(f"{line} 'echo {n} > {made}'\n"
                             f"test \"$({line} 'cat {made}')\" = {n} || exit 1\n" for n in range(STEPS))
            subprocess.run(["bash"], input=script, text=True, check=True)
            theirs.append(time.monotonic() - started)
    row("the whole command, engine start included", ours, theirs, "s", "1.00")
    row("first step reached to last proved", inside, theirs, "s", "1.00")
    say(f"  a step takes {1000 * min(inside) / STEPS:.1f} ms; "
        f"the two commands of the loop {1000 * min(theirs) / STEPS:.1f} ms")


# A login is a quarter of a second, so there are fewer of them.
LOGINS = max(1, STEPS // 5)


def receipt(bench):
    """What a receipt costs: `true` through one, beside the same by plain ssh."""
    say(f"{STEPS} times `true` through its receipt, beside `ssh` with a login each and `ssh -S`")
    steps = [f'[[step]]\nid = "s{n}"\nphase = "all"\ntitle = "Step {n}"\non = "far"\n'
             f'do.command.run = "true"\ngate = "auto"\nundo.never = "a benchmark"\n' for n in range(STEPS)]
    book = bench.runbook(steps, {"far": f'{{ ssh = "far", config = "{bench.folder}/ssh_config" }}'})
    with shared(bench) as over_shared:
        alone, inside, asked, logged_in = [], [], [], []
        for _ in range(TURNS):
            _, entries, _ = bench.run(book)
            inside.append(between(entries, "step-reached", "leg-ended") / STEPS)
            alone.append(sum(legs(entries)) / STEPS)
            asked.append(loop(over_shared, STEPS))
            logged_in.append(loop(f"ssh -n -F {bench.folder}/ssh_config far", LOGINS))
    for name, ours in [("from the start's record on disk to the end's", alone), ("a whole step, without a proof", inside)]:
        say(f"  {1000 * min(ours):6.1f} ms {name}: {min(ours) / min(asked):.2f} of `ssh -S` "
            f"({1000 * min(asked):.1f} ms), {min(ours) / min(logged_in):.3f} of a login each "
            f"({1000 * min(logged_in):.1f} ms)")


def legs(entries):
    """Seconds from each leg's start to its end, as the journal has them."""
    started = None
    for entry in entries:
        if entry["event"]["kind"] == "leg-started":
            started = at(entry)
        if entry["event"]["kind"] == "leg-ended":
            yield at(entry) - started


def loop(ssh, times):
    """Seconds that `true` takes over and over."""
    began = time.monotonic()
    subprocess.run(["bash"], input=f"{ssh} true || exit 1\n" * times, text=True, check=True,
                   stderr=subprocess.DEVNULL)
    return (time.monotonic() - began) / times


@contextlib.contextmanager
def shared(bench):
    """A connection that several ssh share; gives the words that use it."""
    control = bench.folder / "control"
    ssh = ["ssh", "-F", bench.folder / "ssh_config", "-S", control]
    subprocess.run(ssh + ["-M", "-N", "-f", "far"], check=True, stderr=subprocess.DEVNULL)
    try:
        yield f"ssh -n -F {bench.folder}/ssh_config -S {control} far"
    finally:
        subprocess.run(ssh + ["-O", "exit", "far"], check=True, stderr=subprocess.DEVNULL)
