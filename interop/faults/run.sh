#!/usr/bin/env bash
# Deliberate faults, and that each turns exactly its cells of ./dev interop red:
#   interop/faults/run.sh [content-length-h3|etag-h2|no-alt-svc]... [-- options of ./dev interop]
# The patches go to a worktree that is thrown away; nothing here changes.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD tree=$PWD/build/faults

names=()
while [ $# != 0 ]; do
  if [ "$1" = -- ]; then shift; break; fi
  names+=("$1")
  shift
done
[ ${#names[@]} != 0 ] || names=(content-length-h3 etag-h2 no-alt-svc)

declare -A red=(
  [content-length-h3]='*/h3/HEAD'
  [etag-h2]='*/h2/entity tag|*/h2c/entity tag|curl/h2/--etag*|curl/h2c/--etag*'
  [no-alt-svc]='*/h1/Alt-Svc|*/h2/Alt-Svc|curl/h3/Alt-Svc*|firefox/h3/Alt-Svc*'
)
for name in "${names[@]}"; do
  [ -n "${red[$name]:-}" ] || { echo "no such fault: $name (${!red[*]})" >&2; exit 1; }
done

build_with() { # build_with PATCH: sets TROIKA
  git worktree remove --force "$tree" 2>/dev/null || true
  git worktree add --detach "$tree" HEAD >/dev/null
  trap 'git -C "$root" worktree remove --force "$tree"' EXIT
  git -C "$tree" apply "$root/interop/faults/$1.patch"
  (cd "$tree" && cmake --preset release >/dev/null && nice cmake --build build/release --target troika)
  export TROIKA=$tree/build/release/troika
}

failed=()
for name in "${names[@]}"; do
  printf '\n=== %s\n' "$name"
  options=()
  IFS='|' read -ra patterns <<<"${red[$name]}"
  for pattern in "${patterns[@]}"; do options+=(--expect-red "$pattern"); done
  own=${TROIKA:-}
  if [ "$name" = no-alt-svc ]; then options+=(--server-option=--alt-svc --server-option=off)
  else build_with "$name"; fi
  ./dev interop "${options[@]}" "$@" || failed+=("$name")
  if [ -n "$own" ]; then export TROIKA=$own; else unset TROIKA; fi
done
[ ${#failed[@]} = 0 ] || { printf 'not exactly its cells: %s\n' "${failed[@]}" >&2; exit 1; }
