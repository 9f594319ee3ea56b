"""Python: http.client of the standard library, and httpx."""
import generic
from programs import fetcher

PYTHON = "/usr/bin/python3"  # Debian's, which has the packages


def cases(context):
    clients = "interop/clients"
    for protocol in ("h1", "http"):
        yield from generic.cases_of(
            "python http.client", protocol, fetcher([PYTHON, "-B", f"{clients}/http_client.py"], protocol))
    for protocol in ("h1", "h2"):
        yield from generic.cases_of(
            "httpx", protocol,
            fetcher([PYTHON, "-B", f"{clients}/httpx_client.py", "--protocol", protocol], protocol))
