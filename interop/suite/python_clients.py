"""Python: http.client of the standard library, and httpx."""
import dataclasses

import generic
from outcome import ClientLimit, Failed
from programs import fetcher

PYTHON = "/usr/bin/python3"  # Debian's, which has the packages


def stops_early(run):
    """Other clients get the same answer; httpcore sends on, or waits for a window that never opens."""
    def wrapped(shell):
        try:
            run(shell)
        except Failed as why:
            if "LocalProtocolError" not in str(why) and "ReadTimeout" not in str(why):
                raise
            raise ClientLimit("over h2 httpx does not stop sending its body, and so fails or hangs, "
                              "when the answer and RST_STREAM(NO_ERROR) (RFC 9113 §8.1) come first") from why
    return wrapped


def cases(context):
    clients = "interop/clients"
    for protocol in ("h1", "http"):
        yield from generic.cases_of(
            "python http.client", protocol, fetcher([PYTHON, "-B", f"{clients}/http_client.py"], protocol))
    for protocol in ("h1", "h2"):
        for case in generic.cases_of(
                "httpx", protocol,
                fetcher([PYTHON, "-B", f"{clients}/httpx_client.py", "--protocol", protocol], protocol)):
            if (protocol, case.name) == ("h2", "POST is 405"):
                case = dataclasses.replace(case, run=stops_early(case.run))
            yield case
