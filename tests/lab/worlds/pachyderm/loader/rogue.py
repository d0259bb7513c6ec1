"""Loads data into the old cluster all the time, by whichever of its ports is open: somebody whom nobody has paused."""

import http.client
import json
import time

while True:
    for port in (30649, 30650):
        try:
            connection = http.client.HTTPConnection("old", port, timeout=5)
            connection.request("POST", "/", json.dumps({"method": "put_file", "repo": "labels", "path": "rogue", "content": "x"}))
            connection.getresponse().read()
        except OSError:
            pass
    time.sleep(0.5)
