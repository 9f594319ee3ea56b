"""Node: http, https, http2, its own fetch, and undici's."""
import generic
import server
from outcome import Case, NotApplicable
from programs import fetcher


def no_h3(shell):
    raise NotApplicable("Node 20 has no HTTP/3")


def cases(context):
    clients = "interop/clients"
    for name, protocol, program in (("node http", "http", "node_http.js"),
                                    ("node https", "h1", "node_http.js"),
                                    ("node http2", "h2", "node_http2.js"),
                                    ("node http2", "h2c", "node_http2.js")):
        yield from generic.cases_of(name, protocol, fetcher(["node", f"{clients}/{program}"], protocol))
    yield Case("node http2", "h3", "get", no_h3)
    yield from generic.cases_of(
        "node fetch", "h1", fetcher(["node", f"{clients}/node_fetch.js"], "h1",
                                    env={"NODE_EXTRA_CA_CERTS": str(server.CA)}))
    for protocol in ("h1", "h2"):
        yield from generic.cases_of(
            "undici", protocol, fetcher(["node", f"{clients}/node_fetch.js", "--library", "undici",
                                         "--protocol", protocol], protocol))
