#!/usr/bin/env bash
# Debian 13's own curl (8.14, whose HTTP/3 is OpenSSL's) beside the one of backports that is
# installed: unpacked with its libcurl into build/debian13-curl, unless it is there. What else it
# links is there with the other. 650 KB.
set -euo pipefail
cd "$(dirname "$0")/.."
into=$PWD/build/debian13-curl
[ ! -x "$into/usr/bin/curl" ] || exit 0
new=$into.new
rm -rf "$new"
mkdir -p "$new/packages"
fetch() { (cd "$new/packages" && apt-get download -qq curl/trixie libcurl4t64/trixie 2>&1); }
# The lists of packages may be missing, or be too old.
if ! fetch >/dev/null; then
  if [ "$(id -u)" = 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi || true
  said=$(fetch) || { printf 'troika: apt cannot download Debian 13'\''s curl: %s\n' "${said##*$'\n'}" >&2; exit 1; }
fi
for package in "$new"/packages/*.deb; do dpkg-deb -x "$package" "$new"; done
rm -rf "$new/packages" "$into"
mv "$new" "$into"
