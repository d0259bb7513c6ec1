"""The node: what a pod's specification says becomes a process with its folders mounted, or a reason why not.

A container's image is not a file system here: every machine of the lab has the programs. What is kept of
images is that they are pulled: by a credential that the registry knows, and under a tag that it has.
"""

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading

REGISTRY = "/opt/lab/world/registry.json"
NFS = "/srv/nfs"
RUN = "/run/kubelet"
# A file of this folder makes something go wrong: see README.md of the lab.
HAZARDS = "/etc/lab/hazards"

ENTER = """
set -e
while [ "$1" != -- ]; do
    mkdir -p "$2" 2>/dev/null || true
    [ -e "$2" ] || : >"$2"
    mount --bind "$1" "$2"
    [ "$3" != ro ] || mount -o remount,bind,ro "$2"
    shift 3
done
shift
exec "$@"
"""


class Waiting(Exception):
    """Why a container does not start yet."""

    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


def hazard(name):
    return os.path.exists(os.path.join(HAZARDS, name))


def address_of(name):
    """An address of the loopback network for a service or a pod: the same for the same name, always."""
    digest = hashlib.sha256(name.encode()).digest()
    return f"127.{16 + digest[0] % 200}.{digest[1]}.{1 + digest[2] % 250}"


class Kubelet:
    """Processes by the uid of their pod."""

    def __init__(self, store, node):
        self.store, self.node = store, node
        self.processes, self.hosts, self.env, self.restarts = {}, {}, {}, {}
        self.lock = threading.RLock()
        os.makedirs(RUN, exist_ok=True)

    def log(self, space, name):
        pod = self.store.get("pods", space, name)
        try:
            with open(self._log_of(pod), "rb") as file:
                return file.read()
        except OSError:
            return b""

    def entry(self, pod, command):
        """The command that runs a command inside a running pod; None where it does not run."""
        with self.lock:
            process = self.processes.get(pod["metadata"]["uid"])
            if process is None or process.poll() is not None:
                return None
            pairs = [f"{name}={value}" for name, value in self.env[pod["metadata"]["uid"]].items()]
        return ["nsenter", "-t", str(process.pid), "-m", "env", "-i", *pairs, *command]

    def sync(self):
        """One round: starts what should run, ends what should not, and says how it stands."""
        with self.lock:
            pods = {pod["metadata"]["uid"]: pod for pod in self.store.list("pods")}
            for uid in list(self.processes):
                if uid not in pods:
                    self._end(uid)
            for uid, pod in pods.items():
                self._one(uid, pod)

    def _one(self, uid, pod):
        phase = pod.get("status", {}).get("phase", "Pending")
        if phase in ("Succeeded", "Failed"):
            return
        process = self.processes.get(uid)
        if process is None:
            try:
                process = self._start(uid, pod)
            except Waiting as why:
                return self._tell(pod, "Pending", {"waiting": {"reason": why.reason, "message": str(why)}}, False)
        code = process.poll()
        if code is None:
            self._write_hosts(uid, pod)
            return self._tell(pod, "Running", {"running": {}}, self._ready(pod))
        state = {"terminated": {"exitCode": code if code >= 0 else 128 - code, "reason": "Completed" if code == 0 else "Error"}}
        if pod["spec"].get("restartPolicy") == "Never":
            return self._tell(pod, "Succeeded" if code == 0 else "Failed", state, False)
        self.restarts[uid] = self.restarts.get(uid, 0) + 1
        if self.restarts[uid] < 5:
            del self.processes[uid]
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": f"exit code {code}"}}
        return self._tell(pod, "Running", waiting, False)

    def _tell(self, pod, phase, state, ready):
        container = pod["spec"]["containers"][0]
        uid, status = pod["metadata"]["uid"], pod.get("status", {})
        fresh = {
            "phase": phase,
            "podIP": self._address(pod),
            "hostIP": self.node,
            "conditions": [{"type": kind, "status": str(ready)} for kind in ("Ready", "ContainersReady")],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "ready": ready,
                    "restartCount": self.restarts.get(uid, 0),
                    "state": state,
                }
            ],
        }
        if fresh != status:
            pod["status"] = fresh
            self.store.replace("pods", pod, check=False)

    def _start(self, uid, pod):
        container = pod["spec"]["containers"][0]
        self._pull(pod, container["image"])
        env = self._environment(pod, container)
        mounts = self._mounts(uid, pod, container)
        self.env[uid] = env
        self._write_hosts(uid, pod)
        mounts += [os.path.join(RUN, uid + ".hosts"), "/etc/hosts", "rw"]
        with open(self._log_of(pod), "ab") as log:
            self.processes[uid] = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "pod", *mounts, "--",
                 *container.get("command", []), *container.get("args", [])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True, cwd="/",
            )  # fmt: skip
        return self.processes[uid]

    def _end(self, uid):
        process = self.processes.pop(uid)
        for number, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            try:
                os.killpg(process.pid, number)
                process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
            break

    def _pull(self, pod, image):
        with open(REGISTRY, encoding="utf-8") as file:
            registry = json.load(file)
        host, _, name = image.partition("/")
        if host != registry["host"]:
            raise Waiting("ErrImagePull", f"no registry answers at {host}")
        space = pod["metadata"]["namespace"]
        for reference in pod["spec"].get("imagePullSecrets", []):
            secret = self.store.get("secrets", space, reference["name"])
            if secret and secret.get("type") == "kubernetes.io/dockerconfigjson":
                config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
                given = config.get("auths", {}).get(host, {}).get("auth", "")
                if given == base64.b64encode(registry["login"].encode()).decode():
                    break
        else:
            raise Waiting("ImagePullBackOff", f'failed to pull image "{image}": 401 Unauthorized')
        if name.removeprefix("connections/") not in registry["images"]:
            raise Waiting("ImagePullBackOff", f'failed to pull image "{image}": manifest unknown')

    def _environment(self, pod, container):
        """As it is at this moment: a config map that changes later changes nothing in a pod that runs."""
        space = pod["metadata"]["namespace"]
        env = {"PATH": "/app:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        env |= {"POD_IP": self._address(pod), "POD_NAME": pod["metadata"]["name"], "NODE_NAME": socket.gethostname()}
        env |= {"MONGO_HOST": "mongo5", "MONGO_ADDRESS": env["POD_IP"], "MONGO_DATA": "/data/db"}
        env["IMAGE_TAG"] = container["image"].rpartition(":")[2]
        for source in container.get("envFrom", []):
            name = source["configMapRef"]["name"]
            config = self.store.get("configmaps", space, name)
            if config is None:
                raise Waiting("CreateContainerConfigError", f'configmap "{name}" not found')
            env |= {key.upper().replace("-", "_"): value for key, value in (config.get("data") or {}).items()}
        for entry in container.get("env", []):
            env[entry["name"]] = str(entry.get("value", ""))
        return env

    def _mounts(self, uid, pod, container):
        space, mounts = pod["metadata"]["namespace"], []
        volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            volume = volumes[mount["name"]]
            if "configMap" in volume:
                where, how = self._files(uid, space, volume["configMap"]["name"]), "ro"
            else:
                where, how = self._claim(space, volume["persistentVolumeClaim"]["claimName"])
            mounts += [where, mount["mountPath"], how]
        return mounts

    def _files(self, uid, space, name):
        config = self.store.get("configmaps", space, name)
        if config is None:
            raise Waiting("CreateContainerConfigError", f'configmap "{name}" not found')
        folder = os.path.join(RUN, uid + "." + name)
        os.makedirs(folder, exist_ok=True)
        for key, value in (config.get("data") or {}).items():
            with open(os.path.join(folder, key), "w", encoding="utf-8") as file:
                file.write(value)
        return folder

    def _claim(self, space, name):
        claim = self.store.get("persistentvolumeclaims", space, name)
        if claim is None or claim.get("status", {}).get("phase") != "Bound":
            raise Waiting("ContainerCreating", f"pod has unbound PersistentVolumeClaim {name}")
        volume = self.store.get("persistentvolumes", "", claim["spec"]["volumeName"])
        return self._nfs(volume["spec"]["nfs"]["server"], volume["spec"]["nfs"]["path"])

    def _nfs(self, server, path):
        """A folder that the NFS server exports to this node, and how; as mount.nfs would find it."""
        names = {server}
        with open("/etc/hosts", encoding="utf-8") as lines:
            for line in lines:
                if server in line.split():
                    names.update(line.split())
        for name in names:
            if not os.path.isfile(os.path.join(NFS, name, "exports")):
                continue
            with open(os.path.join(NFS, name, "exports"), encoding="utf-8") as lines:
                for line in lines:
                    folder, _, how = line.partition(" ")
                    if (path + "/").startswith(folder.rstrip("/") + "/"):
                        where = NFS + "/" + name + "/files" + path
                        if not os.path.isdir(where):
                            raise Waiting("ContainerCreating", f"mount.nfs: mounting {server}:{path} failed, reason given by server: No such file or directory")
                        return where, "ro" if "(ro" in how else "rw"
        raise Waiting("ContainerCreating", f"mount.nfs: access denied by server while mounting {server}:{path}")

    def _write_hosts(self, uid, pod):
        """What the cluster's DNS would say; a service that comes later is told to pods that run already."""
        with open("/etc/hosts", encoding="utf-8") as file:
            lines = file.read().splitlines()
        if hazard("pods-do-not-resolve"):
            lines = [line for line in lines if "connections" not in line]
        for service in self.store.list("services", pod["metadata"]["namespace"]):
            name = service["metadata"]["name"]
            lines.append(f"{address_of(name)} {name} {name}.{pod['metadata']['namespace']}.svc")
        text = "\n".join(lines) + "\n"
        if self.hosts.get(uid) != text:
            # In its place, because the pod has this very file mounted.
            with open(os.path.join(RUN, uid + ".hosts"), "w", encoding="utf-8") as file:
                file.write(text)
            self.hosts[uid] = text

    def _address(self, pod):
        labels = pod["metadata"].get("labels", {})
        for service in self.store.list("services", pod["metadata"]["namespace"]):
            wanted = service["spec"].get("selector") or {}
            if wanted and all(labels.get(name) == value for name, value in wanted.items()):
                return address_of(service["metadata"]["name"])
        return address_of(pod["metadata"]["name"])

    def _ready(self, pod):
        probe = pod["spec"]["containers"][0].get("readinessProbe")
        if not probe:
            return True
        try:
            socket.create_connection((self._address(pod), int(probe["tcpSocket"]["port"])), 1).close()
        except OSError:
            return False
        return True

    def _log_of(self, pod):
        meta = pod["metadata"]
        return os.path.join(RUN, f"{meta['namespace']}.{meta['name']}.log")
