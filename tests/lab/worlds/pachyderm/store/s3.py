"""A stand-in for an object store: as much of S3 as `aws s3` and a migration need, over HTTP, without logins.

Buckets are folders and objects are files below /var/lib/s3. A hazard is a file in /var/lib/s3-hazards:

  deny-copy    copying an object whose key contains what is in the file is refused with AccessDenied
  lose-copy    copying such an object is answered with success, and nothing is stored
"""

import hashlib
import http.server
import os
import re
import shutil
import socketserver
import sys
import time
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape

ROOT, HAZARDS = "/var/lib/s3", "/var/lib/s3-hazards"
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def hazard(name, key):
    try:
        with open(os.path.join(HAZARDS, name), encoding="utf-8") as file:
            return file.read().strip() in key
    except FileNotFoundError:
        return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        bucket, _, self.key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        if not NAME.fullmatch(bucket):
            return self.error(400, "InvalidBucketName")
        self.bucket = os.path.join(ROOT, bucket)
        if self.key:
            return self.object()
        return self.whole_bucket()

    do_GET = do_PUT = do_HEAD = do_DELETE = handle_one

    def whole_bucket(self):
        there = os.path.isdir(self.bucket)
        if self.command == "PUT" and not self.query:
            # As the original does in its oldest region: a bucket that is already one's own is no error.
            os.makedirs(os.path.join(self.bucket, "objects"), exist_ok=True)
            return self.answer(200, b"", {"Location": self.path})
        if not there:
            return self.error(404, "NoSuchBucket")
        if "policy" in self.query:
            return self.policy()
        if self.command == "DELETE":
            shutil.rmtree(self.bucket)
            return self.answer(204, b"")
        if self.command == "GET" and "location" in self.query:
            return self.answer(200, f"<LocationConstraint {NS}/>".encode())
        if self.command == "GET":
            return self.list()
        return self.answer(200, b"")

    def policy(self):
        path = os.path.join(self.bucket, "policy")
        if self.command == "PUT":
            with open(path, "wb") as file:
                file.write(self.body)
            return self.answer(204, b"")
        if not os.path.exists(path):
            return self.error(404, "NoSuchBucketPolicy")
        with open(path, "rb") as file:
            return self.answer(200, file.read(), {"Content-Type": "application/json"})

    def list(self):
        found = []
        prefix = self.query.get("prefix", "")
        for name in sorted(os.listdir(os.path.join(self.bucket, "objects"))):
            key = urllib.parse.unquote(name)
            if key.startswith(prefix):
                path = self.path_of(key)
                found.append(
                    f"<Contents><Key>{escape(key)}</Key><LastModified>{when(path)}</LastModified>"
                    f"<ETag>&quot;{digest(path)}&quot;</ETag><Size>{os.path.getsize(path)}</Size>"
                    "<StorageClass>STANDARD</StorageClass></Contents>"
                )
        self.answer(200, (
            f"<ListBucketResult {NS}><Name>{os.path.basename(self.bucket)}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(found)}</KeyCount><MaxKeys>100000</MaxKeys><IsTruncated>false</IsTruncated>"
            f"{''.join(found)}</ListBucketResult>"
        ).encode())

    def path_of(self, key):
        return os.path.join(self.bucket, "objects", urllib.parse.quote(key, safe=""))

    def object(self):
        if not os.path.isdir(self.bucket):
            return self.error(404, "NoSuchBucket")
        path, copied = self.path_of(self.key), self.headers.get("x-amz-copy-source")
        if self.command == "PUT" and copied:
            return self.copy(path, urllib.parse.unquote(copied).lstrip("/"))
        if self.command == "PUT":
            write(path, self.body)
            return self.answer(200, b"", {"ETag": f'"{digest(path)}"'})
        if not os.path.exists(path):
            return self.error(404, "NoSuchKey")
        if self.command == "DELETE":
            os.remove(path)
            return self.answer(204, b"")
        with open(path, "rb") as file:
            body = file.read()
        stamp = formatdate(os.path.getmtime(path), usegmt=True)
        return self.answer(200, body, {"ETag": f'"{digest(path)}"', "Last-Modified": stamp})

    def copy(self, path, source):
        bucket, _, key = source.partition("/")
        there = os.path.join(ROOT, bucket, "objects", urllib.parse.quote(key, safe=""))
        if hazard("deny-copy", key):
            return self.error(403, "AccessDenied")
        if not os.path.exists(there):
            return self.error(404, "NoSuchKey")
        tag = digest(there)
        if not hazard("lose-copy", key):
            with open(there, "rb") as file:
                write(path, file.read())
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        return self.answer(200, f"<CopyObjectResult {NS}><LastModified>{stamp}</LastModified><ETag>&quot;{tag}&quot;</ETag></CopyObjectResult>".encode())

    def error(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message><Resource>{escape(self.path)}</Resource></Error>".encode())

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in ({"Content-Type": "application/xml"} | (headers or {})).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def log_message(self, *words):
        print(self.command, self.path, *words[1:], flush=True)


def write(path, body):
    with open(path + "~", "wb") as file:
        file.write(body)
    os.replace(path + "~", path)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.md5(file.read()).hexdigest()


def when(path):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(os.path.getmtime(path)))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


if __name__ == "__main__":
    os.makedirs(HAZARDS, exist_ok=True)
    os.makedirs(ROOT, exist_ok=True)
    sys.stderr = sys.stdout
    Server(("0.0.0.0", 80), Handler).serve_forever()
