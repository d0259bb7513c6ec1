"""What goes on in a cluster by itself: workloads make pods, claims are bound, and ports of the node lead to pods."""

import copy
import hashlib
import json
import os
import shutil
import socket
import threading

from kubelet import NFS, address_of


class Controllers:
    def __init__(self, store):
        self.store, self.ports = store, {}

    def sync(self):
        self.namespaces()
        self.volumes()
        self.workloads()
        self.jobs()
        self.node_ports()

    def namespaces(self):
        """What is in a namespace goes with it."""
        there = {space["metadata"]["name"] for space in self.store.list("namespaces")}
        with self.store.changed:
            orphans = [key for key in self.store.objects if key[1] and key[1] not in there]
        for key in orphans:
            self.store.delete(*key)

    def volumes(self):
        claims = {(c["metadata"]["namespace"], c["metadata"]["name"]): c for c in self.store.list("persistentvolumeclaims")}
        volumes = self.store.list("persistentvolumes")
        for volume in volumes:
            reference = volume["spec"].get("claimRef")
            if reference and (reference["namespace"], reference["name"]) not in claims and volume["status"]["phase"] != "Released":
                self.release(volume)
            elif not volume.get("status"):
                volume["status"] = {"phase": "Available"}
                self.store.replace("persistentvolumes", volume, check=False)
        for claim in claims.values():
            if claim.get("status", {}).get("phase") == "Bound":
                continue
            for volume in self.store.list("persistentvolumes"):
                if fits(volume, claim):
                    bind(self.store, volume, claim)
                    break
            else:
                if not claim.get("status"):
                    claim["status"] = {"phase": "Pending"}
                    self.store.replace("persistentvolumeclaims", claim, check=False)

    def release(self, volume):
        """Without its claim: `Retain` keeps the files and the volume, anything else removes the files."""
        policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Retain")
        volume["status"] = {"phase": "Released"}
        self.store.replace("persistentvolumes", volume, check=False)
        if policy != "Retain":
            nfs = volume["spec"]["nfs"]
            folder = os.path.join(NFS, nfs["server"], "files") + nfs["path"]
            for name in os.listdir(folder) if os.path.isdir(folder) else []:
                path = os.path.join(folder, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def workloads(self):
        for resource in ("deployments", "statefulsets"):
            for owner in self.store.list(resource):
                self.workload(resource, owner)
        owners = {owner["metadata"]["uid"] for resource in ("deployments", "statefulsets", "jobs") for owner in self.store.list(resource)}
        for pod in self.store.list("pods"):
            references = pod["metadata"].get("ownerReferences", [])
            if references and references[0]["uid"] not in owners:
                self.store.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def workload(self, resource, owner):
        meta, spec = owner["metadata"], owner["spec"]
        digest = hashlib.sha256(json.dumps(spec["template"], sort_keys=True).encode()).hexdigest()[:10]
        pods = [pod for pod in self.store.list("pods", meta["namespace"]) if owned(pod, meta["uid"])]
        current = [pod for pod in pods if pod["metadata"]["labels"]["pod-template-hash"] == digest]
        for pod in pods:
            if pod not in current:
                self.store.delete("pods", meta["namespace"], pod["metadata"]["name"])
        wanted = spec.get("replicas", 1)
        for pod in current[wanted:]:
            self.store.delete("pods", meta["namespace"], pod["metadata"]["name"])
        names = {pod["metadata"]["name"] for pod in current}
        for index in range(wanted):
            suffix = str(index) if resource == "statefulsets" else f"{digest}-{index}"
            if f"{meta['name']}-{suffix}" not in names:
                self.make_pod(owner, f"{meta['name']}-{suffix}", {"pod-template-hash": digest})
        ready = sum(is_ready(pod) for pod in current[:wanted])
        count = min(len(current), wanted)
        status = {"observedGeneration": meta["generation"], "replicas": count, "readyReplicas": ready, "updatedReplicas": count, "availableReplicas": ready}
        if resource == "statefulsets":
            status |= {"currentReplicas": count, "currentRevision": digest, "updateRevision": digest}
        else:
            status["conditions"] = [{"type": "Available", "status": str(ready >= wanted)}]
        if owner.get("status") != status:
            owner["status"] = status
            self.store.replace(resource, owner, check=False)

    def make_pod(self, owner, name, labels):
        meta, template = owner["metadata"], copy.deepcopy(owner["spec"]["template"])
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"], "controller": True}
        pod_meta = {
            "name": name,
            "namespace": meta["namespace"],
            "labels": template.get("metadata", {}).get("labels", {}) | labels,
            "annotations": template.get("metadata", {}).get("annotations", {}),
            "ownerReferences": [reference],
        }
        self.store.create("pods", {"metadata": pod_meta, "spec": template["spec"], "status": {"phase": "Pending"}})

    def jobs(self):
        for job in self.store.list("jobs"):
            meta = job["metadata"]
            if "selector" not in job["spec"]:
                job["spec"]["selector"] = {"matchLabels": {"job-name": meta["name"]}}
                self.store.replace("jobs", job, check=False)
                continue
            pods = [pod for pod in self.store.list("pods", meta["namespace"]) if owned(pod, meta["uid"])]
            if not pods:
                self.make_pod(job, f"{meta['name']}-{meta['uid'][:5]}", {"job-name": meta["name"], "pod-template-hash": "job"})
                continue
            phase = pods[0].get("status", {}).get("phase")
            if phase in ("Succeeded", "Failed") and not job.get("status"):
                kind = {"Succeeded": "Complete", "Failed": "Failed"}[phase]
                job["status"] = {phase.lower(): 1, "conditions": [{"type": kind, "status": "True"}]}
                self.store.replace("jobs", job, check=False)

    def node_ports(self):
        wanted = {}
        for service in self.store.list("services"):
            for port in service["spec"].get("ports", []):
                if "nodePort" in port:
                    wanted[port["nodePort"]] = (address_of(service["metadata"]["name"]), port.get("targetPort", port["port"]))
        for port in set(self.ports) - set(wanted):
            self.ports.pop(port).close()
        for port, target in wanted.items():
            if port not in self.ports:
                self.ports[port] = NodePort(port, target)


class NodePort:
    """A port of the node that leads to a service; where no pod is behind it, connections are closed at once."""

    def __init__(self, port, target):
        self.target = target
        self.socket = socket.create_server(("0.0.0.0", port), backlog=64)
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        # A thread that waits for a connection is not woken by `close` alone.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(client,), daemon=True).start()

    def one(self, client):
        try:
            server = socket.create_connection(self.target, 5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)


def pump(a, b):
    """Moves bytes from one to the other; when either ends, both do, and whoever waits on them is woken."""
    try:
        while part := a.recv(65536):
            b.sendall(part)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def owned(pod, uid):
    return any(reference["uid"] == uid for reference in pod["metadata"].get("ownerReferences", []))


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


def quantity(text):
    units = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40}
    return int(text[:-2]) << units[text[-2:]] if text[-2:] in units else int(text)


