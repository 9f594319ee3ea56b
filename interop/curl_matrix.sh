#!/usr/bin/env bash
# The real server and the real curl, over every protocol: ./dev test runs it.
set -uo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=interop/server.sh
source interop/server.sh

mkdir -p "$work/site/folder" "$work/site/.git"
printf '<h1>hello</h1>\n' >"$work/site/index.html"
printf 'inside\n' >"$work/site/folder/index.html"
printf 'body { color: red }\n' >"$work/site/style.css"
printf 'secret\n' >"$work/site/.git/config"
printf 'canary\n' >"$work/canary"
ln -s ../canary "$work/site/escape"
head -c 20000000 /dev/urandom >"$work/site/large.bin"
head -c 10485760 /dev/zero >"$work/upload"
: >"$work/site/empty"

versions=(--http1.1 --http2)
declare -A name=([--http1.1]=1.1 [--http2]=2 [--http3-only]=3)
if curl --version | grep -q HTTP3; then
  versions+=(--http3-only)
else
  echo "this curl has no HTTP/3: its column is left out (./dev deps installs one that has)"
fi
fetch() { curl -sS --max-time 30 --cacert "$ca" "$@"; }

http_port=0
pick_port() { # a port nobody listens on, for the plain listeners
  local p
  for p in $(seq 18080 18180); do
    (exec 3<>/dev/tcp/127.0.0.1/"$p") 2>/dev/null || { echo "$p"; return; }
  done
}
http_port=$(pick_port)
redirect_port=$((http_port + 1000))
start_server "$work/site" --http "$http_port" --http-redirect "$redirect_port"

for v in "${versions[@]}"; do
  for host in localhost 127.0.0.1 '[::1]'; do
    [ "$host" != '[::1]' ] || grep -q '\[::1\]' "$work/banner" || continue
    got=$(fetch "$v" -o "$work/out" -w '%{http_code} %{http_version}' "https://$host:$port/")
    check "GET / $v $host" "200 ${name[$v]}" "$got"
    check "bytes of / $v $host" "$(cksum <"$work/site/index.html")" "$(cksum <"$work/out")"
  done
  check "HEAD $v" "200 15 0" \
    "$(fetch "$v" -I -o /dev/null -w '%{http_code} %header{content-length} %{size_download}' "$url/")"
  check "large file $v" "$(sha256sum <"$work/site/large.bin")" "$(fetch "$v" "$url/large.bin" | sha256sum)"
  check "empty file $v" "200 0" "$(fetch "$v" -o /dev/null -w '%{http_code} %{size_download}' "$url/empty")"
  check "media type $v" "text/css; charset=utf-8" \
    "$(fetch "$v" -o /dev/null -w '%{content_type}' "$url/style.css")"
  check "not found $v" 404 "$(fetch "$v" -o /dev/null -w '%{http_code}' "$url/none")"
  check "dotfile $v" 404 "$(fetch "$v" -o /dev/null -w '%{http_code}' "$url/.git/config")"
  check "symlink out of the folder $v" 404 "$(fetch "$v" -o /dev/null -w '%{http_code}' "$url/escape")"
  check "above the root $v" 400 "$(fetch "$v" --path-as-is -o /dev/null -w '%{http_code}' "$url/../canary")"
  check "folder without slash $v" "308 $url/folder/?q" \
    "$(fetch "$v" -o /dev/null -w '%{http_code} %{redirect_url}' "$url/folder?q")"
  check "folder followed $v" inside "$(fetch "$v" -L "$url/folder")"
  check "POST of 10 MiB $v" "405 GET, HEAD, OPTIONS" \
    "$(fetch "$v" --data-binary "@$work/upload" -o /dev/null -w '%{http_code} %header{allow}' "$url/")"
  check "POST without Expect $v" 405 \
    "$(fetch "$v" -H 'Expect:' --data-binary "@$work/upload" -o /dev/null -w '%{http_code}' "$url/")"
  check "two requests, one connection $v" "200 1 200 0" \
    "$(fetch "$v" -o /dev/null -o /dev/null -w '%{http_code} %{num_connects} ' "$url/" "$url/" | xargs)"
  check "twenty in parallel $v" 20 \
    "$(fetch "$v" -Z --parallel-max 20 -o /dev/null -w '%{http_code}\n' "$url/large.bin?[1-20]" | grep -c 200)"
done

for v in --http1.1 --http2; do
  check "Alt-Svc $v" "h3=\":$port\"; ma=3600" \
    "$(fetch "$v" -o /dev/null -w '%header{alt-svc}' "$url/")"
done
plain=http://127.0.0.1:$http_port
check "plain 1.1" "200 1.1" "$(curl -sS -o /dev/null -w '%{http_code} %{http_version}' --http1.1 "$plain/")"
check "plain 1.0" "200 1.1" "$(curl -sS -o /dev/null -w '%{http_code} %{http_version}' --http1.0 "$plain/")"
check "plain h2c" "200 2" \
  "$(curl -sS -o /dev/null -w '%{http_code} %{http_version}' --http2-prior-knowledge "$plain/")"
check "no Alt-Svc without TLS" "" "$(curl -sS -o /dev/null -w '%header{alt-svc}' "$plain/")"
check "redirect to https" "308 https://127.0.0.1:$port/a?b" \
  "$(curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' "http://127.0.0.1:$redirect_port/a?b")"
check "TLS 1.2" 200 "$(fetch --tls-max 1.2 -o /dev/null -w '%{http_code}' "$url/")"
check "TLS 1.1 is refused" 35 "$(fetch --tls-max 1.1 -o /dev/null "$url/" 2>/dev/null; echo $?)"

stop_server
check "exit code after SIGTERM" 0 $?
check "log lines have the protocol" "${#versions[@]}" \
  "$(grep -o 'HTTP/1.1\|HTTP/2\|HTTP/3' "$work/access.log" | sort -u | wc -l)"

# The page that is built in.
start_server
for v in "${versions[@]}"; do
  fetch "$v" "$url/" >"$work/page$v"
  check "built-in page $v" "$(cksum <"$work/page--http1.1")" "$(cksum <"$work/page$v")"
  check "the page's protocol $v" 1 "$(fetch "$v" "$url/protocol.css" | grep -c "\"HTTP/${name[$v]}\"")"
done
stop_server
finish
