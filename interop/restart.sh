#!/usr/bin/env bash
# The server is killed with clients connected over HTTP/3, and started again with the secrets that it
# had kept in a file: each client's next packet is answered by a stateless reset within a second,
# and it comes back. With 1, 2 and 4 workers:
#   interop/restart.sh [WORKERS]...
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
comeback=$(dirname "$troika")/comeback
clients=8

begin() { # begin WORKERS PORT: sets server_pid, port and ca
  : >"$work/banner"
  "$troika" serve --listen "127.0.0.1:$2" --workers "$1" --secrets "$work/secrets" \
    --access-log off 2>"$work/banner" &
  server_pid=$!
  local _
  for _ in $(seq 100); do
    grep -q '^Try it' "$work/banner" && break
    kill -0 "$server_pid" 2>/dev/null || { cat "$work/banner" >&2; exit 1; }
    sleep 0.05
  done
  port=$(sed -n '1s/.*:\([0-9]*\)\/.*/\1/p' "$work/banner")
  ca=$TROIKA_STATE_DIR/ca.pem
}

[ $# != 0 ] || set -- 1 2 4
for workers in "$@"; do
  begin "$workers" 0
  rm -f "$work/go" "$work"/client.*
  mkfifo "$work/go"
  pids=()
  for i in $(seq $clients); do
    "$comeback" "$port" "$ca" <"$work/go" >"$work/client.$i" 2>&1 &
    pids+=($!)
  done
  exec {go}>"$work/go"
  timeout 20 bash -c "until [ \"\$(cat '$work'/client.* | grep -c '^connected$')\" = $clients ]; do sleep 0.05; done"
  check "connections with $workers workers" $clients "$(cat "$work"/client.* | grep -c '^connected$')"
  kill -KILL "$server_pid"
  wait "$server_pid" 2>/dev/null
  begin "$workers" "$port"
  for _ in $(seq $clients); do printf x; done >&"$go" # each of them waits for one
  exec {go}>&-
  for pid in "${pids[@]}"; do
    wait "$pid"
    check "a client comes back with $workers workers" 0 $?
  done
  check "resets with $workers workers" $clients "$(cat "$work"/client.* | grep -c 'stateless reset')"
  grep -h ended "$work"/client.* | sort | tail -1
  stop_server
  check "the server ends well with $workers workers" 0 $?
done
finish
