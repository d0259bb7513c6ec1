"""Where users' data is: documents in the MongoDB stand-in, series in InfluxDB, attachments in files."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

from web import Refusal

MONGO = "http://mongodb:27017/pryv-node"
INFLUX = "http://influxdb:8086"
ATTACHMENTS = "/app/data/attachments"


def _open(url, body=None):
    return urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=10)


def documents(collection, **wanted):
    try:
        with _open(f"{MONGO}/{collection}?{urllib.parse.urlencode(wanted)}") as answer:
            return json.load(answer)
    except OSError as error:
        raise Refusal(503, "database-unreachable", f"mongodb does not answer: {error}")


def insert(collection, document):
    try:
        _open(f"{MONGO}/{collection}", json.dumps([document]).encode()).close()
    except OSError as error:
        raise Refusal(503, "database-unreachable", f"mongodb does not answer: {error}")


def authorize(request, user):
    """Passes if the user is known here and the request carries one of their tokens."""
    if not documents("users", username=user):
        raise Refusal(404, "unknown-user", f"no user is called {user} on this core")
    token = request.headers.get("Authorization", "")
    if not token or not documents("accesses", user=user, token=token):
        raise Refusal(401, "invalid-access-token", "the Authorization header has no token of this user")


def series(user):
    """The number of points and the latest one of the user's series, or nothing if there are none."""
    query = 'SELECT COUNT("value") FROM "heart"; SELECT "value" FROM "heart" ORDER BY time DESC LIMIT 1'
    url = f"{INFLUX}/query?" + urllib.parse.urlencode({"db": f"user.{user}", "epoch": "s", "q": query})
    try:
        with _open(url) as answer:
            results = json.load(answer)["results"]
    except OSError as error:
        raise Refusal(503, "database-unreachable", f"influxdb does not answer: {error}")
    rows = [one["series"][0]["values"][0] for one in results if "series" in one]
    if len(rows) != 2:
        return None
    return {"points": rows[0][1], "latest": {"time": rows[1][0], "value": rows[1][1]}}


def add_point(user, time, value):
    line = f"heart value={float(value)} {int(time)}".encode()
    database = urllib.parse.quote(f'CREATE DATABASE "user.{user}"')
    try:
        _open(f"{INFLUX}/query?q={database}", b"").close()
        _open(f"{INFLUX}/write?precision=s&db=" + urllib.parse.quote(f"user.{user}"), line).close()
    except OSError as error:
        raise Refusal(503, "database-unreachable", f"influxdb does not take the point: {error}")


def attachment(user, event, name):
    """The bytes of one attachment."""
    path = os.path.join(ATTACHMENTS, user, event, name)
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Refusal(404, "unknown-resource", f"attachment {user}/{event}/{name} is not on this core")
    except PermissionError:
        raise Refusal(500, "unexpected-error", f"attachment {user}/{event}/{name} may not be read")
