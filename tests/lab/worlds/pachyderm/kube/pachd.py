"""A stand-in for pachd: repos, commits, files and pipelines, with the metadata in one file in place of etcd and
the data in the object store that its secret names.

Like the original, `put_file` appends: what is put twice is there twice. A pipeline makes one output commit of each
input commit, as long as it runs; what came while it was stopped is made up for when it starts.
"""

import base64
import hashlib
import http.client
import json
import os
import threading

LOCK = threading.RLock()


class Refusal(Exception):
    """What a caller gets to read."""


class Pachd:
    def __init__(self, path, deployment, secret, may_run):
        self.path = path
        self.version = deployment["metadata"]["labels"]["version"]
        (bucket,) = (text for key, text in secret["data"].items() if key.endswith(("-bucket", "-container")))
        self.bucket = base64.b64decode(bucket).decode()
        self.may_run = may_run

    def call(self, asked):
        method = getattr(self, "do_" + asked.pop("method"), None)
        if method is None:
            raise Refusal("unknown method")
        with LOCK:
            self.state = {"repos": {}, "pipelines": {}}
            if os.path.exists(self.path):
                with open(self.path, encoding="utf-8") as file:
                    self.state = json.load(file)
            before = json.dumps(self.state)
            answer = method(**asked)
            if json.dumps(self.state) != before:
                with open(self.path + "~", "w", encoding="utf-8") as file:
                    json.dump(self.state, file)
                os.replace(self.path + "~", self.path)
            return answer

    # What pachctl asks for

    def do_version(self):
        return {"version": self.version}

    def do_list_repo(self):
        return [{"repo": {"name": name}, "commits": len(repo["commits"])} for name, repo in sorted(self.state["repos"].items())]

    def do_create_repo(self, name):
        if name in self.state["repos"]:
            raise Refusal(f"repo {name} already exists")
        self.state["repos"][name] = {"commits": []}
        return {}

    def do_list_commit(self, repo):
        return [{"commit": {"repo": {"name": repo}, "id": commit["id"]}} for commit in self.repo(repo)["commits"]]

    def do_list_file(self, repo):
        return [{"file": {"path": path}, "parts": len(parts)} for path, parts in sorted(self.head(repo).items())]

    def do_get_file(self, repo, path):
        parts = self.head(repo).get(path)
        if parts is None:
            raise Refusal(f"file {path} not found in repo {repo}")
        return {"content": "".join(self.read(part) for part in parts)}

    def do_put_file(self, repo, path, content):
        self.commit(repo, {path: self.head(repo).get(path, []) + [self.write(content)]})
        self.work()
        return {}

    def do_list_pipeline(self):
        return [
            {"pipeline": {"name": name}, "input": {"pfs": {"repo": p["input"]}}, "state": self.seen(p), "last_job_state": p.get("job", "JOB_SUCCESS")}
            for name, p in sorted(self.state["pipelines"].items())
        ]

    def do_create_pipeline(self, name, source, running):
        self.do_create_repo(name)
        self.state["pipelines"][name] = {"input": source, "running": running, "done": 0}
        self.work()
        return {}

    def do_start_pipeline(self, name):
        self.pipeline(name)["running"] = True
        self.work()
        return {}

    def do_stop_pipeline(self, name):
        self.pipeline(name)["running"] = False
        return {}

    def do_extract(self, objects):
        ops = [{"repo": name, "commits": repo["commits"]} for name, repo in sorted(self.state["repos"].items())]
        ops += [{"pipeline": name, **p} for name, p in sorted(self.state["pipelines"].items())]
        if objects:
            held = {part for repo in self.state["repos"].values() for c in repo["commits"] for parts in c["files"].values() for part in parts}
            ops = [{"object": part, "content": self.read(part)} for part in sorted(held)] + ops
        return ops

    def do_restore(self, ops):
        # One that is cut off at the end of an operation is a whole one to the original as well.
        for op in ops:
            if "object" in op:
                self.write(op["content"])
            elif "repo" in op:
                self.do_create_repo(op["repo"])
                self.state["repos"][op["repo"]]["commits"] = op["commits"]
            else:
                name = op.pop("pipeline")
                self.state["pipelines"][name] = op
        self.work()
        return {}

    def do_delete_all(self):
        self.state.clear()
        self.state.update({"repos": {}, "pipelines": {}})
        return {}

    # How it does it

    def repo(self, name):
        if name not in self.state["repos"]:
            raise Refusal(f"repo {name} not found")
        return self.state["repos"][name]

    def pipeline(self, name):
        if name not in self.state["pipelines"]:
            raise Refusal(f"pipeline {name} not found")
        return self.state["pipelines"][name]

    def seen(self, pipeline):
        if not pipeline["running"]:
            return "PIPELINE_PAUSED"
        # Workers are pods: without its role pachd may make none.
        return "PIPELINE_RUNNING" if self.may_run else "PIPELINE_CRASHING"

    def head(self, repo, since=0):
        """The files as the last commit leaves them; a commit holds what it changes."""
        files = {}
        for commit in self.repo(repo)["commits"][since:]:
            files.update(commit["files"])
        return files

    def commit(self, repo, files):
        commits = self.repo(repo)["commits"]
        number = hashlib.sha256(f"{repo} {len(commits)} {sorted(files.items())}".encode()).hexdigest()[:32]
        commits.append({"id": number, "files": files})

    def work(self):
        for name, pipeline in self.state["pipelines"].items():
            commits = self.repo(pipeline["input"])["commits"]
            if not pipeline["running"] or not self.may_run or pipeline["done"] == len(commits):
                continue
            try:
                new = self.head(pipeline["input"], since=pipeline["done"])
                made = {path: [self.write("".join(map(self.read, parts)).upper())] for path, parts in new.items()}
                pipeline["job"] = "JOB_SUCCESS"
            except Refusal:
                pipeline["job"] = "JOB_FAILURE"
                continue
            self.commit(name, made)
            pipeline["done"] = len(commits)

    # The object store

    def write(self, content):
        part = hashlib.sha256(content.encode()).hexdigest()
        self.ask("PUT", part, content.encode())
        return part

    def read(self, part):
        return self.ask("GET", part).decode()

    def ask(self, verb, part, body=None):
        connection = http.client.HTTPConnection("s3.lab", 80, timeout=10)
        try:
            connection.request(verb, f"/{self.bucket}/pach/object/{part}", body)
            answer = connection.getresponse()
            said = answer.read()
        except OSError as error:
            raise Refusal(f"the object store does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise Refusal(f"object {part[:12]} in {self.bucket}: {answer.status}")
        return said
