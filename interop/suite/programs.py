"""Clients that are libraries: a small program of ours, below interop/clients, asks for each.

Such a program takes [--ca FILE] [--protocol P] [--method M] [--header 'NAME: VALUE'] [--body BYTES]
[--count N] [--parallel] [--compressed] URL and prints a line of JSON for each answer.
"""
import json

import generic
import server
from curl import SCHEME


def fetcher(program, protocol, env=None, options=()):
    def fetch(shell, path, method="GET", headers=(), body=0, count=1, parallel=False,
              compressed=False):
        argv = [*program, "--ca", server.CA, *options]
        if method != "GET":
            argv += ["--method", method]
        for name, value in headers:
            argv += ["--header", f"{name}: {value}"]
        if body:
            argv += ["--body", body]
        if count > 1:
            argv += ["--count", count]
        argv += ["--parallel"] * parallel + ["--compressed"] * compressed
        argv.append(shell.url(path, SCHEME.get(protocol, "https")))
        ran = shell.run(argv, env=env)
        return [answer_of(json.loads(line)) for line in ran.text.splitlines()]
    return fetch


def answer_of(said):
    return generic.Answer(said["status"], said["protocol"], said["headers"], said["size"],
                          said["sha256"])
