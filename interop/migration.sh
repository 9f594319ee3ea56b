#!/usr/bin/env bash
# Downloads by real curl over HTTP/3 while the client's port changes every second and its address
# once, held by the relay to at least 12 seconds, with 1, 2 and 4 workers:
#   interop/migration.sh [WORKERS]...
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
relay=${RELAY:-build/release/relay}
relay_pid=
trap '[ -z "$relay_pid" ] || kill "$relay_pid" 2>/dev/null; cleanup' EXIT
at_least() { # at_least NAME LIMIT ACTUAL
  printf '%s: %s (at least %s)\n' "$1" "$3" "$2"
  check "$1" yes "$([ "${3%.*}" -ge "$2" ] && echo yes || echo no)"
}

start_relay() { # start_relay [options…]: to the server; sets relay_port
  : >"$work/relay"
  "$relay" --to "127.0.0.1:$port" --listen 127.0.0.1:0 "$@" >"$work/relay" 2>&1 &
  relay_pid=$!
  local _
  for _ in $(seq 100); do
    grep -q '^relay: .* -> ' "$work/relay" && break
    kill -0 "$relay_pid" 2>/dev/null || { cat "$work/relay" >&2; exit 1; }
    sleep 0.05
  done
  relay_port=$(sed -n '1s/.*:\([0-9]*\) -> .*/\1/p' "$work/relay")
}
stop_relay() { # its summary is in $work/relay then
  kill -TERM "$relay_pid"
  wait "$relay_pid"
  relay_pid=
}

mkdir -p "$work/site"
head -c 7340032 /dev/urandom >"$work/site/7m"
want=$(sha256sum <"$work/site/7m")
[ $# != 0 ] || set -- 1 2 4
for workers in "$@"; do
  start_server "$work/site" --workers "$workers"
  # 7 MiB at 4 Mbit/s are 14.7 seconds.
  start_relay --delay 5ms --down-rate 4Mbit --down-queue 100 --rebind-port 1s --rebind-address 6s:127.0.0.2
  seconds=$(curl -sS --http3-only --max-time 90 --cacert "$ca" -o "$work/got" -w '%{time_total}' \
    "https://localhost:$relay_port/7m" --resolve "localhost:$relay_port:127.0.0.1")
  stop_relay
  check "the same bytes with $workers workers" "$want" "$(sha256sum <"$work/got")"
  at_least "seconds with $workers workers" 12 "$seconds"
  at_least "port changes with $workers workers" 10 \
    "$(sed -n 's/.* clients, \([0-9]*\) port changes.*/\1/p' "$work/relay")"
  check "one address change with $workers workers" 1 \
    "$(sed -n 's/.*, \([0-9]*\) address changes$/\1/p' "$work/relay")"
  check "one client with $workers workers" 1 "$(sed -n 's/^\([0-9]*\) clients.*/\1/p' "$work/relay")"
  cat "$work/relay"
  rm -f "$work/got"
  stop_server
  check "the server ends well with $workers workers" 0 $?
done
finish
