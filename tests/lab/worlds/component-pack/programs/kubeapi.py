"""A client of the stand-in cluster, for the programs that are not kubectl."""

import json
import os
import ssl
import urllib.error
import urllib.request

PLACES = {
    "Namespace": ("api/v1", "namespaces", False),
    "PersistentVolume": ("api/v1", "persistentvolumes", False),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims", True),
    "Secret": ("api/v1", "secrets", True),
    "ConfigMap": ("api/v1", "configmaps", True),
    "Service": ("api/v1", "services", True),
    "Deployment": ("apis/apps/v1", "deployments", True),
    "StatefulSet": ("apis/apps/v1", "statefulsets", True),
    "Job": ("apis/batch/v1", "jobs", True),
}


class Refused(Exception):
    """The cluster, or the tool, says no."""


class Api:
    """One cluster, by a kubeconfig and a context of it, or by its address and a token."""

    def __init__(self, kubeconfig=None, context=None, server=None, token=None):
        self.namespace = "default"
        if server is None:
            import yaml

            path = kubeconfig or os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
            with open(path, encoding="utf-8") as file:
                config = yaml.safe_load(file)
            name = context or config["current-context"]
            chosen = named(config["contexts"], name)["context"]
            self.namespace = chosen.get("namespace", "default")
            server = named(config["clusters"], chosen["cluster"])["cluster"]["server"]
            token = named(config["users"], chosen["user"])["user"]["token"]
        self.server, self.token = server, token

    def call(self, method, path, value=None):
        request = urllib.request.Request(f"{self.server}/{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        data = None if value is None else json.dumps(value).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=20, context=ssl.create_default_context()) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise Refused(json.load(error)["message"]) from error
        except urllib.error.URLError as error:
            raise Refused(f"Kubernetes cluster unreachable: {error.reason}") from error

    def list(self, resource, namespace):
        space = f"namespaces/{namespace}/" if namespace else ""
        return (self.call("GET", f"api/v1/{space}{resource}") or {"items": []})["items"]

    def path(self, kind, namespace):
        top, resource, namespaced = PLACES[kind]
        return f"{top}/namespaces/{namespace}/{resource}" if namespaced else f"{top}/{resource}"

    def get(self, value, namespace):
        return self.call("GET", f"{self.path(value['kind'], namespace)}/{value['metadata']['name']}") or value

    def put(self, value, namespace, may_exist=False):
        path, name = self.path(value["kind"], namespace), value["metadata"]["name"]
        if may_exist and (old := self.call("GET", f"{path}/{name}")):
            value["metadata"] = old["metadata"] | value["metadata"]
            if "status" in old:
                value["status"] = old["status"]
            self.call("PUT", f"{path}/{name}", value)
        elif self.call("POST", path, value) is None:
            raise Refused(f'namespaces "{namespace}" not found')

    def delete(self, kind, name, namespace):
        self.call("DELETE", f"{self.path(kind, namespace)}/{name}")


def named(entries, name):
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise Refused(f'context "{name}" does not exist')
