#!/usr/bin/env bash
# What ./dev makes of apt's source files; needs no network and changes nothing outside its own folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=cmake/sources.sh
source cmake/sources.sh
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
failed=0
check() { # check NAME EXPECTED ACTUAL
  [ "$2" != "$3" ] || return 0
  failed=1
  printf 'FAILED %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
}
# machine [FILE < text]...: an apt folder with these files; each text ends at a line "--".
machine() {
  rm -rf "$apt/sources.list" "$apt/sources.list.d"
  mkdir "$apt/sources.list.d"
  local file line
  for file in "$@"; do
    while read -r line && [ "$line" != -- ]; do echo "$line"; done >"$apt/$file"
  done
}
own() { archives_of_text "$(new_sources "$1")"; }
archives_of_text() { deb822_archives <<<"$1" | sort | xargs; }
all="trixie http://a/debian trixie-backports http://a/debian trixie-security http://b/sec trixie-updates http://a/debian"

machine sources.list <<'EOF'
deb http://a/debian bookworm main contrib
deb-src http://src/debian bookworm main
# deb http://old/debian bookworm main
deb [signed-by=/k.gpg] http://b/sec bookworm-security main
--
EOF
check "release, one-line form" 12 "$(debian_release)"
check "Debian 12, one-line form" "$all" "$(own 12)"

machine sources.list.d/debian.sources <<'EOF'
Types: deb deb-src
# http://snapshot/debian
URIs: http://a/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://b/sec
Suites: bookworm-security
Components: main

Types: deb
URIs: http://off/debian
Suites: trixie-security
Enabled: no
--
EOF
check "release, deb822 form" 12 "$(debian_release)"
check "Debian 12, deb822 form" "$all" "$(own 12)"

# What an earlier version wrote gets what it lacks, and loses nothing.
debian12() {
  machine sources.list sources.list.d/troika-trixie.sources
}
debian12 <<'EOF'
deb http://a/debian bookworm main
deb http://b/sec bookworm-security main
--
Types: deb
URIs: http://a/debian
Suites: trixie trixie-backports trixie-updates
Components: main
--
EOF
check "missing beside an earlier file" "trixie-security http://b/sec" "$(missing_archives 12)"
check "an earlier file is kept and extended" "$all" "$(own 12)"
new_sources 12 >"$apt/text" && mv "$apt/text" "$(own_sources)"
check "then nothing is missing" "" "$(missing_archives 12)"
check "and the file stays as it is" "$(cat "$(own_sources)")" "$(new_sources 12)"

debian12 <<'EOF'
deb http://a/debian bookworm main
deb http://b/sec bookworm-security main
deb http://c/sec trixie-security main
--
Types: deb
URIs: http://mirror/debian
Suites: trixie trixie-proposed-updates
Components: main
--
EOF
check "what others have is not added, what stands there stays" \
  "trixie http://mirror/debian trixie-backports http://a/debian trixie-proposed-updates http://mirror/debian trixie-updates http://a/debian" \
  "$(own 12)"

machine sources.list <<'EOF'
deb http://a/debian bookworm main
--
EOF
check "without a security source there is none for trixie, and it is noticed" trixie-security \
  "$(missing_archives 12 | grep -v ' ')"
check "the rest is added" "trixie http://a/debian trixie-backports http://a/debian trixie-updates http://a/debian" \
  "$(own 12)"

machine sources.list <<'EOF'
deb http://a/debian trixie main
deb http://b/sec trixie-security main
--
EOF
check "release 13" 13 "$(debian_release)"
check "Debian 13 needs backports alone" "trixie-backports http://a/debian" "$(missing_archives 13)"

machine sources.list <<'EOF'
deb http://u/ubuntu noble main
--
EOF
check "not Debian" no "$(debian_release || echo no)"
exit $failed
