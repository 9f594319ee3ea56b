#!/usr/bin/env bash
# Logs that cannot be written, and streams that are closed at start:
#   interop/field/logs.sh [closed|fifo|full|limit|disk]...
# (all of them by default). Needs curl; disk needs root, which mounts a small tmpfs.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh

within() { # within SECONDS COMMAND…: whether it succeeds in that time
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}
says() { grep -q -- "$1" "$2" 2>/dev/null; }
http=$((20000 + RANDOM % 5000))
site=$work/site
mkdir -p "$site"
echo page >"$site/index.html"
answers() { [ "$(curl -sS --max-time 5 "http://127.0.0.1:$http/$1" 2>/dev/null)" = page ]; }
# As start_server, but for the streams, which the caller has redirected.
begin() { "$troika" serve "$site" --listen 0 --http "$http" "$@" & server_pid=$!; }
# So many requests whose lines are N of LINES, with a path of their own each.
ask() { # ask FIRST LAST
  local i
  for i in $(seq "$1" "$2"); do curl -sS --max-time 5 -o /dev/null "http://127.0.0.1:$http/?line-$i"; done
}
whole() { # whole FILE: how many of its lines are none of a request and no notice
  grep -cvE '^[-0-9T:.]+Z 127\.0\.0\.1 GET /[^ ]* 200 5 HTTP/1\.1 [0-9.]+ms - -$|^\([0-9]+ lines were dropped here: .*\)$' "$1"
}
# Lines of requests and those that notices tell of.
kept() { grep -c ' GET ' "$1"; }
told() { sed -n 's/^(\([0-9]*\) lines were dropped here.*/\1/p' "$1" | awk '{n += $1} END {print n + 0}'; }

closed() { # each of the streams, and all of them: nothing lands in a file or a connection
  local how
  for how in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
    (eval "exec $how"; exec "$troika" serve "$site" --listen 0 --http "$http" --keylog "$work/keys") \
      <<<"" >"$work/closed.out" 2>&1 &
    server_pid=$!
    check "served with $how" 0 "$(within 10 answers '?closed'; echo $?)"
    check "answered with $how" page "$(curl -sS --max-time 5 "http://127.0.0.1:$http/")"
    local fd
    for fd in 0 1 2; do
      [ -e "/proc/$server_pid/fd/$fd" ] || check "descriptor $fd is open with $how" yes no
    done
    stop_server
    check "exit code with $how" 0 $?
    check "nothing in the key log with $how" "" "$(grep -vE '^[A-Z_0-9]+ [0-9a-f]+ [0-9a-f]+$' "$work/keys")"
  done
}

fifo() { # nobody reads it; then somebody does, goes, and another one comes
  mkfifo "$work/fifo"
  begin --access-log "$work/fifo" 2>"$work/fifo.said"
  check "a FIFO without a reader does not hold up the start" 0 "$(within 10 answers '?start'; echo $?)"
  within 10 says 'no reader' "$work/fifo.said"
  check "it is said" 1 "$(grep -c 'cannot write the access log .*no reader' "$work/fifo.said")"
  local round
  for round in 1 2; do
    cat "$work/fifo" >"$work/fifo.$round" &
    local reader=$!
    sleep 0.2
    ask 1 10
    within 10 says 'line-10 ' "$work/fifo.$round"
    check "a late reader has all lines since ($round)" 10 "$(grep -c 'line-' "$work/fifo.$round")"
    check "only whole ones ($round)" 0 "$(whole "$work/fifo.$round")"
    check "and is told what is missing ($round)" yes "$([ "$(told "$work/fifo.$round")" -gt 0 ] && echo yes)"
    kill "$reader"; wait "$reader" 2>/dev/null
    ask 11 13
    sleep 0.2  # lines come to the log up to 50 ms late: these find no reader
  done
  check "said once a minute" 1 "$(grep -c 'cannot write' "$work/fifo.said")"
  stop_server
  check "exit code" 0 $?
}

full() { # /dev/full as the access log, as standard output, as standard error, as all
  begin --access-log /dev/full 2>"$work/full.said"
  within 10 answers '?start'
  ask 1 20
  within 10 says 'No space left' "$work/full.said"
  check "a full disk is said once" 1 "$(grep -c 'cannot write the access log /dev/full: No space left on device' "$work/full.said")"
  stop_server; check "exit code" 0 $?
  begin >/dev/full 2>"$work/full.said"
  within 10 answers '?start'
  within 10 says 'No space left' "$work/full.said"
  check "on standard output, too" 1 "$(grep -c 'the access log to standard output: No space' "$work/full.said")"
  stop_server; check "exit code" 0 $?
  begin >/dev/full 2>/dev/full
  check "all is full, and served" 0 "$(within 10 answers '?start'; echo $?)"
  stop_server; check "exit code" 0 $?
}

limit() { # a file that may not grow beyond 64 KiB: EFBIG, and not the end by SIGXFSZ
  (ulimit -f 64; exec "$troika" serve "$site" --listen 0 --http "$http" --access-log "$work/limit.log" \
    2>"$work/limit.said") &
  server_pid=$!
  within 10 answers '?start'
  local long; long=$(printf 'x%.0s' $(seq 2000))
  local i
  for i in $(seq 60); do curl -sS -o /dev/null --max-time 5 "http://127.0.0.1:$http/?$long"; done
  check "still served" 0 "$(within 5 answers '?end'; echo $?)"
  within 10 says 'File too large' "$work/limit.said"
  check "the limit is said once" 1 "$(grep -c 'File too large' "$work/limit.said")"
  check "no half lines" 0 "$(whole "$work/limit.log")"
  local before; before=$(told "$work/limit.log")
  : >"$work/limit.log"
  ask 1 10
  within 10 says 'line-10 ' "$work/limit.log"
  check "it goes on in the emptied file" 10 "$(grep -c 'line-' "$work/limit.log")"
  check "and tells what is missing" yes "$([ $((before + $(told "$work/limit.log"))) -gt 20 ] && echo yes)"
  check "no half lines after that" 0 "$(whole "$work/limit.log")"
  stop_server; check "exit code" 0 $?
}

disk() { # a disk that fills up and gets room again: no line is joined to another, and none uncounted
  [ "$(id -u)" = 0 ] || { echo "disk takes root: left out"; return; }
  mkdir -p "$work/disk"
  mount -t tmpfs -o size=64k tmpfs "$work/disk" || { echo "no tmpfs can be mounted: left out"; return; }
  head -c 49152 /dev/zero >"$work/disk/ballast"
  begin --access-log "$work/disk/log" 2>"$work/disk.said"
  within 10 answers '?start'
  ask 1 300
  within 10 says 'No space left' "$work/disk.said"
  check "a full disk is said" 1 "$(grep -c 'No space left on device' "$work/disk.said")"
  check "no half lines on a full disk" 0 "$(whole "$work/disk/log")"
  rm "$work/disk/ballast"
  ask 301 310
  within 10 says 'line-310 ' "$work/disk/log"
  stop_server; check "exit code" 0 $?
  check "no half lines afterwards" 0 "$(whole "$work/disk/log")"
  local requests; requests=$(($(kept "$work/disk/log") + $(told "$work/disk/log")))
  check "every request is in the log or counted" yes "$([ $requests -ge 311 ] && echo yes)"
  umount "$work/disk"
}

[ $# -gt 0 ] || set -- closed fifo full limit disk
for part in "$@"; do
  echo "== $part"
  "$part"
done
finish
