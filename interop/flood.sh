#!/usr/bin/env bash
# 20,000 clients begin a QUIC handshake and fall silent, each from a port and an address of 127/8 of
# its own, while curl asks on a connection that stays and on new ones: all of curl's requests are
# answered, Retry comes and goes again, and the server's memory comes back:
#   interop/flood.sh [CLIENTS [SECONDS]]
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
flood=$(dirname "$troika")/flood
clients=${1:-20000} seconds=${2:-10}
rss() { awk '/^VmRSS/ {print $2}' "/proc/$server_pid/status"; } # KiB
at_most() { # at_most NAME LIMIT ACTUAL
  printf '%s: %s (at most %s)\n' "$1" "$3" "$2"
  check "$1" yes "$([ "${3%.*}" -le "$2" ] && echo yes || echo no)"
}
ask() { curl -sS --http3-only --max-time 10 --cacert "$ca" -o /dev/null -w '%{http_code}\n' "$@"; }

mkdir -p "$work/site"
echo hello >"$work/site/x"
start_server "$work/site" --workers "${WORKERS:-2}"
for _ in $(seq 20); do ask "$url/x" >/dev/null; done
before=$(rss)

: >"$work/flood"
"$flood" "$port" "$clients" "$seconds" >"$work/flood" 2>&1 &
flooding=$!
# One connection asks ten times a second, for as long as the flood lasts, and a little longer.
ask --rate 10/s --max-time $((seconds + 30)) "$url/x?[1-$((10 * seconds + 10))]" >"$work/kept" &
kept=$!
until grep -q Retry "$work/flood" || ! kill -0 "$flooding" 2>/dev/null; do
  ask "$url/x" >>"$work/new"
  sleep 0.05
done
ended=$(date +%s)
wait "$flooding"
check "the flood" 0 $?
wait "$kept"
cat "$work/flood"
check "requests on the connection that stays" $((10 * seconds + 10)) "$(grep -c '^200$' "$work/kept")"
echo "new connections during the flood: $(wc -l <"$work/new")"
check "requests on new connections" "$(wc -l <"$work/new")" "$(grep -c '^200$' "$work/new")"
check "there were some" yes "$([ "$(wc -l <"$work/new")" -ge 10 ] && echo yes || echo no)"
check "Retry was raised" yes \
  "$([ "$(sed -n 's/.* \([0-9]*\) Retry$/\1/p' "$work/flood")" -gt $((clients / 2)) ] && echo yes || echo no)"
at_most "seconds until Retry is off" 30 "$(sed -n 's/^Retry off after \(.*\) s$/\1/p' "$work/flood")"
left=$((ended + 15 - $(date +%s)))
[ "$left" -le 0 ] || sleep "$left"
at_most "growth in KiB 15 s after the flood" 4096 $(($(rss) - before))
stop_server
check "the server ends well" 0 $?
finish
