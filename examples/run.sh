#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job from nothing: installs what is missing, builds the command, quantizes trained networks (convolutions, a vision
# transformer, one that sees an image row by row) at 8 and at 4 bits and shows accuracy, size, speed and whether they map
# onto Akida hardware.
set -euo pipefail
cd "$(dirname "$0")/.."

./setup.sh --minimal
[ -f build/build.ninja ] || meson setup build -Dtests=disabled -Dbenchmarks=disabled -Dtool=enabled >/dev/null
ninja -C build -j "$(nproc)" --quiet tools/tenon

tenon=build/tools/tenon
out=build/digits
mkdir -p "$out"

value() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p" | tail -n 1; }
row() { # what, model, folder of the data
  local accuracy bytes time maps
  accuracy=$("$tenon" evaluate -m "$2" -d "$3/test.npz" --json | value accuracy)
  bytes=$("$tenon" summary -m "$2" --json | value weight_bytes)
  time=$("$tenon" bench -m "$2" --seconds 0.5 --json | value median_us)
  maps=-
  if [ "$1" != float ]; then
    maps=$("$tenon" map -m "$2" --akida v2 >"$2.map" && echo yes || echo no)
  fi
  awk -v w="$1" -v a="$accuracy" -v b="$bytes" -v t="$time" -v m="$maps" \
    'BEGIN { printf "%-28s %8.1f %% %12d %15.1f %14s\n", w, 100 * a, b, t, m }'
}

table() { # title, name, folder, options of the calibration
  local title=$1 name=$2 folder=$3
  shift 3
  "$tenon" quantize -m "$folder/model.h5" -sa "$folder/samples.npz" "$@" -s "$out/${name}_8.h5"
  "$tenon" quantize -m "$folder/model.h5" -sa "$folder/samples.npz" "$@" -w 4 -a 4 -s "$out/${name}_4.h5"
  echo
  printf '%-28s %10s %12s %15s %14s\n' "$title" accuracy "weight bytes" "inference (us)" "on Akida v2"
  row float "$folder/model.h5" "$folder"
  row "8 bits" "$out/${name}_8.h5" "$folder"
  row "4 bits (first weights 8)" "$out/${name}_4.h5" "$folder"
  echo
}

table "vision transformer" vit examples/digits_vit -bs 64
table "row by row, 8 steps" tenn examples/digits_tenn -bs 16
table "8x8 digits, 360 test images" digits examples/digits
"$tenon" map -m "$out/digits_8.h5" --akida v2 || true
