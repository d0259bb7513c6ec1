"""Stand-ins for gsutil, azcopy and az: as much of them as a migration needs, on the object store of the lab, which
keeps the buckets of all three clouds. Which of them it is, it is told by the name it is called by.

What they print and refuse is modelled on gsutil 5 and azcopy 10: a bucket that is there already is an error, one that
is not empty is not removed, and `azcopy remove` empties a container and leaves it. There are no logins.
"""

import http.client
import json
import os
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

NS = "{http://s3.amazonaws.com/doc/2006-03-01/}"
OWNERS = {"bindings": [{"members": ["projectOwner:lab"], "role": "roles/storage.legacyBucketOwner"}]}


def fail(why):
    print(why, file=sys.stderr)
    sys.exit(1)


# The store

def ask(verb, path, body=None, headers=None):
    connection = http.client.HTTPConnection("s3.lab", 80, timeout=20)
    connection.request(verb, path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read()


def there(bucket):
    return ask("HEAD", f"/{bucket}")[0] == 200


def objects(bucket):
    """Key, size and time of every object; none where there is no such bucket."""
    status, said = ask("GET", f"/{bucket}?list-type=2")
    if status != 200:
        return None
    found = ElementTree.fromstring(said).iter(NS + "Contents")
    return [tuple(one.find(NS + name).text for name in ("Key", "Size", "LastModified")) for one in found]


def copy_all(source, target):
    """Copies what is not there yet in the same size; gives how many were copied, and how many were not."""
    have = {key: size for key, size, _ in objects(target)}
    done = failed = 0
    for key, size, _ in objects(source):
        if have.get(key) != size:
            quoted = urllib.parse.quote(key, safe="")
            status, _ = ask("PUT", f"/{target}/{quoted}", headers={"x-amz-copy-source": f"/{source}/{quoted}"})
            done, failed = (done + 1, failed) if status == 200 else (done, failed + 1)
    return done, failed


def remove_all(bucket):
    all_of_them = objects(bucket)
    for key, _, _ in all_of_them:
        ask("DELETE", f"/{bucket}/{urllib.parse.quote(key, safe='')}")
    return len(all_of_them)


# Google

def place(url):
    bucket, _, rest = url.removeprefix("gs://").partition("/")
    return bucket, rest


def known(bucket):
    if not there(bucket):
        fail("BucketNotFoundException: 404 gs://%s bucket does not exist." % bucket)
    return bucket


def gsutil(words):
    words = [word for word in words if word not in ("-m", "-q")]
    verb, *rest = words
    if verb == "mb":
        bucket, _ = place(rest[-1])
        print(f"Creating gs://{bucket}/...", file=sys.stderr)
        if there(bucket):
            fail(f"ServiceException: 409 A Cloud Storage bucket named '{bucket}' already exists.")
        ask("PUT", f"/{bucket}")
    elif verb == "rb":
        bucket = known(place(rest[-1])[0])
        print(f"Removing gs://{bucket}/...", file=sys.stderr)
        if objects(bucket):
            fail("NotEmptyException: 409 BucketNotEmpty (%s)" % bucket)
        ask("DELETE", f"/{bucket}")
    elif verb == "iam" and rest[0] == "get":
        status, said = ask("GET", f"/{known(place(rest[1])[0])}?policy")
        policy = json.loads(said) if status == 200 else {}
        print(json.dumps({**(policy if "bindings" in policy else OWNERS), "etag": "CAE="}, indent=2))
    elif verb == "iam" and rest[0] == "set":
        with open(rest[1], encoding="utf-8") as file:
            policy = json.load(file)
        if "bindings" not in policy:
            fail("CommandException: the policy has no bindings")
        ask("PUT", f"/{known(place(rest[2])[0])}?policy", json.dumps(policy))
    elif verb == "ls":
        gsutil_ls(rest)
    elif verb == "rsync":
        (source, _), (target, _) = place(rest[-2]), place(rest[-1])
        print("Building synchronization state...", file=sys.stderr)
        _, failed = copy_all(known(source), known(target))
        if failed:
            fail(f"CommandException: {failed} files/objects could not be copied/removed.")
    elif verb == "rm":
        bucket, rest = place(rest[-1])
        if rest != "**" or not remove_all(known(bucket)):
            fail("CommandException: 1 files/objects could not be removed.")
    else:
        fail(f"CommandException: Invalid command \"{verb}\".")


def gsutil_ls(words):
    bucket, rest = place(words[-1])
    found = objects(known(bucket))
    if "-b" in words:
        print(f"gs://{bucket}/")
    elif rest == "**":
        if not found:
            fail("CommandException: One or more URLs matched no objects.")
        for key, size, when in found:
            print(f"{size:>10}  {when[:19]}Z  gs://{bucket}/{key}" if "-l" in words else f"gs://{bucket}/{key}")
        if "-l" in words:
            total = sum(int(size) for _, size, _ in found)
            print(f"TOTAL: {len(found)} objects, {total} bytes ({total / 1024:.2f} KiB)")
    else:
        tops = {key.partition("/")[0] + ("/" if "/" in key else "") for key, _, _ in found}
        for top in sorted(tops):
            print(f"gs://{bucket}/{top}")


# Microsoft

def container(url):
    parts = urllib.parse.urlsplit(url)
    if not parts.hostname.endswith(".blob.core.windows.net"):
        fail(f"{url}: not a blob endpoint")
    return parts.path.lstrip("/").partition("/")[0]


def azcopy(words):
    verb, *rest = words
    urls = [container(word) for word in rest if word.startswith("https://")]
    for url in urls if verb != "make" else []:
        if not there(url):
            fail(f"failed to traverse container: 404 The specified container does not exist. ContainerNotFound: {url}")
    if verb == "make":
        if there(urls[0]):
            fail("failed to perform make command due to error: the specified container already exists")
        ask("PUT", f"/{urls[0]}")
        print("Successfully created the resource.")
    elif verb == "list":
        # Whoever is logged in by OAuth is told so among the names.
        print("INFO: List is using OAuth token for authentication.")
        for key, size, _ in objects(urls[0]):
            shown = size if "--machine-readable" in rest else f"{int(size) / 1024:.2f} KiB"
            print(f"INFO: {key};  Content Length: {shown}")
    elif verb == "copy":
        done, failed = copy_all(urls[0], urls[1])
        ended(done, failed)
    elif verb == "remove":
        ended(remove_all(urls[0]), 0)
    else:
        fail(f"Error: unknown command \"{verb}\" for \"azcopy\"")


def ended(done, failed):
    status = "Completed" if not failed else "CompletedWithErrors" if done else "Failed"
    print(f"Number of Transfers Completed: {done}\nNumber of Transfers Failed: {failed}\nFinal Job Status: {status}")
    sys.exit(1 if failed else 0)


def az(words):
    if words[:3] != ["storage", "container", "delete"]:
        fail("az: the stand-in deletes containers, and that is all")
    name = words[words.index("--name") + 1]
    deleted = there(name)
    if deleted:
        ask("DELETE", f"/{name}")
    print(json.dumps({"deleted": deleted}))


if __name__ == "__main__":
    {"gsutil": gsutil, "azcopy": azcopy, "az": az}[os.path.basename(sys.argv[1])](sys.argv[2:])
