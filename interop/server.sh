# Starts and stops the real server for the scripts of this folder; sourced by them.
# shellcheck shell=bash
troika=${TROIKA:-build/release/troika}
work=$(mktemp -d)
export TROIKA_STATE_DIR=$work/state
server_pid=

stop_server() { # ends the server as an operator would; its exit code is the result
  [ -n "$server_pid" ] || return 0
  kill -TERM "$server_pid" 2>/dev/null
  local code=0
  wait "$server_pid" || code=$?
  server_pid=
  return $code
}

cleanup() {
  [ -z "$server_pid" ] || kill -KILL "$server_pid" 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

# start_server DIR [options…]: on ports that are free; sets url, port and ca.
start_server() {
  : >"$work/banner"
  "$troika" serve "$@" --listen 0 --access-log "$work/access.log" 2>"$work/banner" &
  server_pid=$!
  local i
  for i in $(seq 100); do
    grep -q '^Try it' "$work/banner" && break
    kill -0 "$server_pid" 2>/dev/null || { cat "$work/banner" >&2; exit 1; }
    sleep 0.05
  done
  port=$(sed -n '1s/.*:\([0-9]*\)\/.*/\1/p' "$work/banner")
  url=https://localhost:$port
  ca=$TROIKA_STATE_DIR/ca.pem
}

passed=0 failed=0
check() { # check NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
  fi
}
finish() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}
