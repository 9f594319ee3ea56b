"""The cases of the public QUIC interop runner, through the relay: each with curl, with quic-go and
with the project's own client.

As there, a case passes when every byte is right and the packets in question were seen in the
relay's trace; what a client cannot bring about is not applicable to it.
"""
import glob
import json
import os
import time

import content
import curl
import own
import server
from outcome import Case, Failed, NotApplicable, expect, kill_group
from relay import between

TEN_MBIT = ("--rate", "10Mbit")
# 15 ms each way, and room for the bytes that are under way then.
LINK = ("--delay", "15ms", *TEN_MBIT)


class Curl:
    name = "curl"

    def get(self, shell, relay, paths, host="127.0.0.1", options=(), at_once=False):
        files = [curl.out(f"net{i}") for i in range(len(paths))]
        for file in files:
            file.unlink(missing_ok=True)
        targets = [word for file, path in zip(files, paths)
                   for word in ("-o", file, f"https://{host}:{relay.port}{path}")]
        if at_once:
            options = (*options, "--parallel", "--parallel-max", "100")
        ran = shell.run([*curl.base("--http3-only"), *options, "-w",
                         "%{response_code} %{http_version} %{num_connects} %{time_total}\n", *targets])
        said = [line.split() for line in ran.text.splitlines()]
        expect("answers", len(paths), len(said))
        expect("statuses and versions", {("200", "3")}, {(s[0], s[1]) for s in said})
        for file, path in zip(files, paths):
            expect(f"sha256 of {path}", shell.site.sha256(path), curl.sha256(file))
        self.connections = sum(int(s[2]) for s in said)
        self.seconds = max(float(s[3]) for s in said)


class QuicGo:
    name = "quic-go"

    def get(self, shell, relay, paths, host="127.0.0.1", options=(), at_once=False):
        expect("one path", 1, len(set(paths)))
        many = ["--count", len(paths)] if len(paths) > 1 else []
        ran = shell.run([server.WORK / "bin" / "go_client", "--protocol", "h3", "--ca", server.CA,
                         "--timeout", "90s", *options, *many, *["--parallel"] * at_once,
                         f"https://{host}:{relay.port}{paths[0]}"],
                        env={"QLOGDIR": qlog_folder()})
        self.answers = [json.loads(line) for line in ran.text.splitlines()]
        expect("answers", len(paths), len(self.answers))
        for answer in self.answers:
            expect("status and protocol", (200, "HTTP/3"), (answer["status"], answer["protocol"]))
            expect("sha256", shell.site.sha256(paths[0]), answer["sha256"])
        self.connections = 1
        self.seconds = ran.seconds


class Own:
    name = "own client"

    def get(self, shell, relay, paths, host="127.0.0.1", options=(), at_once=False, repeat=1):
        asked = [*own.command(relay.port, host), "--timeout", "90s", *options,
                 *["--parallel", 50] * at_once]
        said = own.visit(shell, asked, paths, repeat)
        self.said, self.security = said, said["security"]
        expect("protocol", "h3", self.security["alpn"])
        self.connections = 1
        self.seconds = said["seconds"]

    def twice(self, shell, relay, *options):
        """Two visits, the second with what the first has left; `options` are of the second."""
        kept = curl.out("resumption")
        kept.unlink(missing_ok=True)
        self.get(shell, relay, ["/1k.bin"], options=("--resume", kept))
        expect("resumed", False, self.security["resumed"])
        self.get(shell, relay, ["/1k.bin"], options=("--resume", kept, *options))
        expect("resumed", True, self.security["resumed"])


def qlog_folder():
    folder = server.WORK / "out" / "qlog"
    folder.mkdir(exist_ok=True)
    for file in glob.glob(f"{folder}/*"):
        os.unlink(file)
    return str(folder)


def one_client(relay):
    expect("clients of the relay", 1, relay.number(r"(\d+) clients"))


# --- the cases: each takes a shell and a client ------------------------------------------------------
def handshake(shell, client):
    with between(shell) as relay:
        client.get(shell, relay, ["/hello.txt"])
    one_client(relay)
    relay.need("initial packets from the client", packet="initial", up=True)
    expect("retry packets", 0, relay.count(packet="retry"))


def transfer(shell, client):
    """More than any window: flow control has to go on."""
    with between(shell, *LINK) as relay:
        paths = ["/2m.bin"] * 2 if client.name == "quic-go" else ["/2m.bin", "/3m.bin"]
        client.get(shell, relay, paths, at_once=True)
    one_client(relay)


