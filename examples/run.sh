#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing and builds the command `tenon` and the examples in build/.
set -euo pipefail
cd "$(dirname "$0")/.."

./setup.sh --minimal
[ -f build/build.ninja ] || meson setup build -Dtests=disabled -Dbenchmarks=disabled -Dtool=enabled >/dev/null
ninja -C build -j "$(nproc)" --quiet examples
