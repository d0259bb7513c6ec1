#!/usr/bin/env python3
"""Verifies the journal of a run, by docs/journal.md alone.

    verify_journal.py FOLDER|FILE [--head HASH]

Needs nothing but Python 3. FOLDER is a run's folder: its journal and the files it commits to are
verified. FILE is a journal alone. Exit status: 0 nothing is wrong, 1 problems found, 2 wrong usage.

This shares no code with Runsheet, on purpose: a record that only its writer can check proves little.
"""

import hashlib
import json
import math
import os
import re
import stat
import sys

MAX_JSON = 8 << 20
MAX_LINE = 64 + 1 + MAX_JSON + 1
MAX_DEPTH = 127
SECTOR = 512
START = bytes(32)
PREFIX = re.compile(rb"[0-9a-f]{64} ")
DIGEST = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@%+=,:-]{0,254}")


class NotAnObject(Exception):
    """What was hashed is not one JSON object."""


def whole(text):
    """Reads a JSON integer; what cannot be a length stays a float."""
    number = fraction(text)
    return int(text) if text.isdigit() and number < 2.0**65 and int(text) < 1 << 64 else number


def fraction(text):
    number = float(text)
    if math.isinf(number):
        raise NotAnObject("a number is out of range")
    return number


def constant(text):
    raise NotAnObject(text + " is not JSON")


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def read_object(text):
    """Gives the claims in one JSON object, in the order in which they end."""
    claims = []

    def fields(pairs):
        # Every object passes here, also one that a later key of the same name replaces.
        json.dumps(pairs, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8
        here = dict(pairs)
        for kind in ("file", "copy"):
            if here.keys() == {kind, "bytes", "sha256"}:
                claims.append(claim(kind, here))
        return here

    try:
        text = text.decode()
        if not (text.startswith("{") and text.endswith("}")):
            raise NotAnObject("it does not begin with { and end with }")
        value = json.loads(
            text,
            object_pairs_hook=fields,
            parse_int=whole,
            parse_float=fraction,
            parse_constant=constant,
        )
        if depth(value) > MAX_DEPTH:
            raise NotAnObject("it is nested too deeply")
    except (ValueError, RecursionError) as why:
        raise NotAnObject(str(why)) from why
    return claims


def claim(kind, here):
    """Gives (kind, name, bytes, sha256), or None for values that cannot be a claim."""
    name, length, digest = here[kind], here["bytes"], here["sha256"]
    good = (
        isinstance(name, str)
        and NAME.fullmatch(name)
        and type(length) is int
        and isinstance(digest, str)
        and DIGEST.fullmatch(digest)
    )
    return (kind, name, length, digest) if good else None


class Chain:
    """Is what a walk over the bytes of a journal came to.

    hashes   of the intact records, in order
    claims   (line, claim) of those records
    tail     (line, offset, bytes) of an unfinished last record, or None
    damage   (line, offset, what) of the first line that is not what was written, or None
    """

    def __init__(self, data):
        self.hashes, self.claims, self.tail, self.damage = [], [], None, None
        previous, offset = START, 0
        while offset < len(data):
            line = len(self.hashes) + 1
            newline = data.find(b"\n", offset)
            if newline < 0:
                rest = len(data) - offset
                if rest >= MAX_LINE:
                    self.damage = (line, offset, too_long())
                else:
                    self.tail = (line, offset, rest)
                return
            try:
                digest, claims = record(data[offset:newline], previous)
            except ValueError as wrong:
                end = newline + 1
                if end == len(data) and end - offset <= MAX_LINE and lost_sector(data, offset):
                    self.tail = (line, offset, end - offset)
                else:
                    self.damage = (line, offset, str(wrong))
                return
            self.hashes.append(digest.hex())
            self.claims += [(line, one) for one in claims]
            previous, offset = digest, newline + 1


def too_long():
    return f"longer than the {MAX_LINE} bytes a record can have"


def record(line, previous):
    """Checks one line, given without its newline."""
    if len(line) >= MAX_LINE:
        raise ValueError(too_long())
    if not PREFIX.match(line):
        raise ValueError("expected 64 lowercase hexadecimal digits and a space")
    text = line[65:]
    digest = hashlib.sha256(previous + text).digest()
    written = line[:64].decode()
    if digest.hex() != written:
        raise ValueError(f"expected hash {digest.hex()}, found {written}")
    try:
        return digest, read_object(text)
    except NotAnObject as why:
        raise ValueError(f"expected one JSON object after the hash: {why}") from why


def lost_sector(data, offset):
    """Tells whether the last line's whole share of some sector is zero."""
    while offset < len(data):
        end = min(len(data), offset - offset % SECTOR + SECTOR)
        if not any(data[offset:end]):
            return True
        offset = end
    return False


def look(place, name):
    """Gives the length and digest of a regular file, or what is wrong with it."""
    if place is None:
        return "is missing"
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(os.path.join(place, name), flags)
    except FileNotFoundError:
        return "is missing"
    except OSError as why:
        if os.path.islink(os.path.join(place, name)):
            return "is not a regular file"
        return f"cannot be read: {why}"
    with os.fdopen(fd, "rb") if stat.S_ISREG(os.fstat(fd).st_mode) else Closing(fd) as file:
        if file is None:
            return "is not a regular file"
        digest, length = hashlib.sha256(), 0
        try:
            for piece in iter(lambda: file.read(1 << 16), b""):
                digest.update(piece)
                length += len(piece)
        except OSError as why:
            return f"cannot be read: {why}"
        return length, digest.hexdigest()


class Closing:
    """Closes a descriptor that is not to be read."""

    def __init__(self, fd):
        self.fd = fd

    def __enter__(self):
        return None

    def __exit__(self, *_):
        os.close(self.fd)


def compare(folder, claims):
    """Gives the problems of the recorded files, the outputs that no record covers, and how many files of times."""
    output = os.path.join(folder, "output")
    if os.path.islink(output) or not os.path.isdir(output):
        output = None
    problems, recorded = [], set()
    for line, one in claims:
        if one is None:
            problems.append(f"line {line}: a file's name, length or digest is malformed")
            continue
        kind, name, length, digest = one
        if kind == "file":
            recorded.add(name)
            found, path = look(output, name), "output/" + name
        else:
            found, path = look(folder, name), name
        if isinstance(found, tuple):
            found = difference(found, length, digest)
        if found:
            problems.append(f"line {line}: {path} {found}")
    names = sorted(os.listdir(os.fsencode(output))) if output else []
    covered = {name.encode() for name in recorded}
    names = [name for name in names if name not in covered]
    times = [name for name in names if name.endswith(b".times") and name[:-6] in covered]
    others = [re.sub(rb"[^ -~]", b"?", name).decode() for name in names if name not in times]
    return problems, others, len(times)


def difference(found, length, digest):
    if found[0] != length:
        word = "shorter" if found[0] < length else "longer"
        return f"is {word}: {found[0]} bytes, recorded {length}"
    if found[1] != digest:
        return f"is different: sha256 {found[1]}, recorded {digest}"
    return None


def verify(data, head=None, folder=None):
    """Gives (is it right?, the lines to print)."""
    chain = Chain(data)
    count = len(chain.hashes)
    lines = [f"records     {count}" + (f", head {chain.hashes[-1]}" if count else "")]
    if chain.tail:
        text = "torn tail   line {}, offset {}: {} bytes of a record that was never finished"
        lines.append(text.format(*chain.tail))
    if chain.damage:
        lines.append("damage      line {}, offset {}: {}".format(*chain.damage))
    at = None
    if head is not None:
        at = chain.hashes.index(head) + 1 if head in chain.hashes else 0
        lines.append(f"given head  line {at}" if at else "given head  NOT FOUND")
    problems = []
    if folder is None:
        lines.append("files       not looked at")
    else:
        problems, others, times = compare(folder, chain.claims)
        lines.append(f"files       {len(chain.claims)} recorded, {len(problems)} with problems")
        lines += ["problem     " + problem for problem in problems]
        lines += ["unrecorded  output/" + other for other in others]
        if times:
            lines.append(f"times       {times} files say when output came; no record commits to them")
    good = not (chain.damage or problems or at == 0 or count == 0)
    if count == 0 and not chain.damage:
        verdict = "PROBLEMS: there is no record"
    elif at == 0 and not chain.damage:
        verdict = "PROBLEMS: the given head is not in this journal"
    elif not good:
        verdict = "PROBLEMS: this is not what was recorded"
    elif at is None:
        verdict = "internally consistent; completeness NOT established"
    elif at < count:
        verdict = (
            f"unchanged up to the given head, line {at} of {count}; after it, "
            "internally consistent, completeness NOT established"
        )
    else:
        verdict = "unchanged up to the given head, which is the last record"
    lines.append("verdict     " + verdict)
    return good, lines


def main(arguments):
    head = None
    if len(arguments) == 3 and arguments[1] == "--head":
        head = arguments.pop().strip().lower()
        arguments.pop()
        if not DIGEST.fullmatch(head):
            print("a head is 64 hexadecimal digits, as shown at the end of a run", file=sys.stderr)
            return 2
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: verify_journal.py FOLDER|FILE [--head HASH]", file=sys.stderr)
        return 2
    path = arguments[0]
    folder = path if os.path.isdir(path) else None
    try:
        with open(os.path.join(path, "journal") if folder else path, "rb") as file:
            data = file.read()
        good, lines = verify(data, head, folder)
    except OSError as why:
        print(why, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
