"""Python's httpx, with HTTP/2 by h2, as interop/suite/programs.py wants it."""
import asyncio
import hashlib
import json
import ssl

import arguments
import httpx

options = arguments.parse()


async def ask(client):
    answer = await client.request(options.method, options.url, headers=options.headers,
                                  content=b"u" * options.body or None)
    body = answer.content  # decoded
    print(json.dumps({"status": answer.status_code, "headers": dict(answer.headers),
                      "protocol": answer.http_version, "size": len(body),
                      "sha256": hashlib.sha256(body).hexdigest()}))


async def main():
    h2 = options.protocol == "h2"
    headers = {"Accept-Encoding": "gzip" if options.compressed else "identity"}
    async with httpx.AsyncClient(http1=not h2, http2=h2, headers=headers, timeout=8,
                                 verify=ssl.create_default_context(cafile=options.ca)) as client:
        if options.parallel:
            await asyncio.gather(*(ask(client) for _ in range(options.count)))
        else:
            for _ in range(options.count):
                await ask(client)


asyncio.run(main())
