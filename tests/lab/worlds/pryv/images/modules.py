"""Prints the files of every standard module that the lab's container programs can load."""

import argparse, datetime, email.parser, encodings.ascii, encodings.idna, encodings.latin_1, gettext  # noqa
import hashlib, html, http.client, http.server, io, json, linecache, locale, mimetypes, os  # noqa
import pathlib, re, shutil, signal, socketserver, stat, struct, sys, tempfile, threading, time  # noqa
import tokenize, traceback, urllib.error, urllib.parse, urllib.request, _strptime  # noqa
import yaml  # noqa

for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None)
    if not path or module.__name__ == "__main__":
        continue
    print(path)
    cached = getattr(module, "__cached__", None)
    if cached and os.path.exists(cached) and cached != path:
        print(cached)
