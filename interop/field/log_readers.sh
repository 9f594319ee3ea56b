#!/usr/bin/env bash
# What programs that read access logs make of ours. Needs curl with HTTP/3 and GoAccess.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
command -v goaccess >/dev/null || { echo "GoAccess is not installed: ./dev deps"; exit 1; }

mkdir -p "$work/site"
echo page >"$work/site/index.html"
counts=(--http1.1:3 --http2:5 --http3-only:7)

# Lines of the requests panel, of all panels and of the totals, as words.
read_by_goaccess() { # read_by_goaccess PRESET
  goaccess "$work/access.log" --log-format="$1" --no-global-config -o "$work/report.json" >/dev/null 2>&1
  python3 - "$work/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
protocols = {}
for row in report["requests"]["data"]:
    protocols[row["protocol"]] = protocols.get(row["protocol"], 0) + row["hits"]["count"]
print("protocols", *(f"{name}={count}" for name, count in sorted(protocols.items())))
print("failed", report["general"]["failed_requests"])
print("not found", *(f'{row["data"]}={row["hits"]["count"]}' for row in report["not_found"]["data"]))
print("referrers", *(f'{row["data"]}={row["hits"]["count"]}' for row in report["referring_sites"]["data"]))
print("bytes", report["general"]["bandwidth"])
PY
}

for preset in COMBINED CADDY; do
  rm -f "$work/access.log"
  start_server "$work/site" --log-format "${preset,,}"
  for each in "${counts[@]}"; do
    for _ in $(seq "${each#*:}"); do
      curl -sS --max-time 10 --cacert "$ca" "${each%:*}" -o /dev/null "$url/index.html?a=%22b"
    done
  done
  curl -sS --max-time 10 --cacert "$ca" -e 'https://a.example/x' -A $'a"b\\c\tend' -o /dev/null "$url/none"
  page=$(curl -sS --max-time 10 --cacert "$ca" "$url/none" | wc -c)
  stop_server
  said=$(read_by_goaccess "$preset")
  check "$preset: protocols" "protocols HTTP/1.1=3 HTTP/2=5 HTTP/3=7" "$(grep ^protocols <<<"$said")"
  check "$preset: all lines are understood" "failed 0" "$(grep ^failed <<<"$said")"
  check "$preset: what is missing" "not found /none=2" "$(grep '^not found' <<<"$said")"
  check "$preset: referring sites" "referrers a.example=1" "$(grep ^referrers <<<"$said")"
  check "$preset: bytes" "bytes $((15 * 5 + 2 * page))" "$(grep ^bytes <<<"$said")"
done
finish
