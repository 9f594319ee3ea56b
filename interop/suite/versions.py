"""The versions of all parties."""
import os
import re
import subprocess

import curl

COMMANDS = {
    "curl": (["curl", "--version"], r"^curl (\S+)"),
    curl.DEBIAN13.name: ([*curl.DEBIAN13.argv, "--version"], r"^curl (\S+)"),
    "nghttp": (["nghttp", "--version"], r"nghttp2/(\S+)"),
    "h2load": (["h2load", "--version"], r"nghttp2/(\S+)"),
    "wrk": (["wrk", "--version"], r"wrk (?:debian/)?(\S+)"),
    "ab": (["ab", "-V"], r"Version (\S+)"),
    "openssl": (["openssl", "version"], r"OpenSSL (\S+)"),
    "python http.client": (["/usr/bin/python3", "--version"], r"Python (\S+)"),
    "httpx": (["/usr/bin/python3", "-c", "import httpx, h2; print(httpx.__version__, 'with h2',"
               " h2.__version__)"], r"(.*)"),
    "node": (["node", "--version"], r"v(\S+)"),
    "undici": (["node", "-p", "require('./interop/clients/node_modules/undici/package.json').version"],
               r"(.*)"),
    "go": (["go", "version"], r"go(\d\S*)"),
    "quic-go": (["dpkg-query", "-W", "-f=${Version}", "golang-github-lucas-clemente-quic-go-dev"],
                r"([^-]*)"),
    "chromium": (["chromium", "--version"], r"Chromium (\S+)"),
    "firefox": (["firefox-esr", "--version"], r"Firefox (\S+)"),
}


def of_client(client):
    # "node https" and "go net/http" are of their first word
    client = client.removeprefix("network: ")
    name = client if client in COMMANDS else client.split()[0]
    if name not in COMMANDS:
        return ""
    argv, pattern = COMMANDS[name]
    try:
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    found = re.search(pattern, ran.stdout + ran.stderr, re.M)
    return found[1] if found else "?"


def of(cases, serving):
    """By client, in the order in which they ran; the server first."""
    with open("/etc/os-release") as file:
        system = re.search(r'PRETTY_NAME="(.*)"', file.read())[1]
    kernel = os.uname().release.split("-")[0]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                            text=True).stdout.strip()
    found = {"server": f"{serving.version} ({commit})", "system": f"{system}, Linux {kernel}"}
    for case in cases:
        if case.client not in found:
            own = case.client.endswith("own client")
            found[case.client] = serving.version if own else of_client(case.client)
    return found
