#!/usr/bin/env bash
# qlog files of real curl's sessions, read by a JSON reader that is not ours: of a server that goes on,
# that is killed, and that is ended. By hand: it needs python3.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
# shellcheck source=interop/server.sh
source interop/server.sh

logs=$work/logs
mkdir "$logs"
start_server --workers 2 --qlog "$logs"

fetch() { # so many sessions
  local i
  for i in $(seq "$1"); do
    curl -sS --max-time 20 --cacert "$ca" --http3-only -o /dev/null -w '%{http_code}\n' "$url/" ||
      echo "session $i: curl failed"
  done
}
files() { find "$logs" -name '*.sqlog' | wc -l; }

# What is whole in each file has to be JSON: a header, then events that viewers know.
read_logs() {
  python3 - "$logs" <<'END'
import json, pathlib, sys

known = {'transport:parameters_set', 'transport:packet_sent', 'transport:packet_received',
         'recovery:metrics_updated', 'recovery:packet_lost'}
for path in sorted(pathlib.Path(sys.argv[1]).glob('*.sqlog')):
    first, *records = path.read_bytes().split(b'\x1e')
    assert first == b'', path
    if not records[-1].endswith(b'\n'):
        records.pop()
    header, *events = [json.loads(record) for record in records]
    assert header['qlog_format'] == 'JSON-SEQ' and header['qlog_version'] == '0.3', path
    assert header['trace']['vantage_point']['type'] == 'server', path
    assert header['trace']['common_fields']['group_id'] == path.stem, path
    assert {event['name'] for event in events} <= known, path
    assert all(event['time'] >= 0 and event['data'] for event in events), path
    sent = [event for event in events if event['name'] == 'transport:packet_sent']
    assert any(frame['frame_type'] == 'stream' for event in sent for frame in event['data']['frames'])
    assert path.stat().st_mode & 0o777 == 0o600, path
print('valid')
END
}

check "three sessions" "200 200 200" "$(fetch 3 | xargs)"
for _ in $(seq 100); do
  [ "$(files)" -ge 3 ] && [ "$(read_logs 2>/dev/null)" = valid ] && break
  sleep 0.05
done
check "their files" 3 "$(files)"
check "while the server goes on" valid "$(read_logs 2>&1)"

{
  kill -KILL "$server_pid"
  wait "$server_pid"
} 2>/dev/null
server_pid=
check "after kill -9" valid "$(read_logs 2>&1)"

start_server --workers 2 --qlog "$logs" --qlog-only 127.0.0.0/8
check "two more sessions" "200 200" "$(fetch 2 | xargs)"
code=0
stop_server || code=$?
check "the server ends" 0 "$code"
check "all files" valid "$(read_logs 2>&1)"
finish
