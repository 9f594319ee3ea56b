#!/usr/bin/env bash
# Signals as people, supervisors and terminals send them:
#   interop/field/signals.sh [starts|first_process|hangs|terminal|logs]...
# (all of them by default). Needs root for first_process and hangs, strace, ab, and curl with HTTP/3.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh

within() { # within SECONDS COMMAND…: whether it succeeds in that time
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.02
  done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
says() { grep -q -- "$1" "$2" 2>/dev/null; }
catches() { # catches PID: SIGTERM has a handler in that process, which is the server by now
  local name value program=
  while read -r name value; do
    [ "$name" = Name: ] && program=$value
    [ "$name" = SigCgt: ] && [ "$program" = troika ] && (((16#$value >> 14) & 1)) && return 0
  done 2>/dev/null <"/proc/$1/status"
  return 1
}
soon_after() { sleep "0.$(printf '%03d' $((RANDOM % 200)))"; }
# Up to its end; its exit code is added to a file.
end_of() { # end_of PID_TO_WAIT_FOR PID_TO_KILL FILE
  local code=0
  # Twice: while exec is under way the name is the new one and the handlers are the shell's.
  until catches "$2" && catches "$2"; do gone "$1" && break; done
  soon_after
  kill -TERM "$2" 2>/dev/null
  wait "$1" || code=$?
  echo "$code" >>"$3"
}

starts() { # 200 starts that are ended as soon as that can be heard, or a little later
  local i
  "$troika" serve --listen 0 --access-log off >/dev/null 2>&1 & # makes the certificate
  server_pid=$!
  end_of $! $! "$work/first"
  for i in $(seq 200); do
    "$troika" serve --listen 0 --access-log "$work/log" >/dev/null 2>&1 &
    server_pid=$!
    end_of $! $! "$work/codes"
  done
  server_pid=
  check "exit codes of 200 starts" "200 0" "$(sort "$work/codes" | uniq -c | xargs)"
}

first_process() { # the same as PID 1 of a namespace, where the kernel drops what nobody catches
  local i outer inner
  for i in $(seq 50); do
    unshare --pid --fork --mount-proc "$troika" serve --listen 0 --access-log off >/dev/null 2>&1 &
    outer=$!
    inner=
    until [ -n "$inner" ] || gone $outer; do
      read -r inner _ 2>/dev/null <"/proc/$outer/task/$outer/children"
    done
    server_pid=$inner
    end_of $outer "$inner" "$work/inner"
  done
  server_pid=
  check "exit codes of 50 starts as PID 1" "50 0" "$(sort "$work/inner" | uniq -c | xargs)"
}

hangs() { # a worker hangs in a system call: the third signal ends the process, or 5 s after the second
  mkdir -p "$work/site"
  echo page >"$work/site/index.html"
  local signals tracer code
  for signals in "TERM INT QUIT" "TERM TERM"; do
    start_server "$work/site" --workers 1
    strace -f -o /dev/null -e trace=openat2 -e inject=openat2:delay_enter=90s -p "$server_pid" \
      2>"$work/strace" &
    tracer=$!
    within 10 says attached "$work/strace"
    curl -sk --max-time 1 "$url/" # hangs with the worker
    for signal in $signals; do
      kill -"$signal" "$server_pid"
      sleep 0.3
    done
    within 30 gone_or_zombie "$server_pid"
    check "a server that hangs ends after $signals" 0 $?
    kill -KILL $tracer "$server_pid" 2>/dev/null
    code=0
    wait "$server_pid" || code=$?
    wait $tracer 2>/dev/null # the shell tells of its end
    check "its exit code after $signals" 1 $code
    server_pid=
  done
}
gone_or_zombie() {
  local name value state=Z
  while read -r name value _; do [ "$name" = State: ] && state=$value; done 2>/dev/null <"/proc/$1/status"
  [ "$state" = Z ]
}

# in_terminal COMMAND: has an interactive shell in a terminal of its own run it; the terminal is gone
# when the file $work/close is there, or after 30 s.
in_terminal() {
  rm -f "$work/close"
  python3 - "$1" "$work/close" <<'PYTHON' &
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
os.write(terminal, sys.argv[1].encode() + b"\n")
end = time.monotonic() + 30
while not os.path.exists(sys.argv[2]) and time.monotonic() < end:
    if select.select([terminal], [], [], 0.05)[0]:
        try:
            os.read(terminal, 4096)
        except OSError:
            break
os.close(terminal)
os.waitpid(pid, 0)
PYTHON
  terminal_pid=$!
}
pid_in() { [ -s "$1" ] && catches "$(cat "$1")"; }

terminal() { # the terminal that the server was started in is closed
  local name line pid end
  local run="sh -c 'echo \$\$ >$work/pid; exec $troika serve --listen 0 --access-log $work/tty.log 2>$work/err'"
  for name in foreground background nohup disowned; do
    rm -f "$work/pid" "$work/err" "$work"/tty.log*
    case $name in
      foreground) line=$run end=yes ;;
      background) line="$run &" end=yes ;;
      nohup) line="nohup $run >/dev/null &" end=no ;;
      disowned) line="$run & disown" end=no ;;
    esac
    in_terminal "$line"
    within 20 says '^Try it' "$work/err"
    pid=$(cat "$work/pid")
    server_pid=$pid
    mv "$work/tty.log" "$work/tty.log.1"
    kill -HUP "$pid"
    within 10 test -e "$work/tty.log"
    check "$name: SIGHUP of somebody opens the log again" 0 $?
    gone "$pid"
    check "$name: and ends nothing" 1 $?
    : >"$work/close"
    wait "$terminal_pid" 2>/dev/null
    if [ $end = yes ]; then
      within 10 gone "$pid"
      check "$name: ends with its terminal" 0 $?
      says stopping "$work/err"
      check "$name: gracefully" 0 $?
    else
      sleep 2
      gone "$pid"
      check "$name: lives on without its terminal" 1 $?
      rm "$work/tty.log"
      kill -HUP "$pid"
      within 10 test -e "$work/tty.log"
      check "$name: and opens its log again" 0 $?
      kill -TERM "$pid"
      within 10 gone "$pid"
      check "$name: until it is told to end" 0 $?
    fi
    server_pid=
  done
}

