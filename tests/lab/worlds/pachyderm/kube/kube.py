"""A stand-in for a Kubernetes cluster: as much of its API as real `kubectl` and a migration need, over HTTP,
without logins; and, in place of nodes and containers, one server for each node port, which answers as pachd.

Objects are kept in /var/lib/kube/objects.json. A hazard is a file in /var/lib/kube-hazards:

  pending      pods in the namespace that is in the file never become ready
  slow-pods    pods take as many seconds as are in the file
"""

import copy
import http.server
import json
import os
import re
import socketserver
import sys
import threading
import time
import urllib.parse

import pachd

STATE, HAZARDS = "/var/lib/kube", "/var/lib/kube-hazards"

# name: (group and version, kind, whether it lies in a namespace, other names of it)
RESOURCES = {
    "namespaces": ("v1", "Namespace", False, ["ns"]),
    "nodes": ("v1", "Node", False, ["no"]),
    "services": ("v1", "Service", True, ["svc"]),
    "secrets": ("v1", "Secret", True, []),
    "serviceaccounts": ("v1", "ServiceAccount", True, ["sa"]),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaim", True, ["pvc"]),
    "pods": ("v1", "Pod", True, ["po"]),
    "deployments": ("apps/v1", "Deployment", True, ["deploy"]),
    "statefulsets": ("apps/v1", "StatefulSet", True, ["sts"]),
    "roles": ("rbac.authorization.k8s.io/v1", "Role", True, []),
    "rolebindings": ("rbac.authorization.k8s.io/v1", "RoleBinding", True, []),
    "clusterroles": ("rbac.authorization.k8s.io/v1", "ClusterRole", False, []),
    "clusterrolebindings": ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", False, []),
}
PATH = re.compile(r"/(?:api|apis/[^/]+)/v1(?:/namespaces/(?P<ns>[^/]+)(?=/))?/(?P<what>[a-z]+)(?:/(?P<name>[^/]+))?")
# An empty description of all types, so that kubectl has something to read: swagger "2.0", info (title, version).
OPENAPI = b"\x0a\x032.0\x12\x0e\x0a\x08stand-in\x12\x021."


class Refused(Exception):
    def __init__(self, code, reason, message):
        super().__init__(message)
        self.status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                       "code": code, "reason": reason, "message": message}


