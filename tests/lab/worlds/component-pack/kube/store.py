"""The objects of a cluster, a file each, and who watches them."""

import copy
import datetime
import json
import os
import threading
import uuid

# resource: (group and version, kind, is it in a namespace, short names)
RESOURCES = {
    "namespaces": ("v1", "Namespace", False, ["ns"]),
    "nodes": ("v1", "Node", False, ["no"]),
    "persistentvolumes": ("v1", "PersistentVolume", False, ["pv"]),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaim", True, ["pvc"]),
    "secrets": ("v1", "Secret", True, []),
    "configmaps": ("v1", "ConfigMap", True, ["cm"]),
    "services": ("v1", "Service", True, ["svc"]),
    "pods": ("v1", "Pod", True, ["po"]),
    "deployments": ("apps/v1", "Deployment", True, ["deploy"]),
    "statefulsets": ("apps/v1", "StatefulSet", True, ["sts"]),
    "jobs": ("batch/v1", "Job", True, []),
}
KINDS = {kind: resource for resource, (_, kind, _, _) in RESOURCES.items()}


class Conflict(Exception):
    """There is one of that name, or it was changed meanwhile."""


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """Objects by (resource, namespace, name). Every change is on disk before it is told."""

    def __init__(self, folder):
        self.folder = folder
        self.changed = threading.Condition(threading.RLock())
        self.objects, self.events, self.version = {}, [], 0
        for top, _, files in os.walk(folder):
            for file in files:
                if file.endswith(".json"):
                    with open(os.path.join(top, file), encoding="utf-8") as text:
                        value = json.load(text)
                    meta = value["metadata"]
                    key = (KINDS[value["kind"]], meta.get("namespace", ""), meta["name"])
                    self.objects[key] = value
                    self.version = max(self.version, int(meta["resourceVersion"]))

    def get(self, resource, namespace, name):
        with self.changed:
            return copy.deepcopy(self.objects.get((resource, namespace, name)))

    def list(self, resource, namespace="", labels=None):
        """All of a resource, in one namespace or in all of them, with all of these labels."""
        with self.changed:
            found = [
                value
                for (kind, space, _), value in sorted(self.objects.items())
                if kind == resource and (not namespace or space == namespace)
            ]
            return copy.deepcopy([value for value in found if has_labels(value, labels)])

    def create(self, resource, value):
        meta = value.setdefault("metadata", {})
        key = (resource, meta.get("namespace", ""), meta["name"])
        with self.changed:
            if key in self.objects:
                raise Conflict(f'{resource} "{meta["name"]}" already exists')
            version, kind, _, _ = RESOURCES[resource]
            value["apiVersion"], value["kind"] = version, kind
            meta["uid"], meta["creationTimestamp"], meta["generation"] = str(uuid.uuid4()), now(), 1
            return self._put("ADDED", key, value)

    def replace(self, resource, value, check=True):
        """Puts an object in the place of the one of its name; None where there is none."""
        meta = value["metadata"]
        key = (resource, meta.get("namespace", ""), meta["name"])
        with self.changed:
            old = self.objects.get(key)
            if old is None:
                return None
            if check and meta.get("resourceVersion", old["metadata"]["resourceVersion"]) != old["metadata"]["resourceVersion"]:
                raise Conflict("the object has been modified; please apply your changes to the latest version")
            for name in ("uid", "creationTimestamp"):
                meta[name] = old["metadata"][name]
            more = value.get("spec") != old.get("spec")
            meta["generation"] = old["metadata"].get("generation", 1) + more
            value["apiVersion"], value["kind"] = old["apiVersion"], old["kind"]
            if strip(value) == strip(old):
                return copy.deepcopy(old)
            return self._put("MODIFIED", key, value)

    def delete(self, resource, namespace, name):
        with self.changed:
            key = (resource, namespace, name)
            old = self.objects.pop(key, None)
            if old is None:
                return None
            os.remove(self._path(key))
            self.version += 1
            self.events.append((self.version, "DELETED", key, copy.deepcopy(old)))
            self.changed.notify_all()
            return old

    def _path(self, key):
        return os.path.join(self.folder, key[0], key[1] or "-", key[2] + ".json")

    def _put(self, what, key, value):
        self.version += 1
        value = copy.deepcopy(value)
        value["metadata"]["resourceVersion"] = str(self.version)
        path = self._path(key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(path + ".new", path)
        self.objects[key] = value
        self.events.append((self.version, what, key, copy.deepcopy(value)))
        self.changed.notify_all()
        return copy.deepcopy(value)


def strip(value):
    value = copy.deepcopy(value)
    value["metadata"].pop("resourceVersion", None)
    return value


def has_labels(value, labels):
    own = value["metadata"].get("labels") or {}
    return all(own.get(name) == wanted for name, wanted in (labels or {}).items())
