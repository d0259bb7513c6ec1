"""What the stand-ins of this world share: JSON over HTTP or HTTPS, and who they are."""

import base64
import http.client
import http.server
import json
import os
import ssl
import threading
import traceback

STAND_IN = (
    "This is a STAND-IN made for rehearsals, not Citrix's own program. It keeps real layers and a real "
    "database, and does to them what the document says that a migration does."
)
ADMINISTRATOR = "administrator:layers"


class Trouble(Exception):
    """An answer that is not 200, or none at all."""

    def __init__(self, text, status=400):
        super().__init__(text)
        self.status = status


def hazard(name):
    """Whether a hazard is switched on on this machine: `touch /etc/lab-hazards/NAME`."""
    return os.path.exists("/etc/lab-hazards/" + name)


def call(host, path, body=None, who=ADMINISTRATOR, timeout=10, port=443):
    """What an appliance answers; Trouble where it refuses or does not answer."""
    if port == 443:
        # Whose certificate it is, is asked by other means.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    headers = {"Authorization": "Basic " + base64.b64encode(who.encode()).decode()}
    try:
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
    except OSError as error:
        raise Trouble(f"{host} does not answer: {error}", 0)
    finally:
        connection.close()
    if answer.status >= 300:
        raise Trouble(data.decode(errors="replace").strip(), answer.status)
    return json.loads(data)


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to `self.server.answer(path, who, body)`; a body of None is a GET."""

    protocol_version = "HTTP/1.1"
    timeout = 20

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        who = base64.b64decode(token).decode(errors="replace") if kind == "Basic" else ""
        try:
            body = json.loads(text or b"{}") if self.command == "POST" else None
            status, data = 200, self.server.answer(self.path, who, body)
        except Trouble as trouble:
            status, data = trouble.status or 502, str(trouble)
        except Exception as error:  # one bad request must not end the service
            traceback.print_exc()
            status, data = 500, repr(error)
        answer = json.dumps(data).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        import socket
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address


def listen(port, answer, certificate=None):
    """Serves on all addresses in a thread of its own."""
    server = Server(("0.0.0.0", port), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.answer = answer
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
