#!/usr/bin/env bash
# --user: whose rights the server has once it serves, and that they suffice for what it does later;
# and what it never has, with or without --user.
#   interop/field/user.sh [drops|reads_again|reopens|refuses|always]...
# (all of them by default). Needs root, openssl, nm, and curl with HTTP/3.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
user=nobody
uid=$(id -u $user) gid=$(id -g $user)
chmod 711 "$work"
mkdir "$work/site" "$work/theirs" "$work/roots"
echo hello >"$work/site/index.html"
export TROIKA_STATE_DIR=$work/theirs/state

pair() { # pair NAME: a certificate of that name in the user's folder
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -addext subjectAltName=DNS:localhost -keyout "$work/theirs/new.key" -out "$work/theirs/new.pem" 2>/dev/null
  chown $user "$work"/theirs/new.*
  mv "$work/theirs/new.key" "$work/theirs/key.pem"
  mv "$work/theirs/new.pem" "$work/theirs/cert.pem"
}
chown $user "$work/theirs"
chmod 700 "$work/theirs"
pair first

start() { # start OPTIONS…: serves the site with that pair
  : >"$work/banner"
  "$troika" serve "$work/site" --cert "$work/theirs/cert.pem" --key "$work/theirs/key.pem" --workers 2 \
    "$@" >/dev/null 2>"$work/banner" &
  server_pid=$!
  local _
  for _ in $(seq 200); do
    grep -q '^Try it' "$work/banner" && break
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.05
  done
  port=$(sed -n '1s/.*:\([0-9]*\)\/.*/\1/p' "$work/banner")
}
get() { curl -sS --max-time 5 -k "$1" "https://localhost:$port/" 2>/dev/null; }
serves() { # serves WHAT
  local version
  for version in --http1.1 --http2 --http3-only; do
    check "$1: $version" hello "$(get $version)"
  done
}
# The different values of a line in the status of all threads.
of_threads() { awk -v name="$1:" '$1 == name { $1 = ""; print }' "/proc/$server_pid"/task/*/status | sort -u | xargs; }
never() { # never WHAT: what no server may have
  check "$1: NoNewPrivs of all threads" 1 "$(of_threads NoNewPrivs)"
  check "$1: core limits" "0 0" "$(awk '/^Max core/ {print $5, $6}' "/proc/$server_pid/limits")"
  check "$1: its memory is root's" 0 "$(stat -c %u "/proc/$server_pid/mem")"
}

drops() {
  local low=1023 threads
  start --user $user --listen 127.0.0.1:$low --access-log "$work/theirs/log" --keylog "$work/theirs/keys" \
    --secrets "$work/theirs/secrets" --qlog "$work/theirs"
  serves "drops"
  threads=$(find "/proc/$server_pid/task" -mindepth 1 -maxdepth 1 | wc -l)
  check "several threads" yes "$([ "$threads" -gt 4 ] && echo yes)"
  check "uids of all threads" "$uid $uid $uid $uid" "$(of_threads Uid)"
  check "gids of all threads" "$gid $gid $gid $gid" "$(of_threads Gid)"
  check "groups of all threads" "$(id -G $user)" "$(of_threads Groups)"
  check "effective rights of all threads: low ports" 0000000000000400 "$(of_threads CapEff)"
  check "permitted rights" 0000000000000400 "$(of_threads CapPrm)"
  check "inheritable rights" 0000000000000000 "$(of_threads CapInh)"
  check "ambient rights" 0000000000000000 "$(of_threads CapAmb)"
  never drops
  check "owners of its files" "$user" "$(stat -c %U "$work"/theirs/{log,keys,secrets,*.sqlog} | sort -u)"
  stop_server
  check "drops: exit code" 0 $?
  start --user $user --listen 0 --access-log "$work/theirs/log" --secrets "$work/theirs/secrets"
  serves "once more, with its secrets"
  stop_server
}

reads_again() { # certificates that change, as that user
  start --user $user --listen 0 --access-log off
  serves "before"
  pair second
  local _
  for _ in $(seq 100); do
    grep -q 'new certificates' "$work/banner" && break
    sleep 0.05
  done
  check "the new certificate is served" yes "$(openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | grep -q 'CN *= *second' && echo yes)"
  chown root "$work/theirs/key.pem"
  chmod 600 "$work/theirs/key.pem"
  touch "$work/theirs/cert.pem"
  for _ in $(seq 100); do
    grep -q 'certificates not changed' "$work/banner" && break
    sleep 0.05
  done
  check "a key that the user cannot read is said" yes "$(grep -q 'certificates not changed.*Permission denied' "$work/banner" && echo yes)"
  serves "after that"
  chown $user "$work/theirs/key.pem"
  stop_server
}

reopens() {
  local signal _
  start --user $user --listen 0 --access-log "$work/theirs/rotated"
  for signal in USR1 HUP; do
    serves "before $signal"
    sleep 0.2 # lines are written within 50 ms
    mv "$work/theirs/rotated" "$work/theirs/rotated.$signal"
    kill -$signal "$server_pid"
    for _ in $(seq 100); do [ -e "$work/theirs/rotated" ] && break; sleep 0.02; done
    serves "after $signal"
    sleep 0.2
    check "$signal: lines in the new log" 3 "$(wc -l <"$work/theirs/rotated")"
  done
  stop_server
}

# refused WHAT OPTIONS…: exit code 1 and one sentence with WHAT in it.
refused() {
  local what=$1 code=0; shift
  timeout 10 "$@" >"$work/said" 2>&1 || code=$?
  check "$what: exit code" 1 $code
  check "$what: lines" 1 "$(wc -l <"$work/said")"
  check "$what: $(cat "$work/said")" yes "$(grep -q -- "$what" "$work/said" && echo yes)"
}
refuses() {
  local serve=("$troika" serve --listen 0)
  local pair=(--cert "$work/theirs/cert.pem" --key "$work/theirs/key.pem")
  refused 'has no user "no-such-user"' "${serve[@]}" --user no-such-user
  refused "keep root's rights" "${serve[@]}" --user root
  cp "$troika" "$work/theirs/troika"
  refused 'works only when root starts' setpriv --reuid $uid --regid $gid --clear-groups \
    "$work/theirs/troika" serve --listen 0 --user $user
  refused 'cannot become the user' setpriv --bounding-set -setuid,-setgid --inh-caps -setuid,-setgid \
    "${serve[@]}" --user $user
  cp "$work/theirs/key.pem" "$work/roots/key.pem"
  chmod 600 "$work/roots/key.pem"
  refused "as the user $user: .*$work/roots/key.pem.*Permission denied" \
    "${serve[@]}" --user $user --cert "$work/theirs/cert.pem" --key "$work/roots/key.pem"
  refused "as the user $user: .*access log.*Permission denied" \
    "${serve[@]}" "${pair[@]}" --user $user --access-log "$work/roots/log"
  refused "as the user $user: .*secrets file.*Permission denied" \
    "${serve[@]}" "${pair[@]}" --user $user --secrets "$work/roots/secrets"
  refused "as the user $user: .*key log.*Permission denied" \
    "${serve[@]}" "${pair[@]}" --user $user --keylog "$work/roots/keys"
  mkdir -m 700 "$work/closed"
  refused "as the user $user: .*$work/closed" \
    "$troika" serve "$work/closed" --listen 0 "${pair[@]}" --user $user
  refused "as the user $user: .*$work/roots" \
    env TROIKA_STATE_DIR="$work/roots/state" "${serve[@]}" --user $user
}

always() { # without --user
  start --listen 0 --access-log off
  serves always
  check "root stays root" "0 0 0 0" "$(of_threads Uid)"
  never always
  stop_server
  check "calls that start programs" "" \
    "$(nm -D --undefined-only "$troika" | grep -wE '(fork|vfork|system|popen|posix_spawnp?|exec[vl]p?e?|execveat|uv_spawn)(@.*)?' | xargs)"
}

[ $# -gt 0 ] || set -- drops reads_again reopens refuses always
for part in "$@"; do
  echo "-- $part"
  "$part"
done
finish
