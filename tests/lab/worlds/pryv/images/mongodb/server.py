"""The HTTP client of the stand-in server, and where it listens."""

import datetime
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

# The world of another runbook has it elsewhere.
HOST, PORT = os.environ.get("MONGO_HOST", "mongodb"), 27017
STAND_IN = (
    "This is a STAND-IN made for rehearsals, not MongoDB's own program: Debian has no MongoDB package. "
    "It takes the same command line, moves the documents for real (as BSON files), and keeps the habits of "
    "the original that matter in a migration. It does not speak MongoDB's wire protocol."
)


def ask(path, body=None, query=None, method=None):
    """What the server answers; OSError when there is none."""
    url = f"http://{HOST}:{PORT}/{path}"
    if query:
        url += "?" + urllib.parse.urlencode(query)
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method), timeout=30) as answer:
        return json.load(answer)


def say(text):
    """One line on standard error, with the time before it, as MongoDB's tools write it."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    print(f"{now}\t{text}", file=sys.stderr, flush=True)


def or_fail(main):
    """Runs `main`; what goes wrong is told in MongoDB's way, and the exit code is 1."""
    try:
        sys.exit(main())
    except urllib.error.HTTPError as error:
        say(f"Failed: the server answered {error.code}: {error.read().decode(errors='replace').strip()}")
    except OSError as error:
        say(f"Failed: error connecting to db server: no reachable servers ({error})")
    except ValueError as error:
        say(f"Failed: {error}")
    sys.exit(1)
