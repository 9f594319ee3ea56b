#!/usr/bin/env bash
# What the issues promise and a unit test cannot show, each by a name:
#   interop/acceptance.sh [memory|many|stalled|drain|load|errors|migration|restart|flood|field]...
# (all of them by default)
set -uo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=interop/server.sh
source interop/server.sh
versions=(--http1.1 --http2 --http3-only)
fetch() { curl -sS --max-time 120 --cacert "$ca" "$@"; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$server_pid/status"; } # KiB
at_most() { # at_most NAME LIMIT ACTUAL
  printf '%s: %s (at most %s)\n' "$1" "$3" "$2"
  check "$1" yes "$([ "$3" -le "$2" ] && echo yes || echo no)"
}

memory() { # a file of 1 GiB over each protocol: the same bytes, and memory grows by 32 MiB at most
  mkdir -p "$work/big"
  openssl enc -aes-128-ctr -pass pass:troika -nosalt -pbkdf2 </dev/zero 2>/dev/null | head -c 1073741824 >"$work/big/1g"
  local want; want=$(sha256sum <"$work/big/1g")
  start_server "$work/big"
  for v in "${versions[@]}"; do
    fetch "$v" -o /dev/null "$url/none"
    local before; before=$(rss)
    check "1 GiB $v" "$want" "$(fetch "$v" "$url/1g" | sha256sum)"
    at_most "growth in KiB $v" 32768 $(($(rss) - before))
  done
  stop_server
  rm -rf "$work/big"
}

many() { # 100 downloads of 16 MiB at once over each protocol
  mkdir -p "$work/many"
  head -c 16777216 /dev/urandom >"$work/many/16m"
  start_server "$work/many"
  for v in "${versions[@]}"; do
    local ok
    ok=$(seq 100 | xargs -P 100 -I{} curl -sS --max-time 120 --cacert "$ca" "$v" -o /dev/null \
      -w '%{http_code} %{size_download}\n' "$url/16m" | grep -c '^200 16777216$')
    check "100 at once $v" 100 "$ok"
  done
  stop_server
}

stalled() { # 100 readers a protocol that stop: 128 MiB in all, and another download goes on
  mkdir -p "$work/stalled"
  head -c 67108864 /dev/urandom >"$work/stalled/64m"
  start_server "$work/stalled"
  fetch --http2 -o /dev/null "$url/none"
  local before; before=$(rss)
  for p in h1 h2 h3; do
    mkfifo "$work/$p.in"
    "$(dirname "$troika")/stall" "$p" "$port" "$ca" /64m 100 <"$work/$p.in" >"$work/$p.out" &
    exec {hold}>"$work/$p.in"
  done
  for p in h1 h2 h3; do
    timeout 60 bash -c "until grep -q stalled '$work/$p.out'; do sleep 0.1; done"
    check "100 stalled readers $p" "stalled 100" "$(cat "$work/$p.out")"
  done
  at_most "memory of 300 stalled readers in KiB" 131072 $(($(rss) - before))
  for v in "${versions[@]}"; do
    check "a download beside them $v" "$(sha256sum <"$work/stalled/64m")" "$(fetch "$v" "$url/64m" | sha256sum)"
  done
  kill -KILL "$server_pid"; wait "$server_pid" 2>/dev/null; server_pid=
}

drain() { # SIGTERM while half of each download is to come: all finish, exit 0, nothing new is taken
  mkdir -p "$work/drain"
  head -c 60000000 /dev/urandom >"$work/drain/60m"
  local want; want=$(sha256sum <"$work/drain/60m")
  start_server "$work/drain"
  for v in "${versions[@]}"; do
    (fetch "$v" --limit-rate 15M "$url/60m" | sha256sum >"$work/drain.$v") &
  done
  sleep 1
  kill -TERM "$server_pid"
  sleep 0.5
  for v in "${versions[@]}"; do
    check "no new request $v" "000" "$(fetch "$v" --max-time 2 -o /dev/null -w '%{http_code}' "$url/60m" 2>/dev/null)"
  done
  local code=0; wait "$server_pid" || code=$?
  server_pid=
  check "exit code" 0 $code
  sleep 0.5
  for v in "${versions[@]}"; do check "drained $v" "$want" "$(cat "$work/drain.$v")"; done
}

load() { # wrk and ab without one failed request
  mkdir -p "$work/load"
  head -c 1000 /dev/urandom >"$work/load/1k"
  local http; http=$((20000 + RANDOM % 5000))
  start_server "$work/load" --http "$http"
  local seconds=${SECONDS_OF_LOAD:-10} out
  for target in "http://127.0.0.1:$http/1k" "https://127.0.0.1:$port/1k"; do
    out=$(wrk -t2 -c400 -d"${seconds}s" "$target")
    printf '%s\n' "$out" | grep -E 'Requests/sec|Socket errors|Non-2xx'
    check "wrk $target" "" "$(printf '%s\n' "$out" | grep -E 'Socket errors|Non-2xx')"
    check "wrk $target served" yes "$(printf '%s\n' "$out" | grep -q ' requests in ' && echo yes)"
  done
  out=$(ab -q -n 1000 -c 10 "http://127.0.0.1:$http/1k" 2>&1)
  check "ab complete" 1000 "$(printf '%s\n' "$out" | awk '/^Complete requests/ {print $3}')"
  check "ab failed" 0 "$(printf '%s\n' "$out" | awk '/^Failed requests/ {print $3}')"
  stop_server
  check "exit code" 0 $?
}

errors() { # what goes wrong at start is one sentence and exit code 1
  mkdir -p "$work/errors"
  start_server "$work/errors"
  complain() { # complain NAME PATTERN OPTIONS…: fails with one line that matches
    local name=$1 pattern=$2 text code=0; shift 2
    text=$("$troika" serve "$@" 2>&1 </dev/null) || code=$?
    check "$name: exit code" 1 $code
    check "$name: one line" 1 "$(printf '%s\n' "$text" | wc -l)"
    printf '%s\n' "$text" | grep -qE -- "$pattern"
    check "$name: says '$pattern' in: $text" 0 $?
  }
  complain "second server" "$port.*(taken|in use)" --listen "127.0.0.1:$port" "$work/errors"
  complain "the same address twice" "same port" --listen 127.0.0.1:9 --listen 0.0.0.0:9
  complain "folder missing" "$work/none" --listen 0 "$work/none"
  complain "folder is a file" "$work/file" --listen 0 "$(echo x >"$work/file"; echo "$work/file")"
  complain "certificate missing" "$work/c.pem" --listen 0 --cert "$work/c.pem" --key "$work/k.pem"
  complain "key does not match" "does not belong" --listen 0 --cert "$TROIKA_STATE_DIR/localhost.pem" \
    --key "$TROIKA_STATE_DIR/ca-key.pem"
  complain "bad address" "nonsense" --listen nonsense
  complain "cert without key" "in pairs" --cert "$work/c.pem"
  complain "access log" "access log" --listen 0 --access-log "$work/none/log"
  complain "key log" "key log" --listen 0 --keylog "$work/none/keys"
  complain "unknown option" "--nope" --nope
  stop_server
}

script() { # script NAME: one that starts servers of its own
  local code=0
  "interop/$1.sh" || code=$?
  check "interop/$1.sh" 0 $code
}
migration() { script migration; } # downloads on ever new ports and a new address
restart() { script restart; }     # kill -9, and what the clients make of it
flood() { script flood; }         # 20,000 handshakes that nobody finishes
# What users of other servers have reported: one script a subject, each with servers of its own.
field() {
  local file
  for file in interop/field/*.sh; do
    file=${file#interop/}
    echo "-- ${file%.sh}"
    script "${file%.sh}"
  done
}

[ $# -gt 0 ] || set -- errors drain stalled many memory load migration restart flood field
for part in "$@"; do
  echo "== $part"
  "$part"
done
finish
