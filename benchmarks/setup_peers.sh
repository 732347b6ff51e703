#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the runtimes of peers.txt into peers/ of the build folder: setup_peers.sh [BUILD]
set -euo pipefail
build=${1:-build}
mkdir -p "$build"
[ -x "$build/peers/bin/python" ] || python3 -m venv "$build/peers"
"$build/peers/bin/pip" install --quiet --disable-pip-version-check -r "$(dirname "$0")/peers.txt"
