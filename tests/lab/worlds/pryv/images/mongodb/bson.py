"""The part of BSON (bsonspec.org, version 1.1) that the lab's documents use."""

import struct


def encode(document):
    """One document, as a dict, in its bytes."""
    body = b"".join(_element(name, value) for name, value in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _element(name, value):
    kind, data = _value(value)
    return kind + name.encode() + b"\0" + data


def _value(value):
    if value is None:
        return b"\x0a", b""
    if isinstance(value, bool):
        return b"\x08", b"\1" if value else b"\0"
    if isinstance(value, float):
        return b"\x01", struct.pack("<d", value)
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return b"\x10", struct.pack("<i", value)
        return b"\x12", struct.pack("<q", value)
    if isinstance(value, str):
        data = value.encode() + b"\0"
        return b"\x02", struct.pack("<i", len(data)) + data
    if isinstance(value, dict):
        return b"\x03", encode(value)
    if isinstance(value, (list, tuple)):
        return b"\x04", encode({str(index): item for index, item in enumerate(value)})
    raise ValueError(f"no BSON for {type(value).__name__}")


def decode_all(data):
    """The documents of a dump, which lie one after the other."""
    at = 0
    while at < len(data):
        document, at = _document(data, at)
        yield document


def _document(data, at):
    (length,) = struct.unpack_from("<i", data, at)
    end = at + length - 1
    if length < 5 or end >= len(data) or data[end] != 0:
        raise ValueError(f"a document at byte {at} is cut off or damaged")
    at += 4
    document = {}
    while at < end:
        kind = data[at]
        stop = data.index(0, at + 1, end)
        name = data[at + 1 : stop].decode()
        document[name], at = _read(kind, data, stop + 1)
    return document, end + 1


def _read(kind, data, at):
    if kind == 0x0A:
        return None, at
    if kind == 0x08:
        return data[at] == 1, at + 1
    if kind == 0x01:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == 0x10:
        return struct.unpack_from("<i", data, at)[0], at + 4
    if kind == 0x12:
        return struct.unpack_from("<q", data, at)[0], at + 8
    if kind == 0x02:
        (length,) = struct.unpack_from("<i", data, at)
        return data[at + 4 : at + 3 + length].decode(), at + 4 + length
    if kind == 0x03:
        return _document(data, at)
    if kind == 0x04:
        document, at = _document(data, at)
        return list(document.values()), at
    raise ValueError(f"BSON type 0x{kind:02x} at byte {at} is not known to this stand-in")
