#!/usr/bin/env python3
"""Measures Runsheet beside what a person would use instead, and prints ratios taken side by side.

    benches/bench.py BINARY [steps] [receipt] [output] [keys] [rsync] [attach] [line] [lanes] [check]

Everything goes to a private sshd on loopback with a key and a configuration of its own, in a folder
that is removed at the end. Python's standard library alone; `lanes` is
measured beside ansible and pyinfra where these are installed. Timings are means of nothing: each row is
run in turns with its rival, and the best of the turns is taken for both, because on a shared machine the
best turn is the one that was disturbed least. Where a share is told (99 in 100), every try counts.

BENCH_TURNS, BENCH_STEPS, BENCH_BYTES, BENCH_PRESSES, BENCH_EVENTS, BENCH_SECONDS, BENCH_LANES and BENCH_CHECKED set how much is done.
"""
import os
import sys

import bulk
import line
import many
import screens
import steps
from rig import TURNS, Bench, say

ROWS = {
    "steps": steps.many,
    "receipt": steps.receipt,
    "output": bulk.output,
    "keys": screens.keys,
    "rsync": bulk.rsync,
    "attach": screens.attach,
    "line": line.line,
    "lanes": many.lanes,
    "check": many.check,
}


def load():
    return "load average " + " ".join(f"{part:.1f}" for part in os.getloadavg())


def main():
    wanted = sys.argv[2:] or list(ROWS)
    unknown = [name for name in wanted if name not in ROWS]
    if len(sys.argv) < 2 or unknown:
        sys.exit(__doc__)
    bench = Bench(sys.argv[1])
    try:
        bench.start_sshd()
        say(f"{os.cpu_count()} cores; the best of {TURNS} turns, taken in turns")
        for name in wanted:
            say(f"{name}: {load()}")
            ROWS[name](bench)
        say(load())
    finally:
        bench.close()


if __name__ == "__main__":
    main()
