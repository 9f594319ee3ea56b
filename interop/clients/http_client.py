"""Python's http.client, as interop/suite/programs.py wants it."""
import concurrent.futures
import gzip
import hashlib
import http.client
import json
import ssl
import urllib.parse

import arguments

options = arguments.parse()
url = urllib.parse.urlsplit(options.url)


def connect():
    if url.scheme == "http":
        return http.client.HTTPConnection(url.hostname, url.port)
    context = ssl.create_default_context(cafile=options.ca)
    context.set_alpn_protocols(["http/1.1"])
    return http.client.HTTPSConnection(url.hostname, url.port, context=context)


def ask(connection):
    headers = dict(options.headers)
    if options.compressed:
        headers["Accept-Encoding"] = "gzip"
    connection.request(options.method, url.path, body=b"u" * options.body or None, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    fields = {name.lower(): value for name, value in answer.getheaders()}
    if fields.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return json.dumps({"status": answer.status, "headers": fields, "size": len(body),
                       "protocol": f"HTTP/{answer.version / 10}",
                       "sha256": hashlib.sha256(body).hexdigest()})


if options.parallel:
    with concurrent.futures.ThreadPoolExecutor(options.count) as pool:
        for line in pool.map(lambda _: ask(connect()), range(options.count)):
            print(line)
else:
    one = connect()
    for _ in range(options.count):
        print(ask(one))
