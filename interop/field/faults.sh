#!/usr/bin/env bash
# What a machine can do to a server: each system call of a request fails with each error that it can
# have, signals storm, disks are full, the clock jumps. It goes on serving, and loses no descriptor.
#   interop/field/faults.sh [calls|short|storm|full|clock]...
# (all of them by default). Needs root for full, the target "faults", and curl with HTTP/3.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# A mount namespace, for the small disks.
if [ "$(id -u)" = 0 ] && [ -z "${TROIKA_FAULTS_INSIDE:-}" ]; then
  TROIKA_FAULTS_INSIDE=1 exec unshare --mount "$0" "$@"
fi
# shellcheck source=interop/server.sh
source interop/server.sh
binary=$troika
troika=$work/faulty
control=$work/control
cat >"$troika" <<END
#!/bin/sh
TROIKA_FAULTS=$control LD_PRELOAD=$PWD/${FAULTS:-build/release/tests/libfaults.so} exec "$binary" "\$@"
END
chmod +x "$troika"
head -c 65 /dev/zero >"$control"

# order CALL ERRNO NTH: that call fails once, when it is made for the NTH time from now on.
generation=0
order() {
  generation=$((generation + 1))
  printf '%08d%-48s%08d0' $generation " $*" $generation 1<>"$control"
}
happened() { [ "$(tail -c 1 "$control")" = 1 ]; }

versions=(--http1.1 --http2 --http3-only)
mkdir -p "$work/site/f"
head -c 150000 /dev/urandom >"$work/site/file"
want=$(sha256sum <"$work/site/file")
# Many names, so that each request opens a file.
name=0
next_name() {
  name=$((name + 1))
  ln "$work/site/file" "$work/site/f/$name"
}
get() { curl -sS --max-time "$1" --cacert "$ca" "$2" "$url/$3" 2>/dev/null; }
serves() { # serves WHAT: with the right bytes in 5 seconds
  local version
  for version in "${versions[@]}"; do
    next_name
    check "$1: $version" "$want" "$(get 5 "$version" f/$name | sha256sum)"
  done
}
descriptors() { find "/proc/$server_pid/fd" -mindepth 1 -printf '%l\n' | sed 's/\[[0-9]*\]//' | sort | uniq -c | grep -v "$work/site/f/"; }
begin() { # begin OPTIONS…
  start_server "$work/site" --workers 1 "$@"
  serves "at start"
  sleep 1
  before=$(descriptors)
}
end() { # end WHAT: with the descriptors of the beginning, and as an operator ends it
  local _
  for _ in $(seq 100); do
    [ "$(descriptors)" = "$before" ] && break
    sleep 0.1
  done
  check "$1: descriptors" "$before" "$(descriptors)"
  stop_server
  check "$1: exit code" 0 $?
}

# What the request path calls, which of the calls of one request fails (each up to that number), and
# the errors that the manual pages name. docs/architecture.md tells on which libuv ends the process.
faults='
accept4          1 EMFILE ENFILE ENOMEM ENOBUFS ECONNABORTED EPERM EPROTO EINTR EAGAIN ENETDOWN
getsockname      1 ENOBUFS
epoll_ctl        1 ENOSPC ENOMEM
epoll_pwait      3 EINTR
recv             4 ECONNRESET ETIMEDOUT EHOSTUNREACH ENOMEM ENOBUFS EINTR EAGAIN
recvmmsg         3 ECONNREFUSED ENOMEM ENOBUFS EIO EINTR EAGAIN
sendmsg          4 ECONNRESET EPIPE ENOBUFS ENOMEM EPERM EMSGSIZE ENETUNREACH EIO EINTR EAGAIN
openat2          2 EACCES ELOOP EMFILE ENFILE ENOMEM EIO EINTR EAGAIN EXDEV ENOENT ESTALE
fstat            2 EIO ENOMEM EOVERFLOW ESTALE
preadv2          2 EIO ENOMEM EINTR EAGAIN EOPNOTSUPP
pread            2 EIO ENOMEM EINTR ESTALE
write            1 ENOSPC EIO EDQUOT EINTR
eventfd_write    2 EINTR
eventfd_read     2 EINTR EAGAIN
shutdown         1 ENOTCONN ENOBUFS
'
declare -A number=([EPERM]=1 [ENOENT]=2 [EINTR]=4 [EIO]=5 [EAGAIN]=11 [ENOMEM]=12 [EACCES]=13 [EXDEV]=18
  [EINVAL]=22 [ENFILE]=23 [EMFILE]=24 [EFBIG]=27 [ENOSPC]=28 [EPIPE]=32 [ELOOP]=40 [EPROTO]=71
  [EOVERFLOW]=75 [EMSGSIZE]=90 [EOPNOTSUPP]=95 [ENETDOWN]=100 [ENETUNREACH]=101 [ECONNABORTED]=103
  [ECONNRESET]=104 [ENOBUFS]=105 [ENOTCONN]=107 [ETIMEDOUT]=110 [ECONNREFUSED]=111 [EHOSTUNREACH]=113
  [ESTALE]=116 [EDQUOT]=122)

