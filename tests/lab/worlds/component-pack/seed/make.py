#!/usr/bin/python3 -I
"""Writes what the old cluster's volumes hold when the lab comes up: the same bytes every time. Argument: a folder."""

import json
import os
import sys

WORDS = "amber birch cedar delta ember fjord grove heath inlet junco kelp larch".split()
COLLECTIONS = [("itm", "entries", 400), ("orientme", "layouts", 150), ("recommend", "communities", 90), ("appregistry", "apps", 12)]


def documents(database, count):
    for number in range(count):
        words = [WORDS[(number * step + len(database)) % len(WORDS)] for step in (1, 5, 7)]
        yield {"_id": f"{database}-{number:04}", "text": " ".join(words), "rank": number * 37 % 101, "seen": number % 3 == 0}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(folder):
    mongo, search = os.path.join(folder, "mongo5-node-0/data/db"), os.path.join(folder, "opensearch-data-0")
    for database, collection, count in COLLECTIONS:
        held = list(documents(database, count))
        write(f"{mongo}/{database}/{collection}.jsonl", "".join(json.dumps(document, separators=(",", ":")) + "\n" for document in held))
        # A mapping that nobody would guess from the documents.
        mappings = {"properties": {"text": {"type": "text", "analyzer": "german"}, "rank": {"type": "integer"}}}
        index = {"mappings": mappings, "settings": {"index": {"number_of_shards": "3"}}, "docs": {document["_id"]: document for document in held}}
        write(f"{search}/{database}-{collection}.index", json.dumps(index))
    for name in ("banner.js", "colours.js"):
        write(os.path.join(folder, "customizations", name), f"// {name}\n" + "console.log('lab');\n" * 50)


main(sys.argv[1])
