"""A small JSON web server: a table of routes, served on any number of addresses until SIGTERM."""

import http.server
import json
import os
import re
import signal
import socket
import sys
import threading
import traceback


class Refusal(Exception):
    """An answer that is not 200, with the id and message the client gets to read."""

    def __init__(self, status, name, message):
        super().__init__(message)
        self.status, self.name = status, name


class Bytes:
    """A body that is not JSON."""

    def __init__(self, data, kind="application/octet-stream"):
        self.data, self.kind = data, kind


class Request:
    """What a route gets to see."""

    def __init__(self, handler, groups, body):
        path, _, query = handler.path.partition("?")
        self.path, self.query, self.groups = path, query, groups
        self.headers, self.body = handler.headers, body

    def json(self):
        try:
            return json.loads(self.body or b"null")
        except ValueError as error:
            raise Refusal(400, "invalid-request-structure", f"the body is not JSON: {error}")


def serve(routes, addresses, headers=None):
    """Serves `routes`, a list of (method, pattern, function), on `addresses`; returns after SIGTERM."""
    table = [(method, re.compile(pattern + r"\Z"), function) for method, pattern, function in routes]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A small answer in two segments would otherwise wait for the client's delayed ACK.
        disable_nagle_algorithm = True

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            status, data, kind = respond(self, table, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, form, *values):
            print(f"{self.log_date_time_string()} {form % values}", flush=True)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def server_bind(self):
            # HTTPServer's own would look up the name of the address.
            socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_name, self.server_port = self.server_address

    ended = threading.Event()
    # As process 1 of a container, a program without handlers ignores both.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    for address in addresses:
        threading.Thread(target=Server(address, Handler).serve_forever, daemon=True).start()
        print(f"listening on {address[0]}:{address[1]}", flush=True)
    ended.wait()
    print("stopped", flush=True)
    sys.stdout.flush()
    os._exit(0)


def respond(handler, table, body):
    """The status, body and content type for one request."""
    path = handler.path.partition("?")[0]
    method = "GET" if handler.command == "HEAD" else handler.command
    try:
        for wanted, pattern, function in table:
            found = pattern.match(path)
            if found and wanted == method:
                answer = function(Request(handler, found.groups(), body))
                if isinstance(answer, Bytes):
                    return 200, answer.data, answer.kind
                return 200, encode(answer), "application/json"
        raise Refusal(404, "unknown-resource", f"nothing is at {method} {path}")
    except Refusal as refusal:
        return refusal.status, encode({"error": {"id": refusal.name, "message": str(refusal)}}), "application/json"
    except Exception as error:  # the last line of defence: one bad request must not end the service
        traceback.print_exc()
        return 500, encode({"error": {"id": "unexpected-error", "message": str(error)}}), "application/json"


def encode(value):
    """Sorted keys, so that the same data gives the same bytes on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