calls() {
  local call times errors error version nth code count=0 missed="" slow=""
  begin
  while read -r call times errors; do
    [ -n "$call" ] || continue
    for error in $errors; do
      hit=no
      for nth in $(seq "$times"); do
        for version in "${versions[@]}"; do
          next_name
          order "$call" "${number[$error]}" "$nth"
          code=0
          get 3 "$version" f/$name >/dev/null || code=$?
          if happened; then hit=yes count=$((count + 1)); fi
          [ $code = 28 ] && slow+=" $call:$error:$nth:${version#--}"
        done
        order nothing 0 0
        kill -0 "$server_pid" 2>/dev/null || { check "$call $error $nth" alive dead; cat "$work/banner"; begin; }
      done
      [ $hit = yes ] || missed+=" $call:$error"
      serves "$call $error"
    done
  done <<<"$faults"
  echo "$count calls failed; never made:${missed:- none}; request timed out:${slow:- none}"
  check "pairs that never happened" "" "$missed"
  check "requests that hang" "" "$slow"
  end calls
}

short() { # no descriptor is left for a requested file
  local version error got
  begin
  for error in EMFILE ENFILE; do
    for version in "${versions[@]}"; do
      # Once a second the folder is looked at first; without a descriptor the one that is open does.
      for _ in 1 2 3; do
        next_name
        order openat2 "${number[$error]}" 1
        got=$(curl -sS --max-time 5 --cacert "$ca" "$version" -o /dev/null \
          -w '%{http_code} %header{retry-after}' "$url/f/$name")
        [ "$got" = "200 " ] || break
      done
      check "$error $version" "503 1" "$got"
    done
  done
  order nothing 0 0
  check "a file without a descriptor: said once" 1 "$(grep -c 'got 503: file descriptors' "$work/banner")"
  serves "descriptors again"
  end short
}

storm() { # 1,000 signals a second under load
  local version loads=() load
  begin
  (for _ in $(seq 300); do
    for _ in 1 2 3 4 5; do kill -USR1 "$server_pid"; kill -HUP "$server_pid"; done
    sleep 0.009
  done) &
  local storm=$!
  for version in --http1.1 --http2 --http3; do
    "$binary" bench "$url/file" --cacert "$ca" $version -c 4 -d 3s --json >"$work/load$version" 2>&1 &
    loads+=($!)
  done
  for load in "${loads[@]}"; do wait "$load"; check "storm: a load" 0 $?; done
  wait $storm
  serves storm
  check "storm: lines in the log" yes "$([ "$(wc -l <"$work/access.log")" -gt 100 ] && echo yes)"
  end storm
}

full() {
  if [ -z "${TROIKA_FAULTS_INSIDE:-}" ]; then echo "full: needs root"; return; fi
  local disk=$work/disk code=0 _
  mkdir "$disk"
  mount -t tmpfs -o size=256k,mode=755 tmpfs "$disk" || return
  mkdir "$disk/qlog"
  ln -s "$disk/log" "$work/access.log.full"
  rm -f "$work/access.log"
  ln -s "$disk/log" "$work/access.log"
  begin --keylog "$disk/keys" --qlog "$disk/qlog"
  head -c 300000 /dev/zero >"$disk/fill" 2>/dev/null
  serves "full disk"
  for _ in $(seq 40); do get 5 --http1.1 "f/1?[1-30]" >/dev/null; done # more than a block of lines
  serves "full disk, again"
  sleep 0.3
  check "full disk: said" yes "$(grep -q 'cannot write the access log.*No space left' "$work/banner" && echo yes)"
  check "full disk: said once" 1 "$(grep -c 'cannot write the access log' "$work/banner")"
  "$binary" serve --listen 0 --access-log off --secrets "$disk/secrets" >"$work/said" 2>&1 || code=$?
  check "no room for secrets: exit code" 1 $code
  check "no room for secrets: one sentence" 1 "$(grep -c 'cannot create the secrets file .*No space left' "$work/said")"
  check "no room for secrets: nothing is left" "" "$(find "$disk" -name 'secrets*')"
  rm "$disk/fill"
  rm -f "$disk"/qlog/*
  serves "room again"
  sleep 0.3
  check "room again: the log tells what it lacks" yes "$(grep -q 'lines were dropped here: No space left' "$disk/log" && echo yes)"
  check "room again: whole lines only" "" "$(grep -av '^20.*ms \|^(.* dropped here' "$disk/log" | head -3)"
  stop_server
  check "full: exit code" 0 $?
  umount "$disk"
  rm -f "$work/access.log"
}

clock() { # the wall clock: certificates, tickets, dates and logs use it
  local seconds day
  begin
  for seconds in 3600 -3600 259200 -259200 40000000 -40000000 0; do
    order clock 0 $seconds
    serves "clock ${seconds}s off"
    sleep 1.2 # the next look at the certificates
    serves "clock ${seconds}s off, later"
  done
  day=$(date -u -d '40000000 seconds' +%Y)
  sleep 0.2
  check "the clock was off" yes "$(grep -q "^$day-" "$work/access.log" && echo yes)"
  end clock
}

[ $# -gt 0 ] || set -- calls short storm full clock
for part in "$@"; do
  echo "-- $part"
  "$part"
done
finish
