#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what Debian has and this machine lacks. `--minimal`: only what the command and the examples need.
set -euo pipefail

needed=(meson ninja-build pkg-config g++ libhdf5-dev libzip-dev zlib1g-dev nlohmann-json3-dev libxtensor-dev
  libfmt-dev libcli11-dev python3)
tests=(libxsimd-dev doctest-dev libbenchmark-dev python3-numpy python3-h5py)
# Without these, the tests that use them are skipped.
wanted=(clang-16 gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm g++-aarch64-linux-gnu qemu-user
  gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc cmake make python3-yaml)
[ "${1:-}" = --minimal ] && tests=() && wanted=()

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: no apt-get here; install yourself what is missing of: ${needed[*]} ${tests[*]} ${wanted[*]}" >&2
  exit 0
fi

# dpkg-query fails for names that it never heard of, and still lists the others.
installed=$(dpkg-query -W -f '${Package} ${Status}\n' "${needed[@]}" "${tests[@]}" "${wanted[@]}" 2>/dev/null |
  sed -n 's/ install ok installed$//p' || true)
missing() {
  local name
  for name in "$@"; do
    grep -qxF "$name" <<<"$installed" || echo "$name"
  done
}
mapfile -t lacking < <(missing "${needed[@]}" "${tests[@]}")
mapfile -t lacking_wanted < <(missing "${wanted[@]}")
[ ${#lacking[@]} -eq 0 ] && [ ${#lacking_wanted[@]} -eq 0 ] && exit 0

root=()
[ "$(id -u)" -ne 0 ] && command -v sudo >/dev/null && root=(sudo)
install() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

echo "setup.sh: installing ${lacking[*]} ${lacking_wanted[*]}" >&2
"${root[@]}" apt-get update -qq >/dev/null || echo "setup.sh: apt-get update failed; using the lists at hand" >&2
[ ${#lacking[@]} -eq 0 ] || install "${lacking[@]}"
for name in "${lacking_wanted[@]}"; do
  install "$name" || echo "setup.sh: $name is not to be had; tests that need it are skipped" >&2
done