logs() { # 100 renames of the log with SIGUSR1 and SIGHUP under load: each request is a line of a file
  mkdir -p "$work/site"
  echo page >"$work/site/index.html"
  local http i load=()
  http=$((20000 + RANDOM % 5000))
  start_server "$work/site" --http "$http" --keylog "$work/keys"
  ab -q -k -n 60000 -c 20 "http://127.0.0.1:$http/" >"$work/ab" 2>&1 &
  load+=($!)
  for version in --http1.1 --http2 --http3-only; do
    curl -s -Z --parallel-max 10 --cacert "$ca" "$version" -o /dev/null -w '%{http_code}\n' \
      "$url/?[1-3000]" >"$work/curl$version" &
    load+=($!)
  done
  for i in $(seq 100); do
    mv "$work/access.log" "$work/access.log.$i"
    if ((i % 2)); then kill -USR1 "$server_pid"; else kill -HUP "$server_pid"; fi
    within 10 test -e "$work/access.log"
    check "log $i is made" 0 $?
    sleep 0.05
  done
  mv "$work/keys" "$work/keys.1"
  kill -USR1 "$server_pid"
  within 10 test -e "$work/keys"
  check "the key log is made" 0 $?
  wait "${load[@]}"
  stop_server
  check "exit code" 0 $?
  check "requests over HTTP/1.1 without TLS" 60000 "$(awk '/^Complete requests/ {print $3}' "$work/ab")"
  for version in --http1.1 --http2 --http3-only; do
    check "requests with $version" 3000 "$(grep -c '^200$' "$work/curl$version")"
  done
  check "lines" 69000 "$(cat "$work"/access.log* | wc -l)"
  check "whole lines" 69000 "$(cat "$work"/access.log* |
    grep -cE '^20[0-9T:.-]+Z [0-9.:]+ GET /(\?[0-9]+)? 200 5 HTTP/[0-9.]+ [0-9.]+ms [^ ]+ [^ ]+')"
}

[ $# -gt 0 ] || set -- starts first_process hangs terminal logs
for part in "$@"; do
  echo "-- $part"
  "$part"
done
finish