def long_rtt(shell, client):
    with between(shell, "--delay", "750ms") as relay:
        client.get(shell, relay, ["/1k.bin"])
    one_client(relay)


def chacha20(shell, client):
    if client.name == "quic-go":
        raise NotApplicable("Go chooses the ciphers of TLS 1.3 itself")
    name, option = "TLS_CHACHA20_POLY1305_SHA256", "--ciphers"
    if client.name == "curl":
        option = "--tls13-ciphers"
    with between(shell, *LINK) as relay:
        client.get(shell, relay, ["/1m.bin"], options=(option, name))
    one_client(relay)
    if client.name == "own client":
        expect("cipher", name, client.security["cipher"])


def multiplexing(shell, client):
    """300 requests on one connection, up to 50 at a time."""
    count = 10 * content.SMALL
    with between(shell, "--delay", "5ms") as relay:
        if client.name == "quic-go":
            client.get(shell, relay, ["/1k.bin"] * count, at_once=True)
        elif client.name == "own client":
            client.get(shell, relay, [f"/many/{i}.bin" for i in range(content.SMALL)], repeat=10,
                       at_once=True)
        else:
            ran = shell.run([*curl.base("--http3-only"), "--parallel", "--parallel-max", "50", "-w",
                             "%{response_code} %{http_version}\n", "-o", curl.out("many-#1-#2"),
                             f"https://127.0.0.1:{relay.port}/many/[0-{content.SMALL - 1}].bin?[0-9]"])
            expect("answers", ["200 3"] * count, ran.text.splitlines())
            for i in range(content.SMALL):
                for n in range(10):
                    expect("sha256", shell.site.sha256(f"/many/{i}.bin"),
                           curl.sha256(curl.out(f"many-{i}-{n}")))
    one_client(relay)


def retry(shell, client):
    """While other handshakes begin and fall silent the server asks newcomers for their address."""
    crowd = shell.start([server.FLOOD, shell.server.port, 2400, 12])
    try:
        # It is off for a moment when those that had brought it on time out all at once.
        for _ in range(3):
            time.sleep(2)
            with between(shell) as relay:
                client.get(shell, relay, ["/1k.bin"])
            if relay.count(packet="retry", up=False):
                break
    finally:
        kill_group(crowd)
    one_client(relay)
    relay.need("retry packets", packet="retry", up=False)
    relay.need("initial packets from the client, one with the token", least=2, packet="initial", up=True)


def resumption(shell, client):
    if client.name == "curl":
        raise NotApplicable("one run of curl makes one connection, and Debian's keeps no sessions")
    with between(shell, *LINK) as relay:
        if client.name == "own client":
            client.twice(shell, relay)
        else:
            client.get(shell, relay, ["/1k.bin"] * 2, options=("--resume",))
            expect("resumed", [False, True], [a["quic"]["resumed"] for a in client.answers])
    expect("clients of the relay", 2, relay.number(r"(\d+) clients"))


def zerortt(shell, client):
    if client.name == "curl":
        raise NotApplicable("curl 8.21 never sends early data over h3")
    with between(shell, *LINK) as relay:
        if client.name == "own client":
            client.twice(shell, relay, "--early")
            expect("early data accepted", True, client.security["early_data"])
        else:
            client.get(shell, relay, ["/1k.bin"] * 2, options=("--resume", "--early"))
            expect("early data accepted", [False, True], [a["quic"]["early"] for a in client.answers])
    # In the trace a datagram has the name of its first packet, which may be the Initial.
    expect("the server's word for each request", [False, True],
           [line.endswith(" 0-rtt") for line in shell.logged(2, "/1k.bin")])


def http3(shell, client):
    with between(shell, *LINK) as relay:
        paths = ["/1k.bin"] * 3 if client.name == "quic-go" else ["/1k.bin", "/text.txt", "/1m.bin"]
        client.get(shell, relay, paths)
    one_client(relay)
    expect("connections", 1, client.connections)


def blackhole(shell, client):
    """As in the runner: nothing for two seconds, each time after five."""
    with between(shell, *LINK, "--blackhole", "2s:5s") as relay:
        client.get(shell, relay, ["/10m.bin"])
    one_client(relay)
    relay.need("datagrams in the black hole", fate="black-hole")


