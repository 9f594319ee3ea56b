"""Chromium over its debugging pipe, Firefox over Marionette: open a page, ask it, take a picture."""
import base64
import json
import os
import select
import signal
import socket
import subprocess
import time

import profiles
import server
from outcome import Failed, kill_group


class Driver:
    """What both have in common: a process, and answers by a deadline."""

    def start(self, argv, environment, **more):
        self.log = open(server.WORK / "out" / "browser.log", "w")
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, **environment}, **more)

    def wait_for(self, expression, deadline):
        """The value of a JavaScript expression once it is there."""
        while time.monotonic() < deadline:
            value = self.evaluate(f"JSON.stringify({expression} ?? null)")
            if value and value != "null":
                return json.loads(value)
            time.sleep(0.1)
        raise Failed("the page was not done in time: " + str(self.evaluate(
            "document.body ? document.body.innerText.slice(0, 200) : document.URL")))

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        kill_group(self.process)
        self.log.close()


class Chromium(Driver):
    """JSON messages that end in a zero byte, on the descriptors 3 and 4 of the browser."""

    def __init__(self, folder, port, protocol, deadline):
        argv, environment = profiles.chromium(folder, server.CA, port, protocol, headless=True)
        read_here, write_there = os.pipe()
        read_there, self.out = os.pipe()
        self.into, self.deadline = read_here, deadline
        self.buffer, self.number = b"", 0
        # The shell puts the pipes where Chromium looks for them.
        script = f'exec 3<&{read_there} 4>&{write_there}; exec "$@"'
        self.start(["bash", "-c", script, "bash", *argv, "about:blank"], environment,
                   pass_fds=(read_there, write_there))
        os.close(read_there)
        os.close(write_there)
        pages = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        target = pages[0]["targetId"] if pages else self.call(
            "Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        # A second round from the cache would show a protocol and no bytes.
        self.call("Network.enable")
        self.call("Network.setCacheDisabled", cacheDisabled=True)
        self.call("Page.enable")

    session = None

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"Chromium: {method}: {answer['error']['message']}")
                return answer["result"]

    def receive(self):
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                raise Failed("Chromium does not answer")
            data = os.read(self.into, 1 << 16)
            if not data:
                raise Failed("Chromium is gone")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def open(self, url):
        said = self.call("Page.navigate", url=url)
        if said.get("errorText"):
            raise Failed(f"Chromium: {said['errorText']}")

    def evaluate(self, expression):
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return said["result"].get("value")

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def end(self):
        os.close(self.out)
        super().end()
        os.close(self.into)


class Firefox(Driver):
    """Messages [0, number, command, parameters] behind their length and a colon."""

    def __init__(self, folder, port, protocol, deadline):
        self.deadline, self.number, self.buffer = deadline, 0, b""
        with socket.socket() as probe:  # Firefox does not say which port it took
            probe.bind(("127.0.0.1", 0))
            marionette = probe.getsockname()[1]
        argv, environment = profiles.firefox(folder, server.CA, port, protocol, more={
            "marionette.port": marionette, "browser.cache.disk.enable": False,
            "browser.cache.memory.enable": False, "media.autoplay.default": 0,
            "browser.dom.window.dump.enabled": False}.items())
        self.start([*argv, "--headless", "--marionette"],
                   {**environment, "MOZ_HEADLESS_WIDTH": "900", "MOZ_HEADLESS_HEIGHT": "900"})
        self.socket = self.connect(marionette)
        self.receive()  # its greeting
        self.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.call("WebDriver:SetTimeouts", {"pageLoad": 40000, "script": 30000})

    def connect(self, port):
        while time.monotonic() < self.deadline:
            try:
                return socket.create_connection(("127.0.0.1", port), 1)
            except OSError:
                if self.process.poll() is not None:
                    raise Failed("Firefox ended by itself") from None
                time.sleep(0.1)
        raise Failed("Firefox does not answer")

    def call(self, command, parameters):
        self.number += 1
        message = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        while True:
            kind, number, error, result = self.receive()
            if kind == 1 and number == self.number:
                if error:
                    raise Failed(f"Firefox: {command}: {error['message']}")
                return result

    def receive(self):
        while True:
            head, colon, rest = self.buffer.partition(b":")
            if colon and len(rest) >= int(head):
                self.buffer = rest[int(head):]
                return json.loads(rest[:int(head)])
            self.socket.settimeout(max(0.1, self.deadline - time.monotonic()))
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                raise Failed("Firefox does not answer") from None
            if not data:
                raise Failed("Firefox is gone")
            self.buffer += data

    def open(self, url):
        self.call("WebDriver:Navigate", {"url": url})

    def evaluate(self, expression):
        # Without a sandbox of its own the script sees what the page put into its window.
        return self.call("WebDriver:ExecuteScript", {
            "script": f"const window = globalThis.window.wrappedJSObject ?? globalThis.window;"
                      f" return {expression};", "args": []})["value"]

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(
            self.call("WebDriver:TakeScreenshot", {"full": False})["value"]))

    def end(self):
        self.socket.close()
        super().end()
