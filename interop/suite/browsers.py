"""Chromium and Firefox, headless: the page of page.py over each protocol, asserted per resource."""
import shutil
import time

import page
import server
from drivers import Chromium, Firefox
from outcome import Case, ClientLimit, Failed, expect

NEXT_HOP = {"h1": "http/1.1", "h2": "h2", "h3": "h3"}
LOGGED = {"h1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}
BROWSERS = {"chromium": Chromium, "firefox": Firefox}


class Visit:
    """A browser with a profile of its own, for the length of a case."""

    def __init__(self, shell, browser, protocol):
        self.shell, self.name = shell, f"{browser}-{protocol}"
        self.folder = server.WORK / "out" / f"profile-{self.name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.deadline = shell.began + shell.case.limit - 8
        shell.note(f"./dev browse {browser} --protocol {protocol} "
                   f"--ca {server.CA} --url https://localhost:{shell.server.port}/page/")
        self.driver = BROWSERS[browser](self.folder, shell.server.port, protocol, self.deadline)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, path="/page/"):
        self.driver.open(self.shell.url(path))
        return self.driver.wait_for("window.outcome", self.deadline)

    def picture(self, name):
        self.driver.screenshot(server.WORK / "shots" / f"{name}.png")


def check_outcome(outcome, protocol):
    """What the page itself says: no error, each resource over the protocol asked for."""
    expect("errors of the page", [], outcome["errors"])
    hop = NEXT_HOP[protocol]
    seen = {entry["name"] for entry in outcome["resources"]}
    missing = [path for path in page.PATHS[1:] if path not in seen]
    # Not every browser has an entry for what a video element loads; the log has it.
    missing = [path for path in missing if path != "/page/sound.wav"]
    expect("resources without an entry", [], missing)
    wrong = {entry["name"]: entry["protocol"] for entry in outcome["resources"]
             if entry["protocol"] != hop}
    if wrong:
        raise Failed(f"{len(wrong)} resources not over {hop}, such as {next(iter(wrong.items()))}")
    expect("protocol of the page", hop, outcome["page"])


def check_log(shell, protocol, least):
    """What the server says: each path over that protocol, and ranges of the sound."""
    lines = [line.split() for line in shell.logged(least)]
    asked = {line[3].split("?")[0] for line in lines}
    expect("paths never asked for", [], [path for path in page.PATHS if path not in asked])
    expect("protocols in the access log", {LOGGED[protocol]}, {line[6] for line in lines})
    ranges = [line for line in lines if line[3] == "/page/sound.wav" and line[4] == "206"]
    if len(ranges) < 2:
        raise Failed(f"{len(ranges)} ranges of /page/sound.wav were asked for")


def load_page(browser, protocol):
    def run(shell):
        with Visit(shell, browser, protocol) as visit:
            outcome = visit.load()
            visit.picture(f"{browser}-{protocol}")
        check_outcome(outcome, protocol)
        check_log(shell, protocol, len(page.PATHS))
    return run


def upgrade(browser):
    """The first visit comes over h2 and learns of h3, later ones use it."""
    def run(shell):
        with Visit(shell, browser, "alt-svc") as visit:
            protocols = [visit.load()["page"]]
            for _ in range(4):
                time.sleep(1)
                outcome = visit.load()
                protocols.append(outcome["page"])
                if protocols[-1] == "h3":
                    break
            visit.picture(f"{browser}-alt-svc")
        expect("protocol of the first visit", "h2", protocols[0])
        if protocols[-1] == "h3":
            check_outcome(outcome, "h3")
        elif browser == "chromium":
            raise ClientLimit("Chromium refuses a private CA on HTTP/3 that it found by Alt-Svc, and "
                              "stays on h2: it asks for a publicly known root there, except for "
                              "origins named by --origin-to-force-quic-on")
        else:
            raise Failed(f"five visits: {protocols}")
    return run


def cases(context):
    for browser in BROWSERS:
        for protocol in ("h1", "h2", "h3"):
            yield Case(browser, protocol, "page of 200 + picture, stream, ranges",
                       load_page(browser, protocol), limit=60)
        yield Case(browser, "h3", "Alt-Svc: h2, then h3", upgrade(browser), limit=70)
