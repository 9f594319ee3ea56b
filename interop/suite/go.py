"""Go: net/http over TCP, and quic-go for HTTP/3. One program, built from interop/clients/go."""
import os
import subprocess
import sys

import generic
import server
from programs import fetcher

PROGRAM = server.WORK / "bin" / "go_client"
# Debian puts libraries where GOPATH mode finds them; nothing is fetched.
ENVIRONMENT = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
               "GOCACHE": os.path.abspath(server.WORK / "gocache")}


def build():
    sources = [f"interop/clients/go/{name}" for name in os.listdir("interop/clients/go")]
    if PROGRAM.exists() and PROGRAM.stat().st_mtime > max(map(os.path.getmtime, sources)):
        return
    print("troika: building the client in Go; this takes a minute the first time", file=sys.stderr)
    subprocess.run(["go", "build", "-o", str(PROGRAM), "./interop/clients/go"], check=True,
                   env={**os.environ, **ENVIRONMENT})


def cases(context):
    for client, protocol in (("go net/http", "h1"), ("go net/http", "h2"), ("go net/http", "http"),
                             ("go net/http", "h2c"), ("quic-go", "h3")):
        # Plain HTTP/1.1 is the same program with another URL.
        name = "h1" if protocol == "http" else protocol
        yield from generic.cases_of(client, protocol, fetcher([PROGRAM, "--protocol", name], protocol))
