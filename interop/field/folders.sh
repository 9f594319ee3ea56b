#!/usr/bin/env bash
# A folder that is built again, switched, mounted over and gone while it is served, and a server
# that is refused openat2:
#   interop/field/folders.sh [rebuilt|switched|missing|mounted|refused]...   (all of them by default)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
fetch=$(dirname "$troika")/fetch
rounds=${ROUNDS:-100}
load_pids=()
end_load() {
  touch "$work/over"
  local pid
  for pid in "${load_pids[@]}"; do
    kill -INT "$pid" 2>/dev/null # wrk says what it saw; the loops end by themselves
    wait "$pid"
  done
  load_pids=()
}
end_all() {
  end_load
  cleanup
}
trap end_all EXIT

ask() { curl -sS --max-time 20 --cacert "$ca" "$@"; }
versions=(--http1.1 --http2 --http3-only)
now() { echo $((${EPOCHREALTIME/./} / 1000)); } # milliseconds

release() { # release N FOLDER: each line of each of its files names it
  mkdir -p "$2"
  local line
  line="release $1 of a site that is made again and again"
  echo "$line" >"$2/index.html"
  yes "$line" | head -n 400 >"$2/small.txt"
  yes "$line" | head -n 5000 >"$2/large.txt"
  yes "$line" | head -n 2000 >"$2/app.js"
  [ $(($1 % 2)) = 0 ] || gzip -k -f "$2/app.js" # every other one has a precompressed file
}

# A file that is still being written may end early, but has lines of one release.
of_one_release() {
  awk 'NR == 1 { first = $0 }
       index(first, $0) != 1 || (NR > 1 && last != first) { wrong = 1 }
       { last = $0 }
       END { exit wrong }' "$1"
}

client() { # client PROTOCOL: asks until the end, and notes what is wrong
  local paths=(/ /small.txt /large.txt /app.js /large.txt /small.txt) i status path
  while [ ! -e "$work/over" ]; do
    if ! "$fetch" "--$1" --connect "127.0.0.1:$port" --cacert "$ca" --out "$work/$1" --parallel 6 \
      "${paths[@]}" >"$work/$1.text" 2>&1; then
      cat "$work/$1.text" >>"$work/$1.wrong"
      continue
    fi
    i=0
    while read -r status path _; do
      case $status in
        200) of_one_release "$work/$1/$i" || echo "$path has lines of two releases" ;;
        404) ;;
        *) echo "$status $path" ;;
      esac
      i=$((i + 1))
    done < <(head -n ${#paths[@]} "$work/$1.text") >>"$work/$1.wrong"
  done
}

browser() { # asks for compressed bodies until the end
  local status
  while [ ! -e "$work/over" ]; do
    status=$(ask --http2 --compressed -o "$work/browser.body" -w '%{http_code}' "$url/app.js")
    case $status in
      200) of_one_release "$work/browser.body" || echo "/app.js has lines of two releases" ;;
      404) ;;
      *) echo "$status /app.js" ;;
    esac
  done >>"$work/browser.wrong" 2>&1
}

