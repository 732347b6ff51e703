#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job from nothing: installs what is missing, builds the command, quantizes a trained network at 8 and at 4 bits and
# shows accuracy, size, speed and whether it maps onto Akida hardware.
set -euo pipefail
cd "$(dirname "$0")/.."

./setup.sh --minimal
[ -f build/build.ninja ] || meson setup build -Dtests=disabled -Dbenchmarks=disabled -Dtool=enabled >/dev/null
ninja -C build -j "$(nproc)" --quiet examples

tenon=build/tools/tenon
digits=examples/digits
out=build/digits
mkdir -p "$out"

value() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p" | tail -n 1; }
row() { # what, model
  local accuracy bytes time maps
  accuracy=$("$tenon" evaluate -m "$2" -d "$digits/test.npz" --json | value accuracy)
  bytes=$("$tenon" summary -m "$2" --json | value weight_bytes)
  time=$("$tenon" bench -m "$2" --seconds 0.5 --json | value median_us)
  maps=-
  if [ "$1" != float ]; then
    maps=$("$tenon" map -m "$2" --akida v2 >"$2.map" && echo yes || echo no)
  fi
  awk -v w="$1" -v a="$accuracy" -v b="$bytes" -v t="$time" -v m="$maps" \
    'BEGIN { printf "%-28s %8.1f %% %12d %15.1f %14s\n", w, 100 * a, b, t, m }'
}

"$tenon" quantize -m "$digits/model.h5" -sa "$digits/samples.npz" -s "$out/digits_8.h5"
"$tenon" quantize -m "$digits/model.h5" -sa "$digits/samples.npz" -w 4 -a 4 -s "$out/digits_4.h5"
echo
printf '%-28s %10s %12s %15s %14s\n' "8x8 digits, 360 test images" accuracy "weight bytes" "inference (us)" "on Akida v2"
row float "$digits/model.h5"
row "8 bits" "$out/digits_8.h5"
row "4 bits (first weights 8)" "$out/digits_4.h5"
echo
"$tenon" map -m "$out/digits_8.h5" --akida v2 || true
