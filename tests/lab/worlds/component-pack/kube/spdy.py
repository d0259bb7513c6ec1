"""The part of SPDY/3.1 that `kubectl exec` speaks: streams in both directions over one connection."""

import json
import struct
import subprocess
import threading
import zlib

# The dictionary both sides compress headers with, as the SPDY draft fixes it: words with their lengths before
# them, then a run of text. It must be right to the byte.
_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie "
    "keep-alive origin"
).split()
_CODES = (
    "100 101 201 202 205 206 300 302 303 304 305 306 307 402 405 406 407 408 409 410 411 412 413 414 415 416 417 502 504 505"
).replace(" ", "")
_TAIL = (
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = (
    b"".join(struct.pack(">I", len(word)) + word.replace("_", " ").encode() for word in _WORDS)
    + (_CODES + _TAIL).encode()
)

SYN_STREAM, SYN_REPLY, RST, SETTINGS, PING, GOAWAY, HEADERS, WINDOW = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 1


class Connection:
    """One connection after its upgrade. `stream` and `sink` are the two directions of the socket."""

    def __init__(self, stream, sink):
        self.stream, self.sink = stream, sink
        self.inflate = zlib.decompressobj(zdict=DICTIONARY)
        self.deflate = zlib.compressobj(zdict=DICTIONARY)
        self.lock = threading.Lock()

    def frames(self):
        """What the client sends: ("open", id, headers), ("data", id, bytes), ("end", id, None)."""
        while True:
            head = self.stream.read(8)
            if len(head) < 8:
                return
            first, rest = struct.unpack(">II", head)
            flags, body = rest >> 24, self.stream.read(rest & 0xFFFFFF)
            if not first >> 31:
                yield "data", first, body
                if flags & FIN:
                    yield "end", first, None
                continue
            kind = first & 0xFFFF
            if kind == SYN_STREAM:
                number = struct.unpack_from(">I", body)[0] & 0x7FFFFFFF
                headers = self._headers(body[10:])
                self._send(SYN_REPLY, struct.pack(">I", number) + self._no_headers())
                yield "open", number, headers
                if flags & FIN:
                    yield "end", number, None
            elif kind == HEADERS:
                self._headers(body[4:])
            elif kind == PING:
                self._send(PING, body)
            elif kind == GOAWAY:
                return

    def data(self, number, payload, end=False):
        """Sends bytes on a stream, and its end."""
        with self.lock:
            for at in range(0, len(payload) or 1, 65536):
                part = payload[at : at + 65536]
                last = FIN if end and at + 65536 >= len(payload) else 0
                self.sink.write(struct.pack(">II", number, last << 24 | len(part)) + part)
            self.sink.flush()

    def _headers(self, block):
        text = self.inflate.decompress(block)
        (count,), at, headers = struct.unpack_from(">I", text), 4, {}
        for _ in range(count):
            pair = []
            for _ in range(2):
                (length,) = struct.unpack_from(">I", text, at)
                pair.append(text[at + 4 : at + 4 + length].decode())
                at += 4 + length
            headers[pair[0]] = pair[1]
        return headers

    def _no_headers(self):
        return self.deflate.compress(struct.pack(">I", 0)) + self.deflate.flush(zlib.Z_SYNC_FLUSH)

    def _send(self, kind, body):
        with self.lock:
            self.sink.write(struct.pack(">II", 1 << 31 | 3 << 16 | kind, len(body)) + body)
            self.sink.flush()


def run(connection, command, wanted):
    """Serves one `exec`: `wanted` are the names of the streams the client opens; ends with the command."""
    streams, frames = {}, connection.frames()
    for what, number, value in frames:
        if what == "open":
            streams[value.get("streamtype")] = number
        if set(streams) >= wanted:
            break
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if "stdin" in wanted else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    pumps = [
        threading.Thread(target=_pump, args=(connection, streams.get(name), pipe))
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr))
    ]
    threading.Thread(target=_feed, args=(frames, streams.get("stdin"), process.stdin), daemon=True).start()
    for pump in pumps:
        pump.start()
    code = process.wait()
    for pump in pumps:
        pump.join()
    status = {"metadata": {}, "status": "Success"}
    if code:
        causes = [{"reason": "ExitCode", "message": str(code if code > 0 else 128 - code)}]
        message = f"command terminated with non-zero exit code: {code}"
        status = {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": message, "details": {"causes": causes}}
    if "error" in streams:
        connection.data(streams["error"], json.dumps(status).encode(), end=True)


def _pump(connection, number, pipe):
    while True:
        part = pipe.read1(65536)
        if number is not None and (part or True):
            try:
                connection.data(number, part, end=not part)
            except OSError:
                number = None
        if not part:
            return


def _feed(frames, number, pipe):
    """Goes on reading also where there is no standard input, because a ping wants its answer."""
    try:
        for what, stream, value in frames:
            if pipe and stream == number and what == "data":
                pipe.write(value)
                pipe.flush()
            elif pipe and stream == number and what == "end":
                pipe.close()
    except (OSError, ValueError):
        pass
