"""./dev browse: a browser with a throw-away profile in which HTTP/3 to localhost works."""
import argparse
import os
import pathlib
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

import profiles
import server

PROGRAM = {"chromium": "chromium", "firefox": "firefox-esr"}


def parse(words):
    parser = argparse.ArgumentParser(
        prog="./dev browse", description="Opens a browser with a throw-away profile in which HTTP/3 "
        "to localhost works; starts the server when none runs.")
    parser.add_argument("browser", nargs="?", default="chromium", choices=PROGRAM)
    parser.add_argument("--url", default="https://localhost:8443/")
    parser.add_argument("--protocol", default="h3", choices=["h1", "h2", "h3", "alt-svc"],
                        help="which the browser shall use; alt-svc: what it does by itself (h3)")
    parser.add_argument("--ca", type=pathlib.Path, default=state() / "ca.pem")
    parser.add_argument("--dir", help="the folder to serve, when no server runs (a built-in page)")
    parser.add_argument("--print", action="store_true", help="only print the line to paste")
    return parser.parse_args(words)


def state():
    """As the server finds it."""
    if os.environ.get("TROIKA_STATE_DIR"):
        return pathlib.Path(os.environ["TROIKA_STATE_DIR"])
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return pathlib.Path(home) / "troika"


def answers(host, port, ca):
    """Whether a server with our certificate listens there; one of somebody else is an error."""
    try:
        with socket.create_connection((host, port), 2) as connection:
            try:
                context = ssl.create_default_context(cafile=ca)
                with context.wrap_socket(connection, server_hostname=host):
                    return True
            except (OSError, ssl.SSLError) as why:
                raise SystemExit(f"troika: port {port} has a server that {ca} does not vouch for "
                                 f"({why}); say --ca FILE, or another --url") from why
    except OSError:
        return False


def start_server(options, port):
    argv = [server.BINARY, "serve", *([options.dir] if options.dir else []), "--listen", str(port)]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                               preexec_fn=server.child_dies_with_parent)
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit(1)  # it has said why
        if options.ca.exists() and answers("localhost", port, options.ca):
            return process
        time.sleep(0.05)
    process.kill()
    raise SystemExit("troika: the server did not start within 10 s")


def command(options, folder, port):
    make = profiles.chromium if options.browser == "chromium" else profiles.firefox
    return make(folder, options.ca, port, options.protocol, options.url)


def line_to_paste(options, port):
    """The same in one line for a shell; it leaves out what only keeps the browser quiet."""
    ca, url = shlex.quote(str(options.ca.resolve())), shlex.quote(options.url)
    def database(place):
        return (f"mkdir -p {place} && certutil -d sql:{place} -N --empty-password && "
                f"certutil -d sql:{place} -A -n troika -t C,, -i {ca}")
    if options.browser == "chromium":
        flags = " ".join(flag.format(port=port) for flag in profiles.CHROMIUM_FOR[options.protocol])
        root = " --no-sandbox" if os.geteuid() == 0 else ""
        return (f"d=$(mktemp -d) && {database('$d/.pki/nssdb')} && HOME=$d chromium{root} "
                f"--user-data-dir=$d/data {flags} {url}")
    preferences = {"network.http.http3.disable_when_third_party_roots_found": False,
                   **profiles.FIREFOX_FOR[options.protocol]}
    text = "".join(f'user_pref("{name}", ' + (f'"{value.format(port=port)}"' if isinstance(value, str)
                                              else str(value).lower()) + ");"
                   for name, value in preferences.items())
    return (f"d=$(mktemp -d) && {database('$d')} && echo '{text}' >$d/user.js && "
            f"firefox-esr --profile $d --no-remote {url}")


def main(words):
    options = parse(words)
    url = urllib.parse.urlsplit(options.url)
    if url.scheme != "https" or url.hostname != "localhost" or not url.port:
        raise SystemExit(f"troika: --url is https://localhost:PORT/..., not {options.url}")
    own = None
    if not options.print and not answers("localhost", url.port, options.ca if options.ca.exists() else None):
        own = start_server(options, url.port)
    print(f"The same to paste:\n  {line_to_paste(options, url.port)}", flush=True)
    if options.print:
        return 0
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if own:
            own.terminate()
        raise SystemExit("troika: there is no display here; paste that line where there is one")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that nothing is left behind
    folder = tempfile.mkdtemp(prefix="troika-browse-")
    try:
        argv, environment = command(options, folder, url.port)
        return subprocess.run(argv, env={**os.environ, **environment},
                              preexec_fn=server.child_dies_with_parent).returncode
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if own:
            own.send_signal(signal.SIGTERM)
            own.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
