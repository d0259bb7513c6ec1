"""A stand-in for pachctl: as many of its commands as a migration needs, with its own files of contexts, talking to
the stand-ins of pachd and of Kubernetes. The first argument is the version to be.

Where it differs from the original it is in what it leaves out. A hazard is a file in /var/lib/pachctl-hazards:

  short-extract    the file's number of operations are extracted, and no more, and all is said to be well
  no-local-roles   --local-roles is passed over, as by a version that does not know it
"""

import base64
import http.client
import json
import os
import subprocess
import sys
import urllib.parse

VERSION = sys.argv[1]
CONFIG = os.environ.get("PACH_CONFIG") or os.path.expanduser("~/.pachyderm/config.json")
HAZARDS = "/var/lib/pachctl-hazards"
SUITE = {"suite": "pachyderm"}
RBAC = "rbac.authorization.k8s.io"
REMOVED = ["services", "deployments", "serviceaccounts", "secrets", "statefulsets", "clusterroles", "clusterrolebindings"]
GROUP = {"deployments": "/apis/apps/v1", "statefulsets": "/apis/apps/v1", "clusterroles": "/apis/rbac.authorization.k8s.io/v1",
         "clusterrolebindings": "/apis/rbac.authorization.k8s.io/v1"}
# What the secret of each cloud's object store has.
STORE = {"amazon": ["amazon-bucket", "amazon-region"], "google": ["google-bucket"],
         "microsoft": ["microsoft-container", "microsoft-id", "microsoft-secret"]}
PORTS = {
    "etcd": [("client-port", 2379, 32379)],
    "dash": [("dash-http", 8080, 30080), ("grpc-proxy-http", 8081, 30081)],
    "pachd": [("api-grpc-port", 650, 30650), ("trace-port", 651, 30651), ("api-http-port", 652, 30652),
              ("saml-port", 654, 30654), ("api-git-port", 999, 30655), ("s3gateway-port", 600, 30600)],
}


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(1)


# Contexts

def config():
    try:
        with open(CONFIG, encoding="utf-8") as file:
            return json.load(file)["v2"]
    except FileNotFoundError:
        return {"active_context": "", "contexts": {}}


def keep(v2):
    os.makedirs(os.path.dirname(CONFIG), exist_ok=True)
    with open(CONFIG + "~", "w", encoding="utf-8") as file:
        json.dump({"v2": v2}, file, indent=2)
    os.replace(CONFIG + "~", CONFIG)


def context(name=None):
    v2 = config()
    name = name or v2["active_context"]
    if name not in v2["contexts"]:
        fail(f"context does not exist: {name or 'no active context'}")
    return v2["contexts"][name]


def kube_config():
    words = ["kubectl", "config", "view", "--output=json", "--minify"]
    answer = subprocess.run(words, capture_output=True, text=True)
    if answer.returncode:
        fail(answer.stderr.strip() or "no current context of kubectl")
    return json.loads(answer.stdout)


def imported(namespace):
    here = kube_config()["contexts"][0]["context"]
    return {"source": "IMPORTED", "cluster_name": here["cluster"], "auth_info": here["user"], "namespace": namespace}


# Kubernetes, and pachd

