# The Debian packages that the project needs; sourced by ./dev.
# shellcheck shell=bash disable=SC2034
packages_build=(
  g++-14 libc6-dev cmake ninja-build ccache pkgconf ca-certificates media-types
  libssl-dev libnghttp2-dev libuv1-dev libllhttp-dev libcli11-dev catch2 nlohmann-json3-dev
  zlib1g-dev libbrotli-dev libzstd-dev libcrypt-dev libtomlplusplus-dev
)
packages_build_backports=(libngtcp2-dev libngtcp2-crypto-ossl-dev libnghttp3-dev)
packages_run=(python3 librtmp1) # the short form of ./dev interop; Debian 13's own curl links librtmp
packages_run_backports=(curl)
packages_check=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev llvm-19)
packages_bench=(valgrind wrk apache2-utils strace iproute2 util-linux mmdebstrap)
packages_attack=(python3-cryptography iproute2)
# Browsers and what Python needs come from the release that the machine runs: those of trixie would
# draw half a desktop along on Debian 12. node and npm are asked for by command, see outdated().
packages_interop=(python3-httpx python3-h2 chromium firefox-esr libnss3-tools)
packages_interop_trixie=(nghttp2-client golang-github-stretchr-testify-dev)
packages_interop_backports=(golang-go golang-github-lucas-clemente-quic-go-dev)
