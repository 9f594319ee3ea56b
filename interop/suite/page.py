"""The page that browsers load: 200 small resources, a large picture, a streamed body, and a video
element that seeks. All of it is made here; nothing binary is kept.

The video element plays sound (WAV), which takes no encoder to make: what it asks for are ranges all
the same, and those are what the case is about.
"""
import hashlib
import json
import math
import random
import struct
import zlib

SMALL = 200
IMAGE = (1600, 1200)
SOUND_SECONDS = 120
STREAM = 6 << 20

HTML = """<!doctype html><html lang=en><meta charset=utf-8><title>%(title)s</title>
<style>body{font:14px sans-serif;margin:1rem;background:#fff}#small span{display:inline-block;width:10px;
height:10px;margin:1px;background:#c33}#small .ok{background:#2a7}img.big{width:320px;display:block}
pre{white-space:pre-wrap}</style>
<h1>%(title)s</h1><div id=small></div><img class=big id=big alt="a large picture">
<video id=video controls width=320 height=60></video><pre id=report>loading</pre>
<script src=page.js></script></html>
"""

# window.outcome is what the suite waits for.
SCRIPT = """
const expected = %(expected)s;
const errors = [];
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
const digest = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes));

async function small(i) {
  const cell = document.createElement('span');
  document.getElementById('small').append(cell);
  const answer = await fetch(`small/${i}.txt`);
  const text = await answer.text();
  if (answer.status !== 200 || text !== `resource ${i} of %(small)d\\n`.repeat(20)) {
    throw new Error(`small/${i}: ${answer.status}, ${text.length} characters`);
  }
  cell.className = 'ok';
}

async function image() {
  const element = document.getElementById('big');
  element.src = 'big.png';
  await element.decode();
  if (element.naturalWidth !== %(width)d || element.naturalHeight !== %(height)d) {
    throw new Error(`the picture is ${element.naturalWidth} x ${element.naturalHeight}`);
  }
}

async function streamed() {
  const answer = await fetch('stream.bin');
  const reader = answer.body.getReader();
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
  }
  const sum = await digest(await new Blob(parts).arrayBuffer());
  if (sum !== expected.stream) throw new Error(`stream.bin: ${sum}`);
  if (parts.length < 2) throw new Error('stream.bin came in one piece');
  return parts.length;
}

async function video() {
  const element = document.getElementById('video');
  const happens = (name) => new Promise((resolve, reject) => {
    element.addEventListener(name, resolve, { once: true });
    element.addEventListener('error', () => reject(new Error(`video: ${element.error.message}`)));
  });
  element.preload = 'auto';
  element.src = 'sound.wav';
  await happens('loadedmetadata');
  if (Math.abs(element.duration - %(seconds)d) > 0.1) throw new Error(`it lasts ${element.duration} s`);
  for (const part of [0.95, 0.4]) {
    const sought = happens('seeked');
    element.currentTime = element.duration * part;
    await sought;
    if (element.readyState < 2) await happens('canplay');
  }
}

async function run() {
  performance.setResourceTimingBufferSize(1000);
  const guard = (work) => work.catch((error) => { errors.push(String(error)); });
  let chunks;
  await Promise.all(Array.from({ length: %(small)d }, (_, i) => guard(small(i))));
  await guard(image());
  await guard(streamed().then((n) => { chunks = n; }));
  await guard(video());
  const navigation = performance.getEntriesByType('navigation')[0];
  const resources = performance.getEntriesByType('resource').map((entry) => ({
    name: new URL(entry.name).pathname, protocol: entry.nextHopProtocol, bytes: entry.transferSize }));
  const protocols = {};
  for (const { protocol } of resources) protocols[protocol] = (protocols[protocol] ?? 0) + 1;
  const outcome = { errors, chunks, resources, page: navigation.nextHopProtocol };
  document.getElementById('report').textContent = JSON.stringify(
    { page: outcome.page, resources: protocols, chunks, errors }, null, 1);
  window.outcome = outcome;
}
run();
"""


def png(width, height):
    """Noise over colours: it does not compress, so the file has its some MB."""
    noise = random.Random(7)

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = []
    for y in range(height):
        grain = noise.randbytes(width)
        row = bytearray(3 * width)
        row[0::3] = bytes(x * 255 // width for x in range(width))
        row[1::3] = bytes([y * 255 // height]) * width
        row[2::3] = grain
        rows.append(b"\0" + bytes(row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b"".join(rows), 1)) + chunk(b"IEND", b""))


def wav(seconds, rate=44100):
    """A quiet tone, 16 bits, stereo: 10 MB a minute."""
    period = b"".join(struct.pack("<hh", s, s) for s in (
        round(2000 * math.sin(2 * math.pi * i / 100)) for i in range(100)))
    data = period * (seconds * rate // 100)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 1, 2, rate, 4 * rate, 4, 16)
            + b"data" + struct.pack("<I", len(data)) + data)


def contents():
    stream = random.Random(8).randbytes(STREAM)
    values = {"title": "Troika: a page for browsers", "small": SMALL, "seconds": SOUND_SECONDS,
              "width": IMAGE[0], "height": IMAGE[1],
              "expected": json.dumps({"stream": hashlib.sha256(stream).hexdigest()})}
    files = {
        "page/index.html": (HTML % values).encode(),
        "page/page.js": (SCRIPT % values).encode(),
        "page/big.png": png(*IMAGE),
        "page/stream.bin": stream,
        "page/sound.wav": wav(SOUND_SECONDS),
        "favicon.ico": png(16, 16),
    }
    for i in range(SMALL):
        files[f"page/small/{i}.txt"] = f"resource {i} of {SMALL}\n".encode() * 20
    return files


# Every path that a visit asks for, at least once.
PATHS = ["/page/", "/page/page.js", "/page/big.png", "/page/stream.bin", "/page/sound.wav",
         *(f"/page/small/{i}.txt" for i in range(SMALL))]
