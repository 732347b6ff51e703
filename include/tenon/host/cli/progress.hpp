// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <string>
#include <tenon/host/calibrate/calibrate.hpp>
#include <unistd.h>

namespace tenon::host {

/// A bar on stderr while something long goes on; silent where stderr is no terminal.
[[nodiscard]] inline Progress terminal_progress(const char* what) {
  if (::isatty(::fileno(stderr)) == 0) return {};
  return [what, shown = -1](double share) mutable {
    const int percent = static_cast<int>(share * 100);
    if (percent == shown) return;
    shown = percent;
    const std::string bar(static_cast<std::size_t>(percent / 4), '#');
    std::fprintf(stderr, "\r%s [%-25s] %3d%%%s", what, bar.c_str(), percent, percent == 100 ? "\n" : "");
    std::fflush(stderr);
  };
}

}  // namespace tenon::host
