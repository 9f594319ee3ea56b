#!/usr/bin/env bash
# System calls that fail while the server serves (strace -e inject): it goes on serving.
#   interop/field/inject.sh [epoll_ctl|accept4|recvmmsg|sendmsg|preadv2]...
# (all of them by default). Needs root, strace, and curl with HTTP/3.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
versions=(--http1.1 --http2 --http3-only)
mkdir -p "$work/site"
head -c 8000000 /dev/urandom >"$work/site/8m"
want=$(sha256sum <"$work/site/8m")
fetch() { curl -sS --max-time 20 --cacert "$ca" "$@" 2>/dev/null; }

# fails CALL ERROR WHEN COMMAND…: meanwhile those calls of the server fail; how often is in `failed_calls`.
fails() {
  local call=$1 error=$2 when=$3 tracer _; shift 3
  sleep 0.3 # what earlier connections leave behind is done
  : >"$work/strace"
  strace -f -o "$work/trace" -e trace="$call" -e inject="$call:error=$error:when=$when" \
    -p "$server_pid" 2>"$work/strace" &
  tracer=$!
  for _ in $(seq 200); do
    grep -q attached "$work/strace" && break
    sleep 0.05
  done
  sleep 0.2 # all threads
  "$@"
  kill -TERM $tracer
  wait $tracer 2>/dev/null
  failed_calls=$(grep -c INJECTED "$work/trace")
}
still_serves() { # still_serves WHAT: over each protocol, with the right bytes
  local version
  for version in "${versions[@]}"; do
    check "after $1: $version" "$want" "$(fetch "$version" "$url/8m" | sha256sum)"
  done
  kill -0 "$server_pid"
  check "after $1: the server is there" 0 $?
}
happened() { check "$1: some calls failed" yes "$([ "$failed_calls" -gt 0 ] && echo yes)"; }
download() { got=$(fetch "$1" "$url/8m" | sha256sum); }
all() { for version in "${versions[@]}"; do download "$version"; done; }

# The first one of a new connection is libuv's probe. (The real registration, which comes next, ends
# the process when it fails: docs/architecture.md.)
epoll_ctl() {
  local error
  for error in ENOSPC ENOMEM; do
    fails epoll_ctl $error 1 download --http1.1
    happened "epoll_ctl $error"
    check "epoll_ctl $error: that connection is dropped" "$(sha256sum </dev/null)" "$got"
    still_serves "epoll_ctl $error"
  done
}
accept4() {
  local error
  for error in EMFILE ENFILE ENOMEM ENOBUFS ECONNABORTED EPERM EPROTO EINTR; do
    fails accept4 $error 1+2 download --http2
    happened "accept4 $error"
    check "accept4 $error: the client waits" "$want" "$got"
    still_serves "accept4 $error"
  done
}
recvmmsg() {
  local error
  for error in EIO ENOMEM ECONNREFUSED EINTR; do
    fails recvmmsg $error 2+3 download --http3-only
    happened "recvmmsg $error"
    check "recvmmsg $error: the download goes on" "$want" "$got"
    still_serves "recvmmsg $error"
  done
}
sendmsg() { # what TCP loses so is the connection; QUIC sends again
  local error
  for error in EIO ENOBUFS EPERM ENETUNREACH ENOMEM; do
    fails sendmsg $error 5+7 download --http3-only
    happened "sendmsg $error"
    check "sendmsg $error: the download goes on" "$want" "$got"
    fails sendmsg $error 2+2 all
    happened "sendmsg $error over TCP"
    still_serves "sendmsg $error"
  done
}
preadv2() {
  local error
  for error in EIO ENOMEM EINTR; do
    fails preadv2 $error 2+3 all
    happened "preadv2 $error"
    still_serves "preadv2 $error"
  done
}

[ $# -gt 0 ] || set -- epoll_ctl accept4 recvmmsg sendmsg preadv2
for part in "$@"; do
  echo "-- $part"
  start_server "$work/site" --workers 1
  "$part"
  stop_server
  check "$part: exit code" 0 $?
done
finish
