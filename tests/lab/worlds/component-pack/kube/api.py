"""The HTTP side: as much of the Kubernetes API as kubectl and this lab's helm ask for."""

import base64
import http.server
import json
import re
import ssl
import time
import urllib.parse

import spdy
import tables
from store import KINDS, RESOURCES, Conflict, now

GROUPS = {"apps": ["deployments", "statefulsets"], "batch": ["jobs"]}
PATH = re.compile(
    r"/(?:api/v1|apis/(?P<group>apps|batch)/v1)(?:/namespaces/(?P<space>[^/]+))?"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>[a-z]+))?)?\Z"
)
# An OpenAPI document without a definition: kubectl then leaves validation to this server.
NO_OPENAPI = b"\x0a\x032.0\x12\x0a\x0a\x03lab\x12\x031.0"


class Answer(Exception):
    """A status other than 200."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.code, self.reason = code, reason


def make_server(address, store, kubelet, token, certificate, key, version):
    """A server for one cluster; `serve_forever` is the caller's to call."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self):
            # In the thread of the connection: a client that is slow to shake hands holds up nobody.
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self):
            try:
                super().handle()
            except OSError:
                pass

        def serve(self):
            url = urllib.parse.urlsplit(self.path)
            query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                if self.headers.get("Authorization") != f"Bearer {token}":
                    raise Answer(401, "Unauthorized", "Unauthorized")
                self.route(url.path, query, urllib.parse.parse_qs(url.query), body)
            except Answer as answer:
                self.status(answer.code, answer.reason, str(answer))
            except Conflict as conflict:
                reason = "AlreadyExists" if "exists" in str(conflict) else "Conflict"
                self.status(409, reason, str(conflict))
            except (KeyError, TypeError, ValueError) as error:
                self.status(400, "BadRequest", f"this stand-in could not read the request: {error!r}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def route(self, path, query, lists, body):
            if path == "/version":
                major, minor = version.split(".")[:2]
                return self.send({"major": major, "minor": minor, "gitVersion": f"v{version}", "platform": "linux/amd64"})
            if path in ("/healthz", "/livez", "/readyz"):
                return self.send_bytes(b"ok", "text/plain")
            if path == "/api":
                return self.send({"kind": "APIVersions", "versions": ["v1"]})
            if path == "/apis":
                groups = [group_of(name) for name in GROUPS]
                return self.send({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
            if path == "/api/v1":
                names = [name for name, (where, *_) in RESOURCES.items() if where == "v1"]
                return self.send(resource_list("v1", names))
            if path.startswith("/apis/") and path.removeprefix("/apis/").removesuffix("/v1") in GROUPS:
                group = path.split("/")[2]
                return self.send(resource_list(f"{group}/v1", GROUPS[group]) if path.endswith("/v1") else group_of(group))
            if path == "/openapi/v2":
                return self.send_bytes(NO_OPENAPI, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            found = PATH.match(path)
            if not found or found["resource"] not in RESOURCES:
                raise Answer(404, "NotFound", "the server could not find the requested resource")
            resource, space = found["resource"], found["space"] or ""
            if not RESOURCES[resource][2]:
                space = ""
            if found["name"]:
                return self.one(resource, space, found["name"], found["sub"], query, lists, body)
            return self.many(resource, space, query, body)

        def many(self, resource, space, query, body):
            if self.command == "POST":
                if "protobuf" in self.headers.get("Content-Type", ""):
                    raise Answer(415, "UnsupportedMediaType", "this stand-in reads JSON only: use `kubectl create -f`")
                value = json.loads(body)
                if RESOURCES[resource][2]:
                    value["metadata"]["namespace"] = space
                    if not store.get("namespaces", "", space):
                        raise Answer(404, "NotFound", f'namespaces "{space}" not found')
                if resource == "namespaces":
                    value["status"] = {"phase": "Active"}
                if "stringData" in value:
                    data = value.setdefault("data", {})
                    data |= {name: base64.b64encode(text.encode()).decode() for name, text in value.pop("stringData").items()}
                if resource == "statefulsets":
                    value["spec"].setdefault("updateStrategy", {"type": "RollingUpdate"})
                if query.get("dryRun"):
                    return self.send(value, 201)
                return self.send(store.create(resource, value), 201)
            labels, fields = selector(query.get("labelSelector")), selector(query.get("fieldSelector"))
            if self.command == "DELETE":
                for value in self.chosen(resource, space, labels, fields):
                    store.delete(resource, value["metadata"].get("namespace", ""), value["metadata"]["name"])
                return self.status(200, "", "")
            if query.get("watch") in ("true", "1"):
                return self.watch(resource, space, labels, fields, query)
            with store.changed:
                items, at = self.chosen(resource, space, labels, fields), store.version
            version, kind, _, _ = RESOURCES[resource]
            if "as=Table" in self.headers.get("Accept", ""):
                return self.send(tables.table(resource, items, str(at)))
            meta = {"resourceVersion": str(at)}
            return self.send({"apiVersion": version, "kind": kind + "List", "metadata": meta, "items": items})

        def chosen(self, resource, space, labels, fields):
            return [value for value in store.list(resource, space, labels) if has_fields(value, fields)]

        def one(self, resource, space, name, sub, query, lists, body):
            value = store.get(resource, space, name)
            if value is None:
                raise Answer(404, "NotFound", f'{resource} "{name}" not found')
            if sub == "log":
                return self.send_bytes(kubelet.log(space, name), "text/plain")
            if sub == "exec":
                return self.execute(value, lists)
            if sub == "scale":
                return self.scale(resource, value, body)
            if sub not in (None, "status"):
                raise Answer(404, "NotFound", f"this stand-in has no {resource}/{sub}")
            if self.command == "GET":
                if "as=Table" in self.headers.get("Accept", ""):
                    return self.send(tables.table(resource, [value], value["metadata"]["resourceVersion"]))
                return self.send(value)
            if self.command == "DELETE":
                return self.send(store.delete(resource, space, name))
            if self.command == "PUT":
                return self.send(store.replace(resource, json.loads(body)))
            patched = patch(value, json.loads(body), self.headers.get("Content-Type", ""))
            return self.send(store.replace(resource, patched, check=False))

        def scale(self, resource, value, body):
            meta = {name: value["metadata"].get(name) for name in ("name", "namespace", "uid", "resourceVersion")}
            if self.command != "GET":
                value["spec"]["replicas"] = json.loads(body)["spec"].get("replicas", 0)
                store.replace(resource, value, check=False)
            spec, status = {"replicas": value["spec"].get("replicas", 1)}, {"replicas": 0}
            self.send({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status})

        def watch(self, resource, space, labels, fields, query):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            end = float(query.get("timeoutSeconds") or 300)
            seen = int(query["resourceVersion"]) if query.get("resourceVersion") not in (None, "", "0") else None
            if seen is None:
                with store.changed:
                    seen = store.version
                    items = self.chosen(resource, space, labels, fields)
                for value in items:
                    self.tell("ADDED", value)
            stop = time.monotonic() + end
            while time.monotonic() < stop:
                with store.changed:
                    fresh = [event for event in store.events if event[0] > seen]
                    if not fresh:
                        store.changed.wait(1.0)
                        continue
                    seen = fresh[-1][0]
                for _, what, key, value in fresh:
                    if key[0] == resource and space in ("", key[1]) and has_fields(value, fields):
                        self.tell(what, value)
            self.wfile.write(b"0\r\n\r\n")

        def tell(self, what, value):
            line = json.dumps({"type": what, "object": value}).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()

        def execute(self, pod, lists):
            if self.headers.get("Upgrade", "").lower() != "spdy/3.1":
                raise Answer(400, "BadRequest", "this stand-in runs commands over SPDY/3.1 only")
            command = kubelet.entry(pod, lists.get("command", []))
            if command is None:
                raise Answer(400, "BadRequest", f'pod {pod["metadata"]["name"]} does not run')
            self.send_response(101)
            for name, value in (("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v4.channel.k8s.io")):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.flush()
            wanted = {name for name in ("stdin", "stdout", "stderr") if lists.get(name, [""])[-1] in ("true", "1")}
            spdy.run(spdy.Connection(self.rfile, self.wfile), command, wanted | {"error"})
            self.close_connection = True

        def status(self, code, reason, message):
            value = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "code": code}
            value |= {"status": "Failure" if code >= 400 else "Success", "reason": reason, "message": message}
            self.send(value, code)

        def send(self, value, code=200):
            self.send_bytes(json.dumps(value).encode(), "application/json", code)

        def send_bytes(self, data, kind, code=200):
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, form, *values):
            print(f"{now()} {form % values}", flush=True)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request, client_address):
            """A client that goes away before it has shaken hands is no news."""

    return Server(address, Handler)


def group_of(name):
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version}


