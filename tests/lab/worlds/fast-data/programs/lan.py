"""What the stand-ins of this world share: JSON over HTTP, hazards, and a URL of MongoDB taken apart."""

import http.client
import http.server
import json
import os
import re
import signal
import socket
import sys
import threading
import traceback
import urllib.parse

STAND_IN = (
    "This is a STAND-IN made for rehearsals: it takes the command line of the program it stands for, keeps "
    "real state, and speaks a small protocol of its own."
)


class Trouble(Exception):
    """An answer that is not 200, or none at all."""

    def __init__(self, text, status=400):
        super().__init__(text)
        self.status = status


def hazard(name):
    """Whether a hazard is switched on on this machine: `touch /etc/lab-hazards/NAME`."""
    return os.path.exists("/etc/lab-hazards/" + name)


def call(address, path, body=None, timeout=5, method="POST"):
    """What the server at `host:port` answers to a JSON body; Trouble where it refuses or does not answer."""
    host, _, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
    except OSError as error:
        raise Trouble(f"{address} does not answer: {error}", 0)
    finally:
        connection.close()
    if answer.status >= 300:
        raise Trouble(data.decode(errors="replace").strip(), answer.status)
    return json.loads(data)


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to `self.server.answer(method, path, query, body)`, which gives a JSON value."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urllib.parse.urlsplit(self.path)
        try:
            value = json.loads(body or b"null")
            status, data = 200, self.server.answer(self.command, parts.path, parts.query, value)
        except Trouble as trouble:
            status, data = trouble.status or 502, {"error": str(trouble)}
            if getattr(self.server, "refuse", None):
                data = self.server.refuse(trouble)
        except Exception as error:  # one bad request must not end the service
            traceback.print_exc()
            status, data = 500, {"error": repr(error)}
        if isinstance(data, tuple):
            status, data = data
        text = json.dumps(data).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Two pods of one service take turns on one port while one replaces the other.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address


def listen(port, answer, refuse=None):
    """Serves on all addresses in a thread of its own."""
    server = Server(("0.0.0.0", port), Handler)
    server.answer, server.refuse = answer, refuse
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def until_term():
    """Waits for SIGTERM or SIGINT."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended


class Mongo:
    """A connection string, `mongodb://user:password@host:port/database`, and what can be asked by it."""

    def __init__(self, url):
        found = re.fullmatch(r"mongodb://(?:([^:@/]*):([^@/]*)@)?([^/?]+)/?([^?]*)(?:\?.*)?", url)
        if not found:
            raise Trouble(f"invalid connection string: {url}")
        self.user, self.password, self.address, self.db = found.groups()

    def ask(self, verb, **words):
        words.update(user=self.user, password=self.password, db=self.db or "test")
        return call(self.address, "/" + verb, words)


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)
