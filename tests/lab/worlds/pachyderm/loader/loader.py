"""A stand-in for a system outside that loads data into Pachyderm, and the program that controls it.

A transaction comes every second, is kept in a journal, and is put into the repo `intake` as one file, in order.
Nothing is lost while it is paused or while pachd does not answer: it is put later.

  loader-control pause         ends putting; prints the checkpoint, which is the last transaction that was put
  loader-control resume        goes on
  loader-control point ADDRESS puts into another pachd from now on; only while it is paused
  loader-control replay N      goes back to the checkpoint N: what came after it is put again
  loader-control status        address, whether it is paused, and the last transaction that was put
  loader-control check         exit 0 if everything up to now is at the address, once

A hazard is a file in /var/lib/loader-hazards:

  early        the checkpoint that `pause` prints is one too early
"""

import fcntl
import http.client
import json
import os
import sys
import time

FOLDER = "/var/lib/loader"


class Held:
    """The state, for one at a time."""

    def __enter__(self):
        self.lock = open(os.path.join(FOLDER, "lock"), "w", encoding="utf-8")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        with open(os.path.join(FOLDER, "state"), encoding="utf-8") as file:
            self.state = json.load(file)
        return self.state

    def __exit__(self, *_):
        keep(self.state)
        self.lock.close()


def keep(state):
    path = os.path.join(FOLDER, "state")
    with open(path + "~", "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(path + "~", path)


def call(address, method, **words):
    host, _, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    connection.request("POST", "/", json.dumps({"method": method, **words}))
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise OSError(said.decode(errors="replace"))
    return json.loads(said)


def come(state):
    """How many transactions have come: one every second since it was set up."""
    return int(time.time() - state["began"]) + 1


def run(address):
    keep({"address": address, "paused": False, "put": 0, "began": time.time()})
    while True:
        with Held() as state:
            behind = not state["paused"] and state["put"] < come(state)
            if behind:
                number = state["put"] + 1
                try:
                    call(state["address"], "put_file", repo="intake", path=f"transaction-{number:05}", content=f"{number}\n")
                    state["put"] = number
                except (OSError, http.client.HTTPException):
                    behind = False
        time.sleep(0.005 if behind else 0.1)


def control(words):
    with Held() as state:
        match words:
            case ["pause"]:
                state["paused"] = True
                print(state["put"] - os.path.exists("/var/lib/loader-hazards/early"))
            case ["resume"]:
                state["paused"] = False
            case ["point", address]:
                if not state["paused"]:
                    sys.exit("it is not paused")
                state["address"] = address
            case ["replay", number]:
                if int(number) > state["put"]:
                    sys.exit("that has not come yet")
                state["put"] = int(number)
            case ["status"]:
                print(f"{state['address']} {'paused' if state['paused'] else 'running'} {state['put']}")
            case ["check"]:
                check(state)
            case _:
                sys.exit(__doc__)


def check(state):
    if not state["paused"] and state["put"] < come(state) - 2:
        sys.exit(f"{come(state)} have come, {state['put']} were put")
    there = {item["file"]["path"]: item["parts"] for item in call(state["address"], "list_file", repo="intake")}
    for number in range(1, state["put"] + 1):
        parts = there.get(f"transaction-{number:05}", 0)
        if parts != 1:
            sys.exit(f"transaction {number} is at {state['address']} {parts} times")
    print(f"{state['put']} transactions are at {state['address']}, each once")


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    run(sys.argv[2]) if sys.argv[1:2] == ["run"] else control(sys.argv[1:])
