"""openssl s_client: what TLS is agreed on, and that HTTP answers over it."""
import re

import server
from outcome import Case, Failed, NotApplicable, expect

REQUEST = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
VERSION = {"tls1.2": ("-tls1_2", "TLSv1.2"), "tls1.3": ("-tls1_3", "TLSv1.3")}


def argv(shell, *options):
    return ["openssl", "s_client", "-connect", f"localhost:{shell.server.port}", "-CAfile",
            server.CA, "-verify_return_error", "-servername", "localhost", *options]


def handshake(shell, *options, stdin=b"Q\n"):
    """Nothing but the handshake, which may fail."""
    return shell.run(argv(shell, *options), stdin=stdin, may_fail=True)


def fetch(shell, protocol, *options):
    """A whole request over HTTP/1.1; what s_client says about the connection."""
    option, name = VERSION[protocol]
    ran = shell.run(argv(shell, "-ign_eof", option, *options), stdin=REQUEST)
    text = ran.text.replace("\r\n", "\n")
    if "HTTP/1.1 200 OK" not in text or not re.search(r"\n\nhello from three horses\n", text):
        raise Failed("no 200 with the bytes of /hello.txt")
    expect("verification", True, "Verify return code: 0 (ok)" in text)
    agreed = re.findall(r"^ *(?:Protocol *: |New, |Reused, )(TLSv1\.\d)", text, re.M)
    expect("version", {name}, set(agreed))
    shell.expect_logged(1, "HTTP/1.1")
    return text


def plain(protocol):
    return lambda shell: fetch(shell, protocol)


def alpn(protocol, offered, agreed):
    def run(shell):
        if agreed == "http/1.1":
            text = fetch(shell, protocol, "-alpn", offered)
        else:
            text = handshake(shell, VERSION[protocol][0], "-alpn", offered).text
        found = re.search(r"ALPN protocol: (\S+)", text)
        expect("ALPN", agreed, found[1] if found else None)
    return run


def unknown_alpn(protocol):
    def run(shell):
        ran = handshake(shell, VERSION[protocol][0], "-alpn", "smtp")
        expect("the handshake fails", True, ran.code != 0)
        if "no application protocol" not in ran.err:
            raise Failed(f"no alert no_application_protocol: {ran.last_line()}")
    return run


def cipher(protocol, name):
    option = "-cipher" if protocol == "tls1.2" else "-ciphersuites"
    def run(shell):
        text = fetch(shell, protocol, option, name)
        expect("cipher", name, re.search(r"Cipher is (\S+)", text)[1])
    return run


def group(protocol, name, said):
    def run(shell):
        text = fetch(shell, protocol, "-groups", name)
        found = re.search(r"(?:Negotiated TLS1\.3 group|Peer Temp Key|Server Temp Key): ([^,\n]+)", text)
        if not found or found[1].lower() not in said:
            raise Failed(f"group: {found[1] if found else None!r}")
    return run


def resumed(protocol):
    def run(shell):
        session = server.WORK / "out" / f"session-{protocol}"
        session.unlink(missing_ok=True)
        expect("new", True, "\nNew, TLS" in "\n" + fetch(shell, protocol, "-sess_out", str(session)))
        text = fetch(shell, protocol, "-sess_in", str(session))
        expect("reused", True, "\nReused, TLS" in "\n" + text)
    return run


def old(option, name):
    def run(shell):
        ran = handshake(shell, option, "-cipher", "ALL:@SECLEVEL=0")
        expect("the handshake fails", True, ran.code != 0)
        if not re.search(r"alert protocol version|unsupported protocol|no protocols available|"
                         r"internal error|alert number 70", ran.err):
            raise Failed(f"not refused for its version: {ran.last_line()}")
    return run


def weak(shell):
    ran = handshake(shell, "-tls1_2", "-cipher",
                    "AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    expect("the handshake fails", True, ran.code != 0)


def renegotiation(shell):
    """R on a line of its own asks for one; the server must not agree."""
    ran = handshake(shell, "-tls1_2", stdin=b"R\n")
    if "RENEGOTIATING" not in ran.text + ran.err:
        raise NotApplicable("this s_client does not renegotiate")
    if not re.search(r"no renegotiation|alert|error", ran.err):
        raise Failed("renegotiation went through")


def early_data(shell):
    """Two visits: the second sends its request before the handshake is over (RFC 8446 §2.3)."""
    session, request = server.WORK / "out" / "session-early", server.WORK / "out" / "early"
    session.unlink(missing_ok=True)
    request.write_bytes(REQUEST)
    text = fetch(shell, "tls1.3", "-sess_out", str(session), "-alpn", "http/1.1")
    expect("the ticket allows early data", True,
           re.search(r"Max Early Data: [1-9]", text) is not None)
    ran = shell.run(argv(shell, "-ign_eof", "-tls1_3", "-alpn", "http/1.1", "-sess_in",
                         str(session), "-early_data", str(request)), stdin=b"")
    expect("early data", True, "Early data was accepted" in ran.text)
    expect("answer", True, "hello from three horses\n" in ran.text)


def cases(context):
    for protocol in ("tls1.2", "tls1.3"):
        yield Case("openssl s_client", protocol, "get", plain(protocol))
        yield Case("openssl s_client", protocol, "ALPN http/1.1", alpn(protocol, "http/1.1", "http/1.1"))
        yield Case("openssl s_client", protocol, "ALPN h2", alpn(protocol, "h2", "h2"))
        yield Case("openssl s_client", protocol, "ALPN: the server chooses h2",
                   alpn(protocol, "http/1.1,h2", "h2"))
        yield Case("openssl s_client", protocol, "ALPN unknown", unknown_alpn(protocol))
        yield Case("openssl s_client", protocol, "resumption", resumed(protocol))
        # Up to TLS 1.2 the groups bind the certificate, too, and its key is of P-256 (RFC 8422 §5.1).
        beside = ":P-256" if protocol == "tls1.2" else ""
        yield Case("openssl s_client", protocol, "group X25519",
                   group(protocol, "X25519" + beside, ("x25519",)))
        yield Case("openssl s_client", protocol, "group P-256",
                   group(protocol, "P-256", ("secp256r1", "ecdh", "prime256v1")))
        yield Case("openssl s_client", protocol, "group P-384",
                   group(protocol, "P-384" + beside, ("secp384r1", "ecdh")))
    yield Case("openssl s_client", "tls1.3", "group X25519MLKEM768",
               group("tls1.3", "X25519MLKEM768", ("x25519mlkem768",)))
    for name in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
        yield Case("openssl s_client", "tls1.3", name, cipher("tls1.3", name))
    for name in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                 "ECDHE-ECDSA-CHACHA20-POLY1305"):
        yield Case("openssl s_client", "tls1.2", name, cipher("tls1.2", name))
    yield Case("openssl s_client", "tls1.2", "CBC and RSA are refused", weak)
    yield Case("openssl s_client", "tls1.2", "renegotiation is refused", renegotiation)
    yield Case("openssl s_client", "tls1.1", "refused", old("-tls1_1", "TLSv1.1"))
    yield Case("openssl s_client", "tls1.0", "refused", old("-tls1", "TLSv1"))
    yield Case("openssl s_client", "tls1.3", "early data", early_data)
