"""Rows about the line to the operator: bytes a minute while a bar moves, on a line of 9600 baud, and when idle."""
import os
import shutil
import termios
import time

from rig import say
from screens import SIZES, detached, stop_engine, wait
from terminal import Terminal

SECONDS = float(os.environ.get("BENCH_SECONDS", "30"))

# 9600 baud, eight bits, a start and a stop bit.
BAUD = 960

TICK = os.sysconf("SC_CLK_TCK")

BAR = ('i=0; while [ -e GO ]; do i=$((i + 1)); '
       'printf \\"\\\\r%9d00 %3d%%  10.00MB/s    0:%02d:%02d\\" $i $((i / 50 % 100)) $((i / 60 % 60)) $((i % 60)); '
       'sleep 0.1; done')

STEP = ('[[step]]\nid = "copy"\nphase = "all"\ntitle = "Copy"\non = "near"\ngate = "auto"\n'
        'do.command.run = "{run}"\nundo.never = "a benchmark"\n')

GATE = ('[[step]]\nid = "gate"\nphase = "all"\ntitle = "Wait"\non = "near"\n'
        'do.command.run = "echo the words of the gate"\nundo.never = "a benchmark"\n')


class Counted(Terminal):
    """A terminal that counts what is written to it, and takes no more a second than its line does."""

    def __init__(self, *words, speed=None):
        self.bytes, self.speed = 0, speed
        super().__init__(*words)

    def read(self, seconds):
        if self.speed is None:
            return super().read(seconds)
        # A twentieth of a second's worth, and then as long as that takes.
        time.sleep(0.05)
        return super().read(seconds)

    def tell_speed(self):
        if self.speed is not None:
            modes = termios.tcgetattr(0)
            modes[4] = modes[5] = termios.B9600
            termios.tcsetattr(0, termios.TCSANOW, modes)

    def most(self):
        return 1 << 16 if self.speed is None else max(1, self.speed // 20)

    def took(self, data):
        self.bytes += len(data)


def line(bench):
    """What the wizard writes while nothing but a clock and a bar move."""
    # The loops end when their file goes, also if the benchmark does not come to its end.
    go = bench.folder / "bar-goes"
    for columns, rows in SIZES:
        book = bench.runbook([STEP.format(run=BAR.replace("GO", str(go))), GATE], {"near": '"local"'})
        go.touch()
        folder = detached(bench, book)
        wait(lambda: (folder / "output").exists() and any((folder / "output").iterdir()), "the first output")
        for what, key in [("the step", None), ("its output, large", "o")]:
            fast(bench, folder, columns, rows, key, f"a bar that moves ten times a second, {what}")
        slow(bench, folder, columns, rows)
        flooded(bench, columns, rows)
        go.unlink()
        idle(bench, folder, columns, rows)
        stop_engine(bench, folder)
        shutil.rmtree(folder)


def attached(bench, folder, columns, rows, words, speed=None):
    wizard = Counted(bench.command("attach", folder.name), bench.environment, columns, rows, speed=speed)
    wizard.until(lambda screen: screen.shows(words), 60, words)
    return wizard


def fast(bench, folder, columns, rows, key, what):
    wizard = attached(bench, folder, columns, rows, "Copy")
    if key:
        wizard.press(key)
    wizard.rest(2)
    before = wizard.bytes
    wizard.rest(SECONDS)
    a_minute = (wizard.bytes - before) / SECONDS * 60
    say(f"  {columns}x{rows}: {a_minute:6.0f} bytes a minute, {a_minute / 60:4.0f} a second of the {BAUD} of 9600 baud; "
        f"{what}")
    wizard.close()


def flooded(bench, columns, rows):
    """The same while a step prints lines as fast as it can, its output large on the screen."""
    go = bench.folder / "flood-goes"
    go.touch()
    run = f"i=0; while [ -e {go} ]; do i=$((i + 1)); echo $i the quick brown fox jumps over the lazy dog; done"
    folder = detached(bench, bench.runbook([STEP.format(run=run)], {"near": '"local"'}))
    slow(bench, folder, columns, rows, "o")
    go.unlink()
    stop_engine(bench, folder)
    shutil.rmtree(folder)


def slow(bench, folder, columns, rows, key=None):
    """How long a key waits on such a line while the bar moves."""
    wizard = attached(bench, folder, columns, rows, "Copy", speed=BAUD)
    if key:
        wizard.press(key)
    wizard.rest(SECONDS / 2)
    took = []
    for _ in range(4):
        pressed = wizard.press("t")
        took.append(wizard.until(lambda screen: screen.shows(" head "), 60, "the record") - pressed)
        wizard.rest(3)
        wizard.press("t")
        wizard.rest(6)
    told = " ".join(f"{one:.1f}" for one in took)
    what = "flood" if key else "bar"
    say(f"  {columns}x{rows}: on a line of {BAUD} bytes a second, beside a {what}, the record is there {told} s after its key")
    wizard.close()


def idle(bench, folder, columns, rows):
    """What a wizard costs that waits at a gate."""
    wizard = attached(bench, folder, columns, rows, "the words of the gate")
    wizard.rest(2)
    bytes_before, ticks_before = wizard.bytes, ticks(wizard.pid)
    wizard.rest(2 * SECONDS)
    used = (ticks(wizard.pid) - ticks_before) / TICK
    say(f"  {columns}x{rows}: at a gate, {wizard.bytes - bytes_before} bytes and {used:.2f} s of a processor in "
        f"{2 * SECONDS:.0f} s")
    wizard.close()


def ticks(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