class Cluster:
    """The objects, and the ports that follow from them."""

    def __init__(self):
        self.lock = threading.RLock()
        self.path = os.path.join(STATE, "objects.json")
        self.objects, self.version, self.ports = {}, 1, {}
        try:
            with open(self.path, encoding="utf-8") as file:
                self.objects = {tuple(key.split("|")): value for key, value in json.load(file)}
        except FileNotFoundError:
            for name in ("default", "kube-system"):
                self.create("namespaces", "", {"metadata": {"name": name}})
            self.create("nodes", "", {"metadata": {"name": "node-1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}})

    def changed(self):
        with open(self.path + "~", "w", encoding="utf-8") as file:
            json.dump([["|".join(key), value] for key, value in self.objects.items()], file)
        os.replace(self.path + "~", self.path)
        self.open_ports()

    # The API

    def create(self, what, namespace, given):
        version, kind, namespaced, _ = RESOURCES[what]
        name = given["metadata"]["name"]
        with self.lock:
            if namespaced and ("namespaces", "", namespace) not in self.objects:
                raise Refused(404, "NotFound", f'namespaces "{namespace}" not found')
            if (what, namespace, name) in self.objects:
                raise Refused(409, "AlreadyExists", f'{what} "{name}" already exists')
            made = copy.deepcopy(given) | {"apiVersion": version, "kind": kind}
            meta = made["metadata"]
            meta.pop("resourceVersion", None)
            if namespaced:
                meta["namespace"] = namespace
            if what == "namespaces":
                made["status"] = {"phase": "Active"}
            self.number(meta)
            meta["creationTimestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            meta["uid"] = f"30650000-0000-4000-8000-{self.version:012}"
            self.take_ports(what, namespace, name, made)
            self.objects[what, namespace, name] = made
            self.changed()
            return made

    def number(self, meta):
        self.version += 1
        meta["resourceVersion"] = str(self.version)

    def take_ports(self, what, namespace, name, made):
        """Gives node ports to the ports of a service that have none, and refuses those that are taken."""
        spec = made.get("spec", {})
        if what != "services" or spec.get("type") != "NodePort":
            return
        taken = {
            port.get("nodePort"): key
            for key, other in self.objects.items()
            if key[0] == "services" and key != (what, namespace, name)
            for port in other["spec"].get("ports", [])
        }
        free = iter(range(31000, 32000))
        for place, port in enumerate(spec.get("ports", [])):
            wanted = port.get("nodePort")
            if wanted in taken and wanted is not None:
                raise Refused(422, "Invalid", f'Service "{name}" is invalid: spec.ports[{place}].nodePort: Invalid value: {wanted}: provided port is already allocated')
            while port.get("nodePort") is None:
                number = next(free)
                if number not in taken:
                    port["nodePort"], taken[number] = number, None

    def get(self, what, namespace, name):
        with self.lock:
            if what == "pods":
                found = [pod for pod in self.pods(namespace) if pod["metadata"]["name"] == name]
                found = found[0] if found else None
            else:
                found = self.objects.get((what, namespace, name))
            if found is None:
                raise Refused(404, "NotFound", f'{what} "{name}" not found')
            return found

    def list(self, what, namespace, labels, fields):
        with self.lock:
            if what == "pods":
                found = self.pods(namespace)
            else:
                found = [o for (w, ns, _), o in sorted(self.objects.items()) if w == what and namespace in ("", ns)]
        wanted = dict(part.split("=")[::len(part.split("=")) - 1] for part in labels.split(",") if part)
        has = lambda o: all(o["metadata"].get("labels", {}).get(k) == v for k, v in wanted.items())
        named = re.search(r"metadata\.name=([^,]+)", fields)
        return [o for o in found if has(o) and (not named or o["metadata"]["name"] == named[1])]

    def patch(self, what, namespace, name, body, kind):
        with self.lock:
            made = copy.deepcopy(self.get(what, namespace, name))
            if "json-patch" in kind:
                for op in body:
                    apply_operation(made, op)
            else:
                merge(made, body)
            self.take_ports(what, namespace, name, made)
            self.number(made["metadata"])
            self.objects[what, namespace, name] = made
            self.changed()
            return made

    def delete(self, what, namespace, name):
        with self.lock:
            self.get(what, namespace, name)
            del self.objects[what, namespace, name]
            if what == "namespaces":
                self.objects = {key: value for key, value in self.objects.items() if key[1] != name}
            self.changed()
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

    # In place of nodes and containers

    def pods(self, namespace):
        found = []
        for (what, ns, name), owner in sorted(self.objects.items()):
            if what not in ("deployments", "statefulsets") or namespace not in ("", ns):
                continue
            ready = self.is_ready(ns, owner)
            found.append({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": f"{name}-0", "namespace": ns, "labels": owner["metadata"].get("labels", {}),
                             "creationTimestamp": owner["metadata"]["creationTimestamp"], "uid": f"pod-{ns}-{name}"},
                "spec": {"containers": [{"name": name, "image": "stand-in"}]},
                "status": {"phase": "Running" if ready else "Pending",
                           "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                           "containerStatuses": [{"name": name, "ready": ready, "restartCount": 0, "image": "stand-in", "imageID": "", "state": {"running": {}} if ready else {"waiting": {"reason": "ContainerCreating"}}}]},
            })
        return found

    def is_ready(self, namespace, owner):
        if hazard("pending") == namespace:
            return False
        born = time.mktime(time.strptime(owner["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        return time.time() - born >= float(hazard("slow-pods") or 1)

    def open_ports(self):
        """Makes what listens follow from the services, as a node does."""
        wanted = {}
        for (what, ns, name), service in self.objects.items():
            if what == "services" and service["spec"].get("type") == "NodePort":
                for port in service["spec"]["ports"]:
                    wanted[port["nodePort"]] = (ns, name, port.get("name", ""))
        for number, (meant, server) in list(self.ports.items()):
            if wanted.get(number) != meant:
                server.shutdown()
                server.server_close()
                del self.ports[number]
        for number, meant in wanted.items():
            if number not in self.ports:
                server = Server(("0.0.0.0", number), node_port(self, *meant))
                threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
                self.ports[number] = (meant, server)

    def pachd(self, namespace):
        """The pachd of a namespace; refuses where none runs there."""
        with self.lock:
            deployment = self.objects.get(("deployments", namespace, "pachd"))
            secret = self.objects.get(("secrets", namespace, "pachyderm-storage-secret"))
            if not deployment or not secret or not self.is_ready(namespace, deployment):
                raise ConnectionError("no pachd is ready here")
            may_run = ("roles", namespace, "pachyderm") in self.objects
            if ("clusterroles", "", "pachyderm") in self.objects:
                bound = self.objects.get(("clusterrolebindings", "", "pachyderm"), {})
                may_run = may_run or any(who["namespace"] == namespace for who in bound.get("subjects", []))
        return pachd.Pachd(os.path.join(STATE, f"pachd-{namespace}.json"), deployment, secret, may_run)


def hazard(name):
    try:
        with open(os.path.join(HAZARDS, name), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def apply_operation(made, op):
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in op["path"].split("/")[1:]]
    at = made
    try:
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        last = int(last) if isinstance(at, list) and last != "-" else last
        if op["op"] == "test":
            if at[last] != op["value"]:
                raise Refused(422, "Invalid", f"the test of {op['path']} does not hold")
        elif op["op"] == "remove":
            del at[last]
        elif isinstance(at, list) and op["op"] == "add":
            at.insert(len(at) if last == "-" else last, op["value"])
        else:
            at[last] = op["value"]
    except (KeyError, IndexError) as error:
        raise Refused(422, "Invalid", f"{op['path']} is not there") from error


def merge(made, body):
    for key, value in body.items():
        if isinstance(value, dict) and isinstance(made.get(key), dict):
            merge(made[key], value)
        elif value is None:
            made.pop(key, None)
        else:
            made[key] = value


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        print(self.command, self.path, *words[1:], flush=True)

    def answer(self, code, body, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


def node_port(cluster, namespace, service, port):
    class NodePort(Quiet):
        def do_POST(self):
            body = self.body()
            if (service, port) != ("pachd", "api-grpc-port"):
                return self.answer(404, {"error": f"this is the port {port} of {service}"})
            try:
                asked = json.loads(body)
                answer = cluster.pachd(namespace).call(asked)
            except ConnectionError as error:
                return self.answer(503, {"error": str(error)})
            except pachd.Refusal as error:
                return self.answer(400, {"error": str(error)})
            return self.answer(200, answer)
    return NodePort


def api(cluster):
    class Api(Quiet):
        def handle_one(self):
            try:
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                self.answer(*self.route(url.path, query))
            except Refused as refused:
                self.answer(refused.status["code"], refused.status)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

        def route(self, path, query):
            body = self.body()
            if path == "/openapi/v2":
                return 200, OPENAPI, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
            found = discovery(path)
            if found:
                return 200, found
            match = PATH.fullmatch(path)
            if not match or match["what"] not in RESOURCES:
                raise Refused(404, "NotFound", "the server could not find the requested resource")
            what, name = match["what"], match["name"]
            version, kind, namespaced, _ = RESOURCES[what]
            namespace = (match["ns"] or "") if namespaced else ""
            if self.command == "POST":
                if body.startswith(b"k8s\0") and what != "namespaces":
                    raise Refused(415, "UnsupportedMediaType", "the stand-in reads JSON")
                given = {"metadata": {"name": name_in(body)}} if body.startswith(b"k8s\0") else json.loads(body)
                return 201, cluster.create(what, namespace, given)
            if self.command == "PATCH":
                return 200, cluster.patch(what, namespace, name, json.loads(body), self.headers["Content-Type"])
            if self.command == "DELETE":
                return 200, cluster.delete(what, namespace, name)
            if name:
                return 200, cluster.get(what, namespace, name)
            if query.get("watch") in ("1", "true"):
                return 200, b""
            items = cluster.list(what, namespace, query.get("labelSelector", ""), query.get("fieldSelector", ""))
            return 200, {"kind": kind + "List", "apiVersion": version, "metadata": {"resourceVersion": str(cluster.version)}, "items": items}
    return Api


def name_in(body):
    """The name of an object that newer kubectls write as protobuf: field 2 is the object, its 1 the metadata, its 1 the name."""
    body = body[4:]
    for wanted in (2, 1, 1):
        at = 0
        while True:
            field, length, at = body[at] >> 3, body[at + 1], at + 2
            if length > 127:
                length, at = (length & 127) + (body[at] << 7), at + 1
            if field == wanted:
                break
            at += length
        body = body[at:at + length]
    return body.decode()


def discovery(path):
    if path == "/version":
        return {"major": "1", "minor": "20", "gitVersion": "v1.20.2", "gitCommit": "stand-in", "platform": "linux/amd64"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    groups = {version for version, *_ in RESOURCES.values() if "/" in version}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
            {"name": g.split("/")[0], "versions": [{"groupVersion": g, "version": "v1"}], "preferredVersion": {"groupVersion": g, "version": "v1"}}
            for g in sorted(groups)]}
    asked = {"/api/v1": "v1"}.get(path) or path.removeprefix("/apis/")
    if asked in groups | {"v1"}:
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": asked, "resources": [
            {"name": name, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "shortNames": short,
             "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"]}
            for name, (version, kind, namespaced, short) in RESOURCES.items() if version == asked]}
    return None


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


if __name__ == "__main__":
    os.makedirs(STATE, exist_ok=True)
    os.makedirs(HAZARDS, exist_ok=True)
    sys.stderr = sys.stdout
    Server(("0.0.0.0", 8080), api(Cluster())).serve_forever()
