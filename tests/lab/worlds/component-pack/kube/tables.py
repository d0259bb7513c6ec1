"""What `kubectl get` prints: columns are the server's business."""

import datetime

COLUMNS = {
    "pods": ["Ready", "Status", "Restarts"],
    "persistentvolumes": ["Capacity", "Reclaim Policy", "Status", "Claim"],
    "persistentvolumeclaims": ["Status", "Volume", "Capacity"],
    "deployments": ["Ready"],
    "statefulsets": ["Ready"],
    "jobs": ["Completions"],
    "namespaces": ["Status"],
    "nodes": ["Status", "Version"],
    "secrets": ["Type", "Data"],
    "configmaps": ["Data"],
    "services": ["Type", "Ports"],
}


def table(resource, items, version):
    names = ["Name", *COLUMNS[resource], "Age"]
    columns = [{"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": "", "priority": 0} for name in names]
    rows = [{"cells": [item["metadata"]["name"], *cells(resource, item), age(item)], "object": partial(item)} for item in items]
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version}, "columnDefinitions": columns, "rows": rows}


def partial(item):
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def age(item):
    born = datetime.datetime.strptime(item["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
    seconds = int((datetime.datetime.utcnow() - born).total_seconds())
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60}m"


def cells(resource, item):
    spec, status = item.get("spec", {}), item.get("status", {})
    if resource == "pods":
        containers = status.get("containerStatuses", [])
        ready = sum(container["ready"] for container in containers)
        return [f"{ready}/{len(spec['containers'])}", reason(item), str(sum(c["restartCount"] for c in containers))]
    if resource == "persistentvolumes":
        claim = spec.get("claimRef")
        name = f"{claim['namespace']}/{claim['name']}" if claim else ""
        return [spec["capacity"]["storage"], spec["persistentVolumeReclaimPolicy"], status.get("phase", "Available"), name]
    if resource == "persistentvolumeclaims":
        return [status.get("phase", "Pending"), spec.get("volumeName", ""), status.get("capacity", {}).get("storage", "")]
    if resource in ("deployments", "statefulsets"):
        return [f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"]
    if resource == "jobs":
        return [f"{status.get('succeeded', 0)}/1"]
    if resource == "namespaces":
        return [status.get("phase", "Active")]
    if resource == "nodes":
        return ["Ready", status["nodeInfo"]["kubeletVersion"]]
    if resource == "secrets":
        return [item.get("type", "Opaque"), str(len(item.get("data") or {}))]
    if resource == "configmaps":
        return [str(len(item.get("data") or {}))]
    ports = ",".join(f"{p['port']}:{p['nodePort']}/TCP" if "nodePort" in p else f"{p['port']}/TCP" for p in spec.get("ports", []))
    return [spec.get("type", "ClusterIP"), ports]


def reason(pod):
    for container in pod.get("status", {}).get("containerStatuses", []):
        waiting = container.get("state", {}).get("waiting")
        if waiting:
            return waiting["reason"]
    return {"Succeeded": "Completed", "Failed": "Error"}.get(pod.get("status", {}).get("phase"), pod.get("status", {}).get("phase", "Pending"))
