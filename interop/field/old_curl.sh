#!/usr/bin/env bash
# Debian 13's own curl over HTTP/3. It may never open its QPACK streams, and it drops a response when
# it is told to stop sending: 2,000 downloads and 200 uploads of 1 MiB that are refused by 405.
#   interop/field/old_curl.sh [DOWNLOADS [UPLOADS]]
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh
interop/debian13_curl.sh || exit
downloads=${1:-2000} uploads=${2:-200}

mkdir -p "$work/site"
echo hello >"$work/site/hello.txt"
head -c 1048576 /dev/urandom >"$work/upload"
start_server "$work/site"

one() { # one [options…]: what came of a request, and curl's own words when it failed
  LD_LIBRARY_PATH=$(echo build/debian13-curl/usr/lib/*/) build/debian13-curl/usr/bin/curl -sS \
    --http3-only --cacert "$ca" --max-time 20 -o /dev/null -w '%{http_code} %{http_version}\n' "$@" \
    "$url/hello.txt" 2>&1
}
export -f one
export ca url work
check "it is 8.14" yes "$(one --version | grep -q '^curl 8\.14\.' && echo yes)"
outcomes() { sort | uniq -c | sed 's/^ *//'; }
check "downloads" "$downloads 200 3" \
  "$(seq "$downloads" | xargs -P 4 -I{} bash -c one | outcomes)"
check "uploads" "$uploads 405 3" \
  "$(seq "$uploads" | xargs -P 4 -I{} bash -c "one --data-binary @$work/upload" | outcomes)"
stop_server
check "exit code" 0 $?
check "requests in the access log" $((downloads + uploads)) "$(wc -l <"$work/access.log")"
# A few clients of each hundred vanish without closing their connection: after 30 s what they have
# acknowledged is logged. Of the others every byte counts.
check "bytes of the log, but for connections that timed out" "6 GET
23 POST" "$(awk '$8 + 0 < 20000 {print $6, $3}' "$work/access.log" | sort -k2 -u)"
finish