begin_load() { # begin_load HTTP_PORT
  rm -f "$work/over" "$work"/*.wrong
  local protocol
  for protocol in h2 h3; do
    mkdir -p "$work/$protocol"
    client "$protocol" &
    load_pids+=($!)
  done
  browser &
  load_pids+=($!)
  cat >"$work/releases.lua" <<'LUA'
wrong, right, missing = 0, 0, 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
  if status == 404 then missing = missing + 1 return end
  local line = body:match("^[^\n]*")
  local rest = line == "" and body or body:gsub(line .. "\n", "")
  if status == 200 and line:sub(1, #rest) == rest then right = right + 1 else wrong = wrong + 1 end
end
function done(summary, latency, requests)
  for _, thread in ipairs(threads) do
    io.write(string.format("right %d wrong %d missing %d failed %d\n", thread:get("right"),
      thread:get("wrong"), thread:get("missing"), summary.errors.connect + summary.errors.read))
  end
end
LUA
  wrk -t1 -c8 -d600s -s "$work/releases.lua" "http://127.0.0.1:$1/small.txt" >"$work/wrk" 2>&1 &
  load_pids+=($!)
}

# The release N is served by every request that begins a second after MILLISECONDS, by most before.
served_soon() { # served_soon N MILLISECONDS
  local begun body i=$1
  while :; do
    begun=$(now)
    body=$(ask "${versions[i++ % 3]}" "$url/" 2>&1)
    [ "${body% of a site*}" != "release $1" ] || return 0
    [ $((begun - $2)) -le 1000 ] || { echo "after $((begun - $2)) ms: $body"; return 1; }
  done
}

under_load() { # under_load NAME CHANGE: CHANGE makes release N the one that is served
  local name=$1 change=$2 http=$((20000 + RANDOM % 5000)) n late=0 count
  rm -rf "$work/site" && mkdir "$work/site"
  "$change" 0
  : >"$work/access.log"
  start_server "$work/site/dist" --http "127.0.0.1:$http" --workers 2
  begin_load "$http"
  for n in $(seq "$rounds"); do
    "$change" "$n"
    served_soon "$n" "$(now)" || late=$((late + 1))
  done
  end_load
  check "$name: releases that came late" 0 $late
  check "$name: what is wrong for h2, h3 and compressed" "" "$(cat "$work"/*.wrong)"
  grep '^right' "$work/wrk"
  check "$name: what is wrong for wrk" "wrong 0 failed 0" \
    "$(awk '/^right/ { print $3, $4, $7, $8 }' "$work/wrk")"
  stop_server
  check "$name: exit code" 0 $?
  check "$name: responses with 5xx" 0 "$(awk '$5 >= 500' "$work/access.log" | wc -l)"
  for n in 1.1 2 3; do
    count=$(grep -c " 200 .* HTTP/$n " "$work/access.log")
    echo "$name: $count with 200 over HTTP/$n"
    check "$name: enough over HTTP/$n" yes "$([ "$count" -ge "$rounds" ] && echo yes)"
  done
}

rebuild() {
  rm -rf "$work/new" && release "$1" "$work/new"
  rm -rf "$work/site/dist"
  mkdir "$work/site/dist"
  cp "$work"/new/* "$work/site/dist"
}
rebuilt() { under_load "rm -rf dist; mkdir dist; cp" rebuild; }

switch() {
  release "$1" "$work/site/$1"
  ln -s "$1" "$work/site/next"
  mv -T "$work/site/next" "$work/site/dist"
  rm -rf "$work/site/$(($1 - 3))"
}
switched() { under_load "a link is switched" switch; }

missing() { # 404 and one notice when it goes, and one when it is back
  rm -rf "$work/site" && release 1 "$work/site/dist"
  start_server "$work/site/dist" --workers 2
  local round i
  for round in 1 2; do
    mv "$work/site/dist" "$work/site/away"
    sleep 1
    for i in $(seq 12); do
      check "missing, $i" 404 "$(ask "${versions[i % 3]}" -o /dev/null -w '%{http_code}' "$url/?$i")"
    done
    mv "$work/site/away" "$work/site/dist"
    served_soon 1 "$(now)"
    check "it is back" 0 $?
    for i in $(seq 12); do ask "${versions[i % 3]}" -o /dev/null "$url/"; done
    check "notices that it went" "$round" "$(grep -c 'cannot be opened' "$work/banner")"
    check "notices that it is back" "$round" "$(grep -c 'is available again' "$work/banner")"
  done
  stop_server
  complain=$("$troika" serve --listen 0 "$work/none" 2>&1 </dev/null)
  check "exit code when it is missing at start" 1 $?
  check "what is said then" yes "$([[ $complain == *"does not exist"* ]] && echo yes)"
}

mounted() { # needs a namespace of its own for mounts
  if ! unshare -m true 2>/dev/null; then
    echo "mounted: left out, as this user may not make a namespace for mounts"
    return
  fi
  ROUNDS=$rounds unshare -m "$0" mounted_inside
  check "with mounts" 0 $?
}
mounted_inside() {
  local dist=$work/site/dist round v
  release 1 "$dist"
  start_server "$dist" --workers 2
  for round in 1 2 3; do
    for v in "${versions[@]}"; do ask "$v" --compressed -o /dev/null "$url/app.js"; done
    mount -t tmpfs tmpfs "$dist" && release 2 "$dist"
    served_soon 2 "$(now)"
    check "a mount over the folder" 0 $?
    for v in "${versions[@]}"; do ask "$v" --compressed -o /dev/null "$url/app.js"; done
    sleep 1
    umount "$dist"
    check "umount a second after the last request" 0 $?
    served_soon 1 "$(now)"
    check "the mount is gone" 0 $?
  done
  mount -t tmpfs tmpfs "$dist" && release 2 "$dist"
  head -c 50000000 /dev/zero >"$dist/zeros"
  sleep 1 # now every worker has seen it
  for v in "${versions[@]}"; do
    (ask "$v" --limit-rate 25M "$url/zeros" | sha256sum >"$work/zeros.$v") &
    load_pids+=($!)
  done
  sleep 0.7
  umount -l "$dist"
  served_soon 1 "$(now)"
  check "a mount that is taken away under transfers" 0 $?
  wait "${load_pids[@]}"
  load_pids=()
  for v in "${versions[@]}"; do
    check "the transfer ends as it began $v" "$(head -c 50000000 /dev/zero | sha256sum)" \
      "$(cat "$work/zeros.$v")"
  done
  stop_server
  check "exit code" 0 $?
}

refused() { # openat2 is refused, from the start or later
  local dist=$work/site/dist real=$troika v how
  rm -rf "$work/site" && release 1 "$dist"
  mkdir "$dist/sub"
  ln -s ../app.js "$dist/sub/inside.js"
  echo secret >"$work/site/secret"
  ln -s ../secret "$dist/outside"
  troika=$work/refused
  for how in error=ENOSYS error=EPERM error=ENOSYS:when=20+; do
    printf '#!/bin/sh\nexec strace -D -f -qq -o /dev/null -e trace=openat2 -e inject=openat2:%s %s "$@"\n' \
      "$how" "$real" >"$troika"
    chmod +x "$troika"
    start_server "$dist" --workers 2
    check "$how: said at start" "$([[ $how == *when* ]] && echo 0 || echo 1)" \
      "$(grep -c 'openat2 is refused' "$work/banner")"
    for _ in $(seq 10); do
      for v in "${versions[@]}"; do
        check "$how: served $v" "200 $(stat -c %s "$dist/app.js")" \
          "$(ask "$v" -o /dev/null -w '%{http_code} %{size_download}' "$url/sub/inside.js")"
        check "$how: a link out $v" 404 \
          "$(ask "$v" -o /dev/null -w '%{http_code}' "$url/outside")"
      done
      sleep 0.11
    done
    rm -rf "$dist.new" && cp -a "$dist" "$dist.new" && release 2 "$dist.new"
    mv "$dist" "$dist.old" && mv "$dist.new" "$dist"
    served_soon 2 "$(now)"
    check "$how: another folder" 0 $?
    rm -rf "$dist" && mv "$dist.old" "$dist"
    stop_server
    check "$how: exit code" 0 $?
  done
  troika=$real
}

[ $# -gt 0 ] || set -- rebuilt switched missing mounted refused
for part in "$@"; do
  echo "== $part"
  "$part"
done
finish