def keyupdate(shell, client):
    if client.name == "curl":
        raise NotApplicable("curl has no way to ask for a key update")
    if client.name == "own client":
        with between(shell, *LINK) as relay:
            client.get(shell, relay, ["/2m.bin"], options=("--key-update", 300000))
        one_client(relay)
        # RFC 9001 §6.1: the second may begin only when the server has followed the first.
        if client.said["key_updates"] < 2:
            raise Failed("the server did not follow the key update")
        return
    with between(shell, *LINK) as relay:
        client.get(shell, relay, ["/2m.bin"])
    one_client(relay)
    folder = server.WORK / "out" / "qlog"
    updates = [line for file in glob.glob(f"{folder}/*") for line in open(file, errors="replace")
               if '"security:key_updated"' in line and '"key_phase":1' in line]
    if not updates:
        raise Failed("quic-go's log has no key of phase 1")


def ecn(shell, client):
    """Every mark of the client and of the server turns to CE, so the trace tells that there were any."""
    with between(shell, "--delay", "5ms", "--ecn", "ce") as relay:
        client.get(shell, relay, ["/1m.bin"])
    one_client(relay)
    relay.need("marked datagrams from the server", up=False, note="ecn")
    if client.name == "curl" and not relay.count(up=True, note="ecn"):
        raise NotApplicable("curl neither sets marks nor reports them, so the server stops marking")
    relay.need("marked datagrams from the client", least=5, up=True, note="ecn")
    relay.need("marked datagrams from the server", least=100, up=False, note="ecn")


def amplification_limit(shell, client):
    """While the client's answers are lost the server sends three times what it got, at most."""
    with between(shell, "--drop-client-to-server", "2-6") as relay:
        client.get(shell, relay, ["/1k.bin"])
    one_client(relay)
    relay.need("lost datagrams", least=5, up=True, fate="dropped-by-number")
    came = went = ups = 0
    for entry in relay.entries:
        if entry.up and entry.passed:
            ups += 1
            if ups == 2:
                break
            came += entry.bytes
        elif not entry.up:
            went += entry.bytes
    if went > 3 * came:
        raise Failed(f"the server sent {went} bytes on {came}")


def handshakes(shell, client, options, seen):
    """Twenty connections, each a client of the relay and so with a fate of its own."""
    count = 20
    with between(shell, "--delay", "15ms", *options) as relay:
        url = f"https://127.0.0.1:{relay.port}/1k.bin"
        if client.name == "curl":
            one = f"curl -sS --cacert {server.CA} --http3-only --connect-timeout 60 {url} | sha256sum"
        elif client.name == "quic-go":
            one = f"{server.WORK}/bin/go_client --ca {server.CA} --protocol h3 --timeout 80s {url}"
        else:
            one = " ".join(map(str, own.command(relay.port))) + " --timeout 60s /1k.bin"
        ran = shell.run(["sh", "-c", f"seq {count} | xargs -P 10 -I{{}} sh -c '{one}'"], may_fail=True)
    right = ran.text.count(shell.site.sha256("/1k.bin"))
    if right != count:
        raise Failed(f"only {right} of {count} answers had the right bytes: {ran.last_line()}")
    expect("clients of the relay", count, relay.number(r"(\d+) clients"))
    relay.need("datagrams with that fate", least=10, **seen)


def handshake_loss(shell, client):
    handshakes(shell, client, ("--loss", "30%", "--burst", "3"), {"fate": "lost"})


def handshake_corruption(shell, client):
    handshakes(shell, client, ("--corrupt", "30%"), {"note": "corrupted"})


def transfer_loss(shell, client):
    with between(shell, *LINK, "--loss", "2%", "--burst", "3") as relay:
        client.get(shell, relay, ["/2m.bin"])
    one_client(relay)
    relay.need("lost datagrams", least=10, fate="lost")


def transfer_corruption(shell, client):
    with between(shell, *LINK, "--corrupt", "2%") as relay:
        client.get(shell, relay, ["/2m.bin"])
    one_client(relay)
    relay.need("corrupted datagrams", least=10, note="corrupted")


def ipv6(shell, client):
    with between(shell, *LINK, family="[::1]") as relay:
        client.get(shell, relay, ["/1m.bin"], host="[::1]")
    one_client(relay)


def v2(shell, client):
    if client.name == "curl":
        raise NotApplicable("curl has no way to ask for QUIC version 2")
    with between(shell, *LINK) as relay:
        if client.name == "quic-go":
            # It renews its keys after 100 packets, with the label of version 1 (RFC 9369 §3.3.2).
            client.get(shell, relay, ["/1k.bin"], options=("--v2",))
            expect("version", 0x6b3343cf, client.answers[0]["quic"]["version"])
        if client.name == "own client":
            client.get(shell, relay, ["/1m.bin"], options=("--quic", "v2"))
            expect("version", 2, client.security["quic_version"])
    lines = shell.logged(1)
    expect("the server's word for the version", {True}, {" quic=v2" in line for line in lines})


