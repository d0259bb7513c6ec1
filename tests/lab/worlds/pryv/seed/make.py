"""Makes the users' data: the same on every box and in every run, except for its size.

Arguments: folder to make, MiB of attachments.
"""

import json
import os
import random
import sys

USERS = ["ana", "bruno", "chloe"]
EVENTS, STREAMS, POINTS = 400, 12, 500
EVERY = 8  # one event in so many has an attachment
START = 1_700_000_000


def main(folder, mebibytes):
    chance = random.Random(4)
    mongo = os.path.join(folder, "mongodb", "pryv-node")
    os.makedirs(mongo)
    write(mongo, "users", [{"_id": f"user-{u}", "username": u, "language": "en"} for u in USERS])
    write(mongo, "accesses", [{"_id": f"access-{u}", "user": u, "token": f"{u}-token", "type": "personal"} for u in USERS])
    write(mongo, "streams", [stream(u, n) for u in USERS for n in range(STREAMS)])
    events = [event(u, n, chance) for u in USERS for n in range(EVENTS)]
    write(mongo, "events", events)
    attach([e for e in events if "attachments" in e], os.path.join(folder, "attachments"), mebibytes << 20, chance)
    for user in USERS:
        with open(os.path.join(folder, f"{user}.series"), "w", encoding="utf-8") as file:
            for n in range(POINTS):
                file.write(f"heart value={chance.randint(50, 120)} {START + 60 * n}\n")


def stream(user, number):
    parent = None if number < 3 else f"{user}-stream-{number % 3}"
    return {"_id": f"{user}-stream-{number}", "user": user, "name": f"Stream {number}", "parentId": parent}


def event(user, number, chance):
    found = {
        "_id": f"{user}-event-{number:04}",
        "user": user,
        "streamId": f"{user}-stream-{number % STREAMS}",
        "time": START + 3600.5 * number,
        "type": "mass/kg",
        "content": round(chance.uniform(60, 90), 2),
        "tags": ["imported"] if number % 5 == 0 else [],
        "trashed": number % 97 == 96,
    }
    if number % EVERY == 0:
        found["type"] = "file/attached"
        found["attachments"] = [f"scan-{number}.bin"]
    return found


def attach(events, folder, total, chance):
    """Spreads `total` bytes over the attachments: most are small, a few hold nearly everything."""
    weights = [chance.paretovariate(1.1) for _ in events]
    for found, weight in zip(events, weights):
        place = os.path.join(folder, found["user"], found["_id"])
        os.makedirs(place)
        with open(os.path.join(place, found["attachments"][0]), "wb") as file:
            file.write(chance.randbytes(max(1, int(total * weight / sum(weights)))))


def write(folder, collection, documents):
    with open(os.path.join(folder, collection + ".jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(d, separators=(",", ":")) + "\n" for d in documents)


main(sys.argv[1], int(sys.argv[2]))
