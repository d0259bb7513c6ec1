"""Fills the old cluster, talking to its pachd as pachctl does, in one process because it is many words."""

import http.client
import json


def call(method, **words):
    connection = http.client.HTTPConnection("old", 30650, timeout=20)
    connection.request("POST", "/", json.dumps({"method": method, **words}))
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 200, said


for repo in ("images", "labels", "intake"):
    call("create_repo", name=repo)
for number in range(12):
    call("put_file", repo="images", path=f"image-{number:02}", content=f"image {number}\n" * 40)
    call("put_file", repo="labels", path=f"label-{number:02}", content=f"label {number}\n")
for name, source in (("edges", "images"), ("montage", "edges"), ("totals", "intake"), ("purge", "labels")):
    call("create_pipeline", name=name, source=source, running=True)
# Somebody had a reason.
call("stop_pipeline", name="purge")
call("put_file", repo="labels", path="label-12", content="label 12\n")
