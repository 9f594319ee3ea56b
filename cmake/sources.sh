# The Debian sources that the project's packages come from; sourced by ./dev and by a test.
# shellcheck shell=bash disable=SC2154
# $apt is apt's folder: /etc/apt.

# "suite address" of every binary source in deb822 files, from standard input.
deb822_archives() {
  awk -v RS= '
    { uris = suites = ""; on = 1; count = split($0, lines, "\n")
      for (i = 1; i <= count; i++) {
        key = lines[i]; sub(/:.*/, "", key); value = lines[i]; sub(/^[^:]*:[ \t]*/, "", value)
        if (key == "URIs") uris = value
        if (key == "Suites") suites = value
        if (key == "Types" && value !~ /(^| )deb( |$)/ || key == "Enabled" && value == "no") on = 0 }
      split(uris, uri, " "); count = split(suites, suite, " ")
      for (i = 1; i <= count && on; i++) print suite[i], uri[1] }'
}
# Likewise of all sources of apt, in either form of file.
archives() {
  local file
  for file in "$apt"/sources.list.d/*.sources; do
    [ ! -f "$file" ] || { cat "$file"; echo; }
  done | deb822_archives
  sed -n 's/^deb *\(\[[^]]*\]\)\? *\([^ ]*\) \([^ ]*\) .*/\3 \2/p' \
    "$apt"/sources.list "$apt"/sources.list.d/*.list 2>/dev/null || true
}
# /etc/os-release says 13 as soon as one package has drawn in base-files, so apt's sources decide.
debian_release() {
  if archives | grep '^bookworm ' >/dev/null; then echo 12
  elif archives | grep '^trixie ' >/dev/null; then echo 13
  else return 1; fi
}

own_sources() { echo "$apt/sources.list.d/troika-trixie.sources"; }

address_of() { archives | awk -v suite="$1" '$1 == suite && !seen++ { print $2 }'; }

# wanted_archives RELEASE: "suite address" of what the project takes packages from: the QUIC libraries
# from trixie-backports, and on Debian 12 the rest from trixie. The addresses are those of the
# machine's own sources; a line without one: it has none.
wanted_archives() {
  local uri
  if [ "$1" = 13 ]; then
    echo "trixie-backports $(address_of trixie)"
  else
    uri=$(address_of bookworm)
    printf '%s\n' "trixie $uri" "trixie-updates $uri" "trixie-backports $uri" \
      "trixie-security $(address_of bookworm-security)"
  fi
}

# missing_archives RELEASE: those of them that apt does not know yet.
missing_archives() {
  local known suite uri
  known=$(archives | cut -d' ' -f1)
  wanted_archives "$1" | while read -r suite uri; do
    grep -qxF -- "$suite" <<<"$known" || echo "$suite${uri:+ $uri}"
  done
}

# new_sources RELEASE: the text of the project's own source file, with what it has already and what is
# missing.
new_sources() {
  { [ ! -f "$(own_sources)" ] || deb822_archives <"$(own_sources)"
    missing_archives "$1"; } |
    awk 'NF == 2 && !seen[$1]++ { if (!($2 in suites)) order[++count] = $2; suites[$2] = suites[$2] " " $1 }
      END { for (i = 1; i <= count; i++) {
        if (i > 1) print ""
        print "Types: deb"; print "URIs: " order[i]; print "Suites:" suites[order[i]]; print "Components: main"
        print "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" } }'
}