def ask(host, port, verb, path, body=None):
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request(verb, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
    except OSError as error:
        fail(f"could not connect to {host}:{port}: {error}")
    return answer.status, json.loads(said or b"{}")


def kube(verb, what, namespace="", name="", body=None, query="", allow=()):
    server = urllib.parse.urlsplit(kube_config()["clusters"][0]["cluster"]["server"])
    way = GROUP.get(what, "/api/v1") + (f"/namespaces/{namespace}" if namespace else "") + f"/{what}"
    code, said = ask(server.hostname, server.port, verb, way + (f"/{name}" if name else "") + query, body)
    if code >= 300 and code not in allow:
        fail(f"Error from server ({said.get('reason')}): {said.get('message')}")
    return said


def call(method, **words):
    here = context()
    if here.get("pachd_address"):
        host, _, port = here["pachd_address"].partition(":")
    else:
        # In place of the original's forwarding of a port: the node's own.
        server = kube_config()["clusters"][0]["cluster"]["server"]
        service = kube("GET", "services", here["namespace"], "pachd")
        host, port = urllib.parse.urlsplit(server).hostname, service["spec"]["ports"][0]["nodePort"]
    code, said = ask(host, int(port), "POST", "/", {"method": method, **words})
    if code != 200:
        fail(said.get("error", f"pachd answers {code}"))
    return said


# Commands

def version(words):
    print(f"COMPONENT           VERSION\npachctl             {VERSION}")
    if "--client-only" not in words:
        print(f"pachd               {call('version')['version']}")


def listed(words):
    what, *rest = [word for word in words if word != "--raw"]
    found = call(f"list_{what}", **({"repo": rest[0].split("@")[0]} if rest else {}))
    for item in found:
        if "--raw" in words:
            print(json.dumps(item))
        else:
            inner = item[what]
            print(inner.get("name") or inner.get("id") or inner.get("path"), *(item.get(key, "") for key in ("state", "last_job_state")))


def configure(words):
    verb, what, *rest = words
    v2 = config()
    if (verb, what) == ("get", "active-context"):
        print(v2["active_context"])
    elif (verb, what) == ("set", "active-context"):
        context(rest[0])
        v2["active_context"] = rest[0]
        keep(v2)
    elif (verb, what) == ("get", "context"):
        print(json.dumps(context(rest[0]), indent=2))
    elif (verb, what) == ("list", "context"):
        print("\n".join(("* " if name == v2["active_context"] else "  ") + name for name in v2["contexts"]))
    elif (verb, what) == ("update", "context"):
        flags = flags_of(rest)
        names = [word for word in rest if not word.startswith("--")]
        changed = v2["contexts"][names[0] if names else v2["active_context"]]
        for key in ("pachd-address", "namespace"):
            if key in flags:
                changed[key.replace("-", "_")] = flags[key]
        keep(v2)
    elif verb == "import-kube":
        flags = flags_of(rest)
        if what in v2["contexts"] and "overwrite" not in flags:
            fail(f"context {what} exists already")
        v2["contexts"][what] = imported(flags.get("namespace") or "default")
        v2["active_context"] = what
        keep(v2)
    else:
        fail(f"unknown command config {verb} {what}")


def flags_of(words):
    return dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))


def deploy(words):
    cloud, *rest = words
    flags = flags_of(rest)
    places = [word for word in rest if not word.startswith("--")]
    if (cloud, len(places)) not in (("amazon", 3), ("google", 2), ("microsoft", 4)):
        fail(f"accepts other arguments than {len(places)} on {cloud}")
    *store, size = places
    namespace = flags.get("namespace") or "default"
    code = lambda text: base64.b64encode(text.encode()).decode()
    meta = lambda name, **more: {"name": name, "namespace": namespace, "labels": SUITE | {"app": name} | more}
    # Roles of the whole cluster go by one name: whoever deploys last has them.
    reach = "" if "local-roles" in flags and not os.path.exists(f"{HAZARDS}/no-local-roles") else "Cluster"
    named = (lambda name: {"name": name, "labels": SUITE}) if reach else meta
    made = [
        ("serviceaccounts", "v1", "ServiceAccount", {"metadata": meta("pachyderm")}),
        (f"{reach.lower()}roles", RBAC + "/v1", f"{reach}Role", {"metadata": named("pachyderm"), "rules": []}),
        (f"{reach.lower()}rolebindings", RBAC + "/v1", f"{reach}RoleBinding", {
            "metadata": named("pachyderm"), "roleRef": {"apiGroup": RBAC, "kind": f"{reach}Role", "name": "pachyderm"},
            "subjects": [{"kind": "ServiceAccount", "name": "pachyderm", "namespace": namespace}]}),
        ("secrets", "v1", "Secret", {"metadata": meta("pachyderm-storage-secret"), "data": {key: code(text) for key, text in zip(STORE[cloud], store)}}),
        ("statefulsets", "apps/v1", "StatefulSet", {"metadata": meta("etcd"), "spec": {"replicas": int(flags.get("dynamic-etcd-nodes", 1)), "size": size}}),
        ("deployments", "apps/v1", "Deployment", {"metadata": meta("pachd", version=VERSION), "spec": {"replicas": 1}}),
        ("deployments", "apps/v1", "Deployment", {"metadata": meta("dash"), "spec": {"replicas": 1}}),
    ] + [
        ("services", "v1", "Service", {"metadata": meta(name), "spec": {"type": "NodePort", "ports": [
            {"name": port, "port": inner, "nodePort": outer} for port, inner, outer in ports]}})
        for name, ports in PORTS.items()
    ]
    if "dry-run" in flags:
        for _, version_of, kind, body in made:
            print(json.dumps({"apiVersion": version_of, "kind": kind} | body, indent=2))
        return
    for what, _, _, body in made:
        place = "" if what.startswith("cluster") else namespace
        if what.startswith("cluster"):
            # The original applies its manifest: what is there already is changed.
            kube("DELETE", what, place, body["metadata"]["name"], allow=(404,))
        kube("POST", what, place, body=body)
    v2 = config()
    name = flags.get("context") or f"{imported(namespace)['cluster_name']}-{namespace}"
    v2["contexts"][name] = imported(namespace)
    v2["active_context"] = name
    keep(v2)
    print("Pachyderm is launching. Check its status with \"kubectl get all\"")


