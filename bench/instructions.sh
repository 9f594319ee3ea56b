#!/usr/bin/env bash
# Instructions that a request costs, by callgrind: a fixed input through the server's sessions over
# TLS and QUIC, in memory and in virtual time, with the access log off and on. It does not depend on
# the load of the machine. System calls are not counted, nor what sockets and the event loop cost.
#
#   bench/instructions.sh [--json] [--top] [CASE...]    a CASE is h1-1k, h2-16m-log and so on, or
#                                                       match: a route among many hosts and routes
#
# --json prints JSON in place of the table; --top adds the 30 dearest functions of each case.
# TROIKA_INSTRUCTIONS names another program than that of the release build.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=${TROIKA_INSTRUCTIONS:-$root/build/release/instructions}
die() { printf 'instructions: %s\n' "$*" >&2; exit 1; }

options=() cases=()
for word in "$@"; do
  case $word in
    --json|--top) options+=("$word") ;;
    match|h[123]-1k|h[123]-1k-log|h[123]-16m|h[123]-16m-log) cases+=("$word") ;;
    -h|--help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) die "\"$word\" is neither a case nor an option; see bench/instructions.sh --help" ;;
  esac
done
if [ ${#cases[@]} = 0 ]; then
  cases=(h{1,2,3}-{1k,16m}{,-log} match)
fi
command -v valgrind >/dev/null || die "valgrind is missing: run ./dev deps"
[ -x "$program" ] || die "$program is missing: run ./dev build release"

# In memory, so that no read has to wait for the disk.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
work=$(mktemp -d -p "${TMPDIR:-/tmp}")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
# Long copies by vectors: callgrind would count each byte of a "rep movsb" as an instruction.
export GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824:glibc.cpu.x86_rep_stosb_threshold=1073741824
for name in "${cases[@]}"; do
  words=("${name%%-*}")
  case $name in
    match) words+=(--bytes 0 --warm-up 10 --requests 1000) requests=1000 ;;
    *-1k*) words+=(--bytes 1024 --warm-up 10 --requests 100) requests=100 ;;
    *) words+=(--bytes 16777216 --warm-up 1 --requests 2) requests=2 ;;
  esac
  [[ $name != *-log ]] || words+=(--log)
  printf 'instructions: %s\n' "$name" >&2
  # Valgrind says on its log what it does not know of the kernel; openat2 then fails, and files are
  # opened in the slower way, which happens in the warm-up.
  timeout 600 valgrind --tool=callgrind --vgdb=no --log-file="$work/log" --collect-atstart=no \
    --toggle-collect=troika_counted --toggle-collect=troika_uncounted \
    --callgrind-out-file="$work/$name.$requests" "$program" "${words[@]}" ||
    { tail -n 20 "$work/log" >&2; die "$name failed"; }
done
/usr/bin/python3 -B "$root/bench/instructions/sums.py" "$(basename "$program")" ${options[@]+"${options[@]}"} \
  "${cases[@]/#/$work/}"
