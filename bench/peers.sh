#!/usr/bin/env bash
# bench/peers.sh NAME=SUITE/PACKAGE...: unpacks each of these Debian packages with all that it needs into
# build/bench/peers/NAME, unless it is there. Nothing is installed or configured and no script of a
# package runs, so no service can start. What cannot be had is said on standard error and left out.
set -euo pipefail
cd "$(dirname "$0")/.."
apt=/etc/apt
# shellcheck source=../cmake/sources.sh
source cmake/sources.sh
folder=build/bench/peers

mirror_of() { # mirror_of SUITE: where apt gets it from, or else the release that this machine runs
  local mirror
  mirror=$(address_of "$1")
  [ -n "$mirror" ] || mirror=$(address_of trixie)
  [ -n "$mirror" ] || mirror=$(address_of bookworm)
  echo "$mirror"
}

unpack() { # unpack SUITE PACKAGE MIRROR TO
  local mode=root
  [ "$(id -u)" = 0 ] || mode=chrootless # allowed to everyone but root; for unpacking they are the same
  mmdebstrap --mode=$mode --variant=extract --format=tar --aptopt="$folder/apt.conf" --include="$2" \
    "$1" - "$3" | tar -x --no-same-owner --exclude='./dev/*' -C "$4"
}

mkdir -p "$folder"
# mmdebstrap reads none of the machine's own settings: a proxy, say.
apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)' >"$folder/apt.conf" || true
for peer in "$@"; do
  name=${peer%%=*} suite=${peer#*=} package=${peer##*/}
  suite=${suite%/*}
  [ ! -d "$folder/$name" ] || continue
  mirror=$(mirror_of "$suite")
  if [ -z "$mirror" ]; then
    echo "troika: no $name: apt has no Debian source below $apt" >&2
    continue
  fi
  echo "troika: unpacking $package of Debian $suite into $folder/$name" >&2
  rm -rf "$folder/$name.part"
  mkdir "$folder/$name.part"
  if unpack "$suite" "$package" "$mirror" "$folder/$name.part" 2>"$folder/$name.log"; then
    mv "$folder/$name.part" "$folder/$name"
  else
    rm -rf "$folder/$name.part"
    echo "troika: no $name: $(grep -m1 '^E: ' "$folder/$name.log" || tail -n1 "$folder/$name.log")" \
      "(all of it: $folder/$name.log)" >&2
  fi
done
