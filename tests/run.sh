#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds everything in build/, runs all tests; the last line counts them.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONUTF8=1  # whatever the locale

./setup.sh
options=(-Dtests=enabled -Dexamples=enabled -Dbenchmarks=enabled -Dtool=enabled)
if [ -f build/build.ninja ]; then
  meson setup build --reconfigure "${options[@]}" >/dev/null
else
  meson setup build "${options[@]}" >/dev/null
fi
ninja -C build -j "$(nproc)" --quiet

rm -f build/meson-logs/testlog.json
# What failed tests said comes last, from count.py. Time limits are for a machine with nothing else to do.
meson test -C build --no-rebuild --timeout-multiplier 2 || true
python3 tests/support/count.py build/meson-logs/testlog.json
