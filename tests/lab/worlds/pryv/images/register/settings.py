"""Reads platform.yml, as the operators of a platform write it."""

import hashlib

import yaml

PATH = "/app/config-follower/conf/platform.yml"


def read(path=PATH):
    """The cores of each hosting with their addresses, and the hash of the file; ValueError if it cannot be."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        settings = yaml.safe_load(data)["vars"]["MACHINES_AND_PLATFORM_SETTINGS"]["settings"]
        hostings = settings["HOSTINGS_AND_CORES"]["value"]
        cores = {
            hosting: {name: str(core["ip"]) for name, core in cores.items()} for hosting, cores in hostings.items()
        }
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a platform.yml: {error!r}")
    return {"hostings": cores, "platformSha256": hashlib.sha256(data).hexdigest()}
