# SPDX-License-Identifier: Apache-2.0
"""Fails for a *_test.cpp or *_test.py below tests/ that tests/meson.build does not name."""
import pathlib
import sys

tests = pathlib.Path(__file__).resolve().parent
listing = (tests / "meson.build").read_text()
found = sorted(p.relative_to(tests).as_posix() for kind in ("cpp", "py") for p in tests.rglob("*_test." + kind))
forgotten = [name for name in found if f"{name}'" not in listing]
for name in forgotten:
    print(f"tests/{name} is not in tests/meson.build")
sys.exit(1 if forgotten else 0)
