"""wrk and ab: many requests at once over HTTP/1."""
import re

from outcome import Case, Failed, NotApplicable, expect


def wrk(scheme):
    def run(shell):
        ran = shell.run(["wrk", "-t1", "-c50", "-d2s", "-s", "interop/clients/check.lua",
                         shell.url("/1k.bin", scheme, host="127.0.0.1")])
        right, wrong = map(int, re.search(r"^right (\d+) wrong (\d+)$", ran.text, re.M).groups())
        expect("wrong answers", 0, wrong)
        expect("there were answers", True, right > 100)
        errors = re.search(r"Socket errors.*", ran.text)
        if errors:
            raise Failed(errors[0])
        shell.expect_logged(right, "HTTP/1.1")
    return run


def ab(scheme, protocol, *options):
    def run(shell):
        ran = shell.run(["ab", "-q", "-n", "1000", "-c", "20", *options,
                         shell.url("/1k.bin", scheme, host="127.0.0.1")])

        def number(name):
            return int(re.search(rf"^{name}: +(\d+)", ran.text, re.M)[1])

        expect("complete", 1000, number("Complete requests"))
        expect("failed", 0, number("Failed requests"))
        expect("bytes", 1000 * 1024, number("HTML transferred"))
        expect("document length", 1024, number("Document Length"))
        if re.search(r"Non-2xx", ran.text):
            raise Failed("some answers were not 200")
        shell.expect_logged(1000, protocol)
    return run


def later(shell):
    raise NotApplicable("speaks HTTP/1 only")


def cases(context):
    columns = (("h1", "https"), ("http", "http"))
    for column, scheme in columns:
        yield Case("wrk", column, "50 connections, 2 s", wrk(scheme))
    for column, scheme in columns:
        yield Case("ab", column, "1000 requests", ab(scheme, "HTTP/1.0"))
        yield Case("ab", column, "1000 requests, kept alive", ab(scheme, "HTTP/1.0", "-k"))
    for column in ("h2", "h3"):
        yield Case("wrk", column, "50 connections, 2 s", later)
        yield Case("ab", column, "1000 requests", later)
