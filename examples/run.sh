#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing and builds the command `tenon` and the examples in build/.
set -euo pipefail
cd "$(dirname "$0")/.."

./setup.sh --minimal
[ -f build/build.ninja ] || meson setup build -Dtests=disabled -Dbenchmarks=disabled -Dtool=enabled >/dev/null
# A fresh checkout may have neither yet; build only the targets that are configured.
mapfile -t targets < <(ninja -C build -t targets all 2>/dev/null | sed -n 's/^\(tools\/tenon\|examples\): .*/\1/p' | sort -u)
[ ${#targets[@]} -eq 0 ] || ninja -C build -j "$(nproc)" --quiet "${targets[@]}"
