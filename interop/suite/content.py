"""The site that every client asks for: made anew each time, the same bytes each time."""
import hashlib
import os
import pathlib
import random

import page

# An age at which file systems cannot hide a change any more, so that entity tags are strong.
TIME = 1_750_000_000
LAST_MODIFIED = "Sun, 15 Jun 2025 15:06:40 GMT"
SMALL = 30  # files of /many


def text_of(lines):
    return "".join(f"line {i} of a text that compresses well\n" for i in range(lines)).encode()


def contents():
    rng = random.Random(20261122)
    files = {
        "hello.txt": b"hello from three horses\n",
        "empty.txt": b"",
        "text.txt": text_of(4000),
        "1m.bin": rng.randbytes(1 << 20),
        "2m.bin": rng.randbytes(2 << 20),
        "3m.bin": rng.randbytes(3 << 20),
        "10m.bin": rng.randbytes(10 << 20),
        "folder/index.html": b"<!doctype html><title>folder</title>inside\n",
        "1k.bin": rng.randbytes(1024),
    }
    for i in range(SMALL):
        files[f"many/{i}.bin"] = rng.randbytes(500 + 37 * i)
    return files


class Site:
    """What is served, by path: its bytes and what follows from them."""

    def __init__(self, folder: pathlib.Path):
        self.files = {**contents(), **page.contents()}
        for path, data in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)
            # With a fraction of a second: the ETag is that of the time, and strong at once.
            os.utime(file, ns=(TIME * 10**9 + 1, TIME * 10**9 + 1))

    def size(self, path):
        return len(self.files[path.lstrip("/")])

    def sha256(self, path, first=0, last=None):
        data = self.files[path.lstrip("/")]
        return hashlib.sha256(data[first:None if last is None else last + 1]).hexdigest()
