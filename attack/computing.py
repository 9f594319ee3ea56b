"""Attacks that make the server compute: coded files, digests, listings."""
import ground
import h2
import over_h2
from catalogue import attack
from h2 import headers, literal, request


def ask(run, count, block):
    """So many requests a connection, all at once, and again when they are answered."""
    while run.on():
        channel = h2.connect(run, over_h2.WIDE_OPEN, window=over_h2.GIB)
        if channel is None:
            run.pause(0.1)
            continue
        channel.send(b"".join(headers(2 * i + 1, block(i)) for i in range(count)))
        while run.on() and not channel.over and channel.heard.get(h2.HEADERS, 0) < count:
            channel.take(0.05)
        channel.close()
        run.pause(0.2)


@attack("coding", "h2", "F1", "100 HEADs for br of different files of 1 MB")
def coding(run):
    ask(run, 100, lambda i: request(b"/texts/%d.txt" % (i % ground.TEXTS), b"HEAD")
        + literal(b"accept-encoding", b"br"))


@attack("coding-get", "h2", "F1", "100 GETs for br of different files of 1 MB")
def coding_get(run):
    ask(run, 100, lambda i: request(b"/texts/%d.txt" % (i % ground.TEXTS))
        + literal(b"accept-encoding", b"br"))


@attack("digests", "h2", "F10", "20 HEADs for the digest of a file of 64 MiB under different names")
def digests(run):
    ask(run, 20, lambda i: request(b"/" + b"loop/" * (i + 1) + b"digest.bin", b"HEAD")
        + literal(b"want-repr-digest", b"sha-256=1"))


@attack("listings", "h2", "F10, S-13", "50 GETs for the listing of a folder of 10,000 files")
def listings(run):
    ask(run, 50, lambda i: request(b"/many/"))
