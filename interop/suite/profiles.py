"""Throw-away profiles in which HTTP/3 to localhost works; for the suite and for ./dev browse.

Chromium takes a private CA over QUIC only for origins that --origin-to-force-quic-on names; when it
finds HTTP/3 by Alt-Svc it refuses the CA and stays on HTTP/2. Firefox takes it, found by Alt-Svc as
well, once network.http.http3.disable_when_third_party_roots_found is off.
"""
import os
import pathlib
import subprocess

QUIET = ["--no-first-run", "--no-default-browser-check", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps",
         "--disable-domain-reliability", "--metrics-recording-only", "--no-pings",
         "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication"]
CHROMIUM_FOR = {"h1": ["--disable-http2", "--disable-quic"], "h2": ["--disable-quic"],
                "h3": ["--origin-to-force-quic-on=localhost:{port}"], "alt-svc": ["--enable-quic"]}

PREFERENCES = {
    # What makes HTTP/3 with a private CA work.
    "network.http.http3.enable": True,
    "network.http.http3.disable_when_third_party_roots_found": False,
    # Nothing but the page goes over the network.
    "app.update.disabledForTesting": True, "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore", "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.healthreport.uploadEnabled": False, "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "", "app.normandy.enabled": False, "extensions.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.downloads.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "services.settings.server": "",
    "browser.region.network.url": "", "browser.search.update": False, "geo.enabled": False,
    "media.gmp-manager.url": "", "extensions.getAddons.cache.enabled": False,
}
FIREFOX_FOR = {
    "h1": {"network.http.http2.enabled": False, "network.http.http3.enable": False},
    "h2": {"network.http.http3.enable": False},
    "h3": {"network.http.http3.alt-svc-mapping-for-testing": "localhost;h3=:{port}"},
    "alt-svc": {},
}


def trust(folder, ca):
    """An NSS database that holds the CA."""
    folder.mkdir(parents=True, exist_ok=True)
    database = f"sql:{folder}"
    for arguments in (["-N", "--empty-password"], ["-A", "-n", "troika", "-t", "C,,", "-i", str(ca)]):
        subprocess.run(["certutil", "-d", database, *arguments], check=True, capture_output=True)


def chromium(folder, ca, port, protocol, url=None, headless=False):
    """The command and its environment; NSS looks below HOME, so that is thrown away as well."""
    folder = pathlib.Path(folder).resolve()
    for place in (".pki/nssdb", ".local/share/pki/nssdb"):
        trust(folder / place, ca)
    argv = ["chromium", f"--user-data-dir={folder}/data", *QUIET,
            *(flag.format(port=port) for flag in CHROMIUM_FOR[protocol])]
    if os.geteuid() == 0:
        argv.append("--no-sandbox")  # Chromium's does not work for root
    if headless:
        argv += ["--headless=new", "--disable-gpu", "--autoplay-policy=no-user-gesture-required",
                 "--window-size=900,900", "--remote-debugging-pipe"]
    return [*argv, *([url] if url else [])], {"HOME": str(folder)}


def firefox(folder, ca, port, protocol, url=None, more=()):
    folder = pathlib.Path(folder).resolve()
    trust(folder, ca)
    preferences = {**PREFERENCES, **FIREFOX_FOR[protocol], **dict(more)}
    with open(folder / "user.js", "w") as file:
        for name, value in preferences.items():
            if isinstance(value, str):
                text = '"' + value.format(port=port) + '"'
            else:
                text = str(value).lower()
            file.write(f'user_pref("{name}", {text});\n')
    argv = ["firefox-esr", "--profile", str(folder), "--no-remote", "--new-instance"]
    return [*argv, *([url] if url else [])], {"HOME": str(folder)}
