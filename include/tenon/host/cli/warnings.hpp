// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/transform/report.hpp>
#include <vector>

namespace tenon::host {

inline void show_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& text : warnings) std::fprintf(stderr, "tenon: warning: %s\n", text.c_str());
}

/// What sanitize has to say. With `strict`, a transform that changes the function of the model is TN3036.
inline void show_report(const Report& report, bool strict) {
  for (const Remark& remark : report.remarks) {
    const std::string text = remark.transform + ": layer '" + remark.layer + "': " + remark.text;
    if (strict && remark.finding == Finding::function_changed) throw Error{3036, text};
    std::fprintf(stderr, "tenon: warning: %s\n", text.c_str());
  }
}

}  // namespace tenon::host