def port_rebinding(shell, client):
    with between(shell, *LINK, "--rebind-port", "500ms") as relay:
        client.get(shell, relay, ["/3m.bin"])
    one_client(relay)
    if relay.number(r"(\d+) port changes") < 3:
        raise Failed("the client's port did not change three times")


def address_rebinding(shell, client):
    with between(shell, *LINK, "--rebind-address", "700ms:127.0.0.2", "--rebind-address",
                 "1500ms:127.0.0.3") as relay:
        client.get(shell, relay, ["/3m.bin"])
    one_client(relay)
    expect("address changes", 2, relay.number(r"(\d+) address changes"))


def migration(shell, client):
    if client.name == "curl":
        raise NotApplicable("curl does not move a connection by itself; see port rebinding")
    with between(shell, *LINK) as relay:
        if client.name == "own client":
            client.get(shell, relay, ["/3m.bin"], options=("--move", 1000000))
            expect("moves", 1, client.said["moves"])
        else:
            client.get(shell, relay, ["/3m.bin"], options=("--migrate",))
            expect("moved", True, client.answers[0]["quic"]["moved"])
    expect("paths of the client", 2, relay.number(r"(\d+) clients"))
    if sum(e.bytes for e in relay.entries if e.client == 2 and not e.up) < 1 << 20:
        raise Failed("less than 1 MiB came over the new path")


def best_of_three(measure):
    """What else the machine does can only lower what is measured."""
    def run(shell, client):
        for attempt in range(3):
            try:
                return measure(shell, client)
            except TooSlow as why:
                if attempt == 2:
                    raise Failed(f"three times; at last {why}") from why
                shell.commands.clear()
    return run


class TooSlow(Exception):
    pass


def goodput(shell, client):
    """At least 70 % of the link of 10 Mbit/s."""
    with between(shell, *LINK) as relay:
        client.get(shell, relay, ["/10m.bin"])
    one_client(relay)
    rate = (10 << 20) * 8 / client.seconds / 1e6
    if rate < 7:
        raise TooSlow(f"{rate:.2f} Mbit/s of 10 Mbit/s")


def cross_traffic(shell, client):
    """Beside a greedy download on the same line: every byte comes, and neither one starves."""
    with between(shell, *LINK, "--line", "shared") as relay:
        other = shell.start([*curl.base("--http3-only"), "-o", curl.out("cross"), "--max-time", "60",
                             f"https://127.0.0.1:{relay.port}/10m.bin"])
        try:
            client.get(shell, relay, ["/3m.bin"])
            share = (3 << 20) * 8 / client.seconds / 1e6
            shell.finish(other)
        finally:
            kill_group(other)
    expect("sha256 of the other download", shell.site.sha256("/10m.bin"),
           curl.sha256(curl.out("cross")))
    expect("clients of the relay", 2, relay.number(r"(\d+) clients"))
    if share < 1.5:
        raise TooSlow(f"only {share:.2f} Mbit/s of the 10 Mbit/s that two had")
    whole = (13 << 20) * 8 / max(e.seconds for e in relay.entries if not e.up) / 1e6
    if whole < 7:
        raise TooSlow(f"both together had {whole:.2f} Mbit/s of 10 Mbit/s")


CASES = {
    "handshake": handshake, "transfer": transfer, "long RTT": long_rtt, "chacha20": chacha20,
    "multiplexing": multiplexing, "retry": retry, "resumption": resumption, "0-RTT": zerortt,
    "http3": http3, "black hole": blackhole, "key update": keyupdate, "ECN": ecn,
    "amplification limit": amplification_limit, "handshake loss": handshake_loss,
    "transfer loss": transfer_loss, "handshake corruption": handshake_corruption,
    "transfer corruption": transfer_corruption, "IPv6": ipv6, "v2": v2,
    "port rebinding": port_rebinding, "address rebinding": address_rebinding,
    "connection migration": migration, "goodput": best_of_three(goodput),
    "cross traffic": best_of_three(cross_traffic),
}
# Those that tell most, for --short.
SHORT = {
    "curl": ("handshake", "transfer loss", "transfer corruption", "port rebinding",
             "address rebinding"),
    "own client": ("handshake",),
}


def cases(context):
    for client in (Curl(), QuicGo(), Own()):
        for name, check in CASES.items():
            def run(shell, check=check, client=client):
                check(shell, client)
            yield Case(f"network: {client.name}", "h3", name, run, limit=100,
                       short=name in SHORT.get(client.name, ()))
