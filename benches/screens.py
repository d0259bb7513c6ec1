"""Rows about what a person sees: a key during a flood, and coming back to a long run."""
import collections
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from rig import TURNS, say
from terminal import Terminal

PRESSES = int(os.environ.get("BENCH_PRESSES", "300"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "100000"))

SIZES = [(80, 24), (200, 60)]

# Presses one after the other with the flood, then as many without it.
BLOCK = 20

# On the help page and nowhere else.
HELP = "its proof holds"

# A flood prints so many bytes at once; at most 100 MB/s where it sleeps a twentieth of a second in between.
CHUNK = 5_000_000
FLOODS = [("at most 100 MB/s", "sleep 0.05"), ("as fast as it can", ":")]


# Seconds a press took to be seen, press by press.
Took = collections.namedtuple("Took", "wizard echo")


def keys(bench):
    """Row 3: a key pressed while a step prints."""
    say(f"{PRESSES} presses of ? and Esc while a step prints, as many while it is silent, and as many of a key that\n"
        "  `cat` on another terminal echoes at the same time: what the machine itself lets a key wait")
    chunk = bench.folder / "chunk"
    line = "%09d the quick brown fox jumps over the lazy dog and writes home about it\n"
    chunk.write_text("".join(line % number for number in range(CHUNK // len(line % 0))))
    for name, pause in FLOODS:
        say(f"  a flood that prints {name}:")
        for columns, rows in SIZES:
            flooded, silent, speed = presses(bench, chunk, pause, columns, rows)
            told(f"{columns}x{rows}, {speed:.0f} MB/s", flooded.wizard, "; aim: p99 under 50 ms")
            told("  beside, `cat`", flooded.echo, "")
            told(f"{columns}x{rows}, silent", silent.wizard, "")
            told("  beside, `cat`", silent.echo, "")
    chunk.unlink()


def presses(bench, chunk, pause, columns, rows):
    """What every press took with and without the flood, and the flood's speed in MB/s."""
    flood, stop = bench.folder / "flood-on", bench.folder / "flood-stop"
    command = f"while [ ! -e {stop} ]; do if [ -e {flood} ]; then cat {chunk}; {pause}; else sleep 0.05; fi; done"
    steps = [f'[[step]]\nid = "flood"\nphase = "all"\ntitle = "Flood"\non = "near"\ngate = "auto"\n'
             f'do.command.run = "{command}"\nundo.never = "a benchmark"\n']
    book = bench.runbook(steps, {"near": '"local"'})
    folder = detached(bench, book)
    wizard = Terminal(bench.command("attach", folder.name), bench.environment, columns, rows)
    flood.touch()
    printed = folder / "output" / "flood.1.near.0"
    wait(lambda: printed.exists(), "the first output")
    wizard.until(lambda screen: screen.shows("brown fox"), 10, "the output")
    if not wizard.screen.shows("quick brown fox jumps over the lazy dog"):
        wizard.press("o")
    wizard.until(lambda screen: screen.shows("quick brown fox jumps over the lazy dog"), 10, "the output, large")
    echo = Terminal([shutil.which("cat")], bench.environment, columns, rows)
    took, flooded = {True: Took([], []), False: Took([], [])}, 0.0
    flooding = True
    while min(len(part.wizard) for part in took.values()) < PRESSES:
        flood.touch() if flooding else flood.unlink(missing_ok=True)
        wizard.rest(0.3)
        began = time.monotonic()
        for _ in range(BLOCK // 2):
            for key, holds in [("?", lambda screen: screen.shows(HELP)),
                               ("\x1b", lambda screen: not screen.shows(HELP))]:
                # Whoever presses does not keep step with the frames.
                wizard.rest(random.uniform(0.02, 0.12))
                pressed = wizard.press(key)
                took[flooding].wizard.append(wizard.until(holds, 10, f"what {key!r} shows") - pressed)
                wizard.rest(random.uniform(0.02, 0.12))
                echo.screen.wipe()
                pressed = echo.press("k")
                took[flooding].echo.append(echo.until(lambda screen: screen.shows("k"), 10, "an echo") - pressed)
        flooded += (time.monotonic() - began + 0.3) if flooding else 0.0
        flooding = not flooding
    bytes_printed = printed.stat().st_size
    stop.touch()
    wizard.close()
    echo.close()
    wait(lambda: any(entry["event"]["kind"] == "leg-ended" for entry in bench.entries(folder)), "the end of the flood")
    stop_engine(bench, folder)
    for path in (flood, stop):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder)
    return took[True], took[False], bytes_printed / flooded / 1e6


def told(what, seconds, aim):
    every = sorted(1000 * second for second in seconds)
    share = lambda part: every[min(len(every) - 1, int(part * len(every)))]
    say(f"  {what:<22} p50 {share(0.5):6.1f} ms   p99 {share(0.99):6.1f} ms   longest {every[-1]:6.1f} ms   "
        f"({len(every)} presses{aim})")


def attach(bench):
    """Row 5: from the start of `runsheet attach` to the first frame that shows where a long run stands."""
    say(f"attach to a run of {EVENTS} events, until the step whose turn it is can be read")
    steps = [f'[[step]]\nid = "churn"\nphase = "all"\ntitle = "Churn"\non = "near"\ngate = "auto"\n'
             f'do.command.run = "true"\nundo.never = "a benchmark"\nverify = [{{ command = "false" }}]\n',
             f'[[step]]\nid = "arrive"\nphase = "all"\ntitle = "Arrive"\non = "near"\n'
             f'do.command.run = "echo you have arrived"\nundo.never = "a benchmark"\n']
    book = bench.runbook(steps, {"near": '"local"'})
    folder = detached(bench, book)
    wait(lambda: b'"proof-answered"' in (folder / "journal").read_bytes(), "the first attempt")
    stop_engine(bench, folder)
    lengthen(bench, folder)
    size = (folder / "journal").stat().st_size
    for number, (columns, rows) in enumerate(SIZES):
        if number == 0:
            first = arrival(bench, folder, columns, rows)
            say(f"  {first:.2f} s the first time, with the start of an engine that reads {size / 1e6:.0f} MB of journal")
        took = [arrival(bench, folder, columns, rows) for _ in range(2 * TURNS)]
        say(f"  {columns}x{rows}: " + " ".join(f"{one:.2f}" for one in took) + " s each (aim: 1.00, every time)")
    stop_engine(bench, folder)
    shutil.rmtree(folder)


def arrival(bench, folder, columns, rows):
    wizard = Terminal(bench.command("attach", folder.name), bench.environment, columns, rows)
    came = wizard.until(lambda screen: screen.shows("echo you have arrived"), 120, "the step whose turn it is")
    wizard.close()
    return came - wizard.started


def lengthen(bench, folder):
    """Tries the first step again and again, until a person skips it: in the journal only, as an engine writes it."""
    lines = (folder / "journal").read_text().splitlines()
    head = bytes.fromhex(lines[-1].split(" ", 1)[0])
    entries = bench.entries(folder)
    of_step = [entry for entry in entries if entry["event"].get("step") == "churn"]
    seq, when = entries[-1]["seq"], entries[-1]["at"]
    with (folder / "journal").open("ab") as journal:

        def add(by, event):
            nonlocal seq, head
            seq += 1
            entry = {"seq": seq, "at": when, "by": by, "event": event}
            text = json.dumps(entry, separators=(",", ":")).encode()
            head = hashlib.sha256(head + text).digest()
            journal.write(head.hex().encode() + b" " + text + b"\n")

        operator = {"name": "ann", "uid": os.getuid(), "client": 1}
        add("engine", {"kind": "attached", "who": operator, "watch": False})
        attempt = 1
        while seq < EVENTS - 4:
            attempt += 1
            for entry in of_step:
                event = dict(entry["event"], attempt=attempt)
                if "token" in event:
                    event["token"] = event["token"].replace(".churn.1.", f".churn.{attempt}.")
                add({"operator": operator} if event["kind"] == "step-reached" else "engine", event)
        add({"operator": operator}, {"kind": "step-skipped", "step": "churn", "reason": "it never holds"})
        add("engine", {"kind": "detached", "client": 1})


def detached(bench, book):
    """Starts a run that waits for a person; gives its folder."""
    before = set(bench.runs())
    subprocess.run(bench.command("run", book, "--env", "bench", "--detach"), env=bench.environment, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (folder,) = set(bench.runs()) - before
    return folder


def engine(bench, folder):
    """The process of the run's newest engine."""
    started = [entry["event"] for entry in bench.entries(folder) if entry["event"]["kind"] == "engine-started"]
    return started[-1]["pid"]


def alive(bench, folder):
    try:
        words = open(f"/proc/{engine(bench, folder)}/cmdline", "rb").read()
    except OSError:
        return False
    return folder.name.encode() in words


def stop_engine(bench, folder):
    wait(lambda: (folder / "journal").read_bytes().endswith(b"\n"), "a whole journal")
    os.kill(engine(bench, folder), signal.SIGTERM)
    wait(lambda: not alive(bench, folder), "the end of the engine")


def wait(holds, what, seconds=30):
    last = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > last:
            sys.exit(f"bench: {what} did not come within {seconds} s")
        time.sleep(0.02)