def fits(volume, claim):
    spec, wanted = volume["spec"], claim["spec"]
    if volume.get("status", {}).get("phase") != "Available" or spec.get("claimRef"):
        return False
    if wanted.get("volumeName", volume["metadata"]["name"]) != volume["metadata"]["name"]:
        return False
    labels = volume["metadata"].get("labels", {})
    if any(labels.get(name) != value for name, value in wanted.get("selector", {}).get("matchLabels", {}).items()):
        return False
    same_class = spec.get("storageClassName", "") == wanted.get("storageClassName", "")
    enough = quantity(spec["capacity"]["storage"]) >= quantity(wanted["resources"]["requests"]["storage"])
    return same_class and enough and set(wanted["accessModes"]) <= set(spec["accessModes"])


def bind(store, volume, claim):
    meta = claim["metadata"]
    volume["spec"]["claimRef"] = {"kind": "PersistentVolumeClaim", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    volume["status"] = {"phase": "Bound"}
    store.replace("persistentvolumes", volume, check=False)
    claim["spec"]["volumeName"] = volume["metadata"]["name"]
    claim["status"] = {"phase": "Bound", "capacity": volume["spec"]["capacity"], "accessModes": volume["spec"]["accessModes"]}
    store.replace("persistentvolumeclaims", claim, check=False)