def undeploy(_):
    print("Are you sure you want to do this? (yN): ", end="", flush=True)
    if sys.stdin.readline().strip().lower() != "y":
        return
    namespace = context()["namespace"]
    for what in REMOVED:
        place = "" if what.startswith("cluster") else namespace
        for item in kube("GET", what, place, query="?labelSelector=suite=pachyderm")["items"]:
            kube("DELETE", what, place, item["metadata"]["name"])
            print(f"{what} \"{item['metadata']['name']}\" deleted")


def delete_all():
    print("Are you sure you want to delete all repos, commits, files, pipelines and jobs? (yN): ", end="", flush=True)
    if sys.stdin.readline().strip().lower() == "y":
        call("delete_all")


def extract(words):
    ops = call("extract", objects="--no-objects" not in words)
    try:
        with open(os.path.join(HAZARDS, "short-extract"), encoding="utf-8") as file:
            ops = ops[:int(file.read())]
    except FileNotFoundError:
        pass
    text = "".join(json.dumps(op) + "\n" for op in ops)
    bucket(words, "PUT", text) if url(words) else sys.stdout.write(text)


def restore(words):
    text = bucket(words, "GET") if url(words) else sys.stdin.read()
    call("restore", ops=[json.loads(line) for line in text.splitlines()])


def url(words):
    return words[words.index("--url") + 1] if "--url" in words else ""


def bucket(words, verb, text=None):
    name, _, key = url(words).removeprefix("s3://").partition("/")
    connection = http.client.HTTPConnection("s3.lab", 80, timeout=20)
    connection.request(verb, f"/{name}/{key}", text.encode() if text else None)
    answer = connection.getresponse()
    said = answer.read().decode()
    if answer.status != 200:
        fail(f"{verb} {url(words)}: {answer.status}")
    return said


def main(words):
    match words:
        case ["version", *rest]:
            version(rest)
        case ["config", *rest]:
            configure(rest)
        case ["list", *rest]:
            listed(rest)
        case ["create", "repo", name]:
            call("create_repo", name=name)
        # The original takes a file with a specification.
        case ["create", "pipeline", name, source]:
            call("create_pipeline", name=name, source=source, running=True)
        case [("start" | "stop") as verb, "pipeline", name]:
            call(f"{verb}_pipeline", name=name)
        case ["put", "file", place]:
            repo, _, path = place.partition("@master:")
            call("put_file", repo=repo, path=path.strip("/"), content=sys.stdin.read())
        case ["get", "file", place]:
            repo, _, path = place.partition("@master:")
            sys.stdout.write(call("get_file", repo=repo, path=path.strip("/"))["content"])
        case ["extract", *rest]:
            extract(rest)
        case ["restore", *rest]:
            restore(rest)
        case ["delete", "all"]:
            delete_all()
        case ["deploy", *rest]:
            deploy(rest)
        case ["undeploy", *rest]:
            undeploy(rest)
        case _:
            fail(f"unknown command \"{' '.join(words)}\" for \"pachctl\" (this is a stand-in)")


main(sys.argv[2:])