def resource_list(version, names):
    verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    resources = []
    for name in names:
        _, kind, namespaced, short = RESOURCES[name]
        entry = {"name": name, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": verbs, "shortNames": short}
        resources.append(entry)
        if name in ("deployments", "statefulsets"):
            scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
            resources.append({"name": f"{name}/scale", "singularName": "", "namespaced": True, "verbs": ["get", "patch", "update"]} | scale)
        if name == "pods":
            for sub, kind in (("exec", "PodExecOptions"), ("log", "Pod")):
                resources.append({"name": f"pods/{sub}", "singularName": "", "namespaced": True, "kind": kind, "verbs": ["create", "get"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def selector(text):
    """`a=b,c=d` as a dict; other operators are refused rather than taken for something else."""
    wanted = {}
    for part in filter(None, (text or "").split(",")):
        name, equals, value = part.replace("==", "=").partition("=")
        if not equals or name.endswith("!"):
            raise Answer(400, "BadRequest", f"this stand-in knows selectors of the form a=b only, not {part}")
        wanted[name] = value
    return wanted


def has_fields(value, fields):
    for path, wanted in fields.items():
        at = value
        for part in path.split("."):
            at = at.get(part, "") if isinstance(at, dict) else ""
        if at != wanted:
            return False
    return True


def patch(value, change, kind):
    """A merge patch; a strategic one too, as far as maps go, with lists of named things merged by name."""
    if "json-patch" in kind:
        raise Answer(415, "UnsupportedMediaType", "this stand-in knows merge patches only")
    return merge(value, change, "strategic" in kind)


def merge(old, new, strategic):
    if isinstance(old, dict) and isinstance(new, dict):
        result = dict(old)
        for name, value in new.items():
            if value is None:
                result.pop(name, None)
            elif not name.startswith("$"):
                result[name] = merge(old.get(name), value, strategic)
        return result
    named = strategic and isinstance(old, list) and isinstance(new, list) and all(isinstance(v, dict) and "name" in v for v in old + new)
    if named:
        changes = {value["name"]: value for value in new}
        merged = [merge(value, changes.pop(value["name"], {}), strategic) for value in old]
        return merged + list(changes.values())
    return new


assert set(KINDS.values()) == set(RESOURCES)
