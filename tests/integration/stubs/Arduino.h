// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>

// As much of Arduino as the sketch of examples/arduino takes, on the machine that tests it.
struct Port {
  void begin(int) {}
  void println(const char* text) { std::puts(text); }
};
inline Port Serial;
