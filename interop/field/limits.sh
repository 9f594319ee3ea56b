#!/usr/bin/env bash
# A machine that has too little of something: the server says so in one sentence and exits with 1, or
# it serves and ends well; it is never killed by a signal of its own.
#   interop/field/limits.sh [descriptors|threads|memory|quota]...
# (all of them by default). Needs root for threads and quota.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh

# outcome COMMAND…: "refused" for a sentence and exit code 1, "served" for a banner and, after SIGTERM,
# exit code 0; else what happened.
outcome() {
  local code=0 _
  : >"$work/said"
  "$@" >"$work/said" 2>&1 &
  server_pid=$!
  for _ in $(seq 200); do
    grep -q '^Try it' "$work/said" && break
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -TERM "$server_pid" 2>/dev/null
  wait "$server_pid" || code=$?
  server_pid=
  if [ $code = 0 ] && grep -q '^Try it' "$work/said"; then
    echo served
  elif [ $code = 1 ] && [ "$(wc -l <"$work/said")" = 1 ] && grep -q '^troika: ' "$work/said"; then
    echo refused
  else
    echo "exit code $code: $(cat "$work/said")"
  fi
}
limited() { # limited OPTION VALUE COMMAND…: with that ulimit, and without core files
  ulimit -c 0
  ulimit "$1" "$2" || return
  shift 2
  exec "$@"
}

descriptors() {
  local n result
  check "64 workers with 256 descriptors" refused \
    "$(outcome limited -n 256 "$troika" serve --listen 0 --access-log off --workers 64)"
  for n in 8 16 32 48 64 80 96 128 256; do
    result=$(outcome limited -n $n "$troika" serve --listen 0 --access-log off --workers 2)
    echo "$n descriptors: $result"
    case $n in
      8 | 16 | 32) check "$n descriptors" refused "$result" ;;
      256) check "$n descriptors" served "$result" ;;
      *) check "$n descriptors: $result" 0 "$([[ $result = served || $result = refused ]]; echo $?)" ;;
    esac
  done
}

threads() { # root is exempt from RLIMIT_NPROC, so a user who has nothing else
  local n result id=64123
  mkdir "$work/theirs"
  cp "$troika" "$work/theirs/troika"
  chown -R $id:$id "$work/theirs"
  chmod 711 "$work"
  for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 18 20 40; do
    result=$(outcome setpriv --reuid $id --regid $id --clear-groups env "TROIKA_STATE_DIR=$work/theirs/state" \
      prlimit --nproc=$n "$work/theirs/troika" serve --listen 0 --access-log "$work/theirs/log" --workers 2)
    echo "$n threads: $result"
    case $n in
      1 | 2 | 3) check "$n threads" refused "$result" ;;
      40) check "$n threads" served "$result" ;;
      *) check "$n threads: $result" 0 "$([[ $result = served || $result = refused ]]; echo $?)" ;;
    esac
  done
}

memory() { # with too little, not even the dynamic linker comes to its end: that is exit code 127
  local mib result
  for mib in $(seq 20 5 200) 400 1000; do
    result=$(outcome limited -v $((mib * 1024)) "$troika" serve --listen 0 --access-log off --workers 2)
    case $mib in
      1000) check "$mib MiB" served "$result" ;;
      *) check "$mib MiB: $result" 0 "$([[ $result = served || $result = refused || $result = "exit code 127"* ]]; echo $?)" ;;
    esac
  done
}

in_group() { # in_group FOLDER COMMAND…
  echo "$BASHPID" >"$1/cgroup.procs" || return
  shift
  exec "$@"
}
quota() { # as many workers as the cgroup's quota, of version 2 or 1, leaves
  local group=/sys/fs/cgroup most quota _
  [ -e $group/cgroup.controllers ] || group=/sys/fs/cgroup/cpu
  group+=/troika-field-$$
  most=$(nproc)
  if [ "$most" -lt 2 ] || ! mkdir $group 2>/dev/null; then
    echo "skipped: one core, or no cgroup can be made"
    return
  fi
  for quota in 50000:1 100000:1 100001:2 "$((most * 200000)):$most"; do
    if [ -e $group/cpu.max ]; then
      echo "${quota%:*} 100000" >$group/cpu.max
    else
      echo "${quota%:*}" >$group/cpu.cfs_quota_us
    fi
    in_group $group "$troika" serve --listen 127.0.0.1:0 --access-log off 2>"$work/said" &
    server_pid=$!
    for _ in $(seq 200); do
      grep -q '^Try it' "$work/said" && break
      sleep 0.05
    done
    port=$(sed -n '1s/.*:\([0-9]*\)\/.*/\1/p' "$work/said")
    check "workers with a quota of ${quota%:*} us in 100 ms" "${quota#*:}" \
      "$(ss -Hltn "sport = :$port" | wc -l)"
    stop_server
  done
  rmdir $group
}

[ $# -gt 0 ] || set -- descriptors threads memory quota
for part in "$@"; do
  echo "-- $part"
  "$part"
done
finish
