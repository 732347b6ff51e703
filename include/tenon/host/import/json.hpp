// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>

// JSON from files. Nesting is limited before anything is built: copying a document recurses.
namespace tenon::host {

inline constexpr std::size_t json_max_depth = 100;

/// Deepest nesting of brackets outside of strings.
[[nodiscard]] inline std::size_t json_depth(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = ++depth > deepest ? depth : deepest;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

/// The document, or TN5030 with `what` it was and where it is wrong.
[[nodiscard]] inline Json parse_json(std::string_view text, std::string_view what) {
  if (json_depth(text) > json_max_depth) {
    throw Error{5030, std::string(what) + ": nested deeper than " + std::to_string(json_max_depth) +
                          " levels"};
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error{5030, std::string(what) + ": not JSON at byte " + std::to_string(error.byte)};
  } catch (const Json::exception&) {
    throw Error{
        5030, std::string(what) + ": not JSON (a number out of range, or text that is not UTF-8)"};
  }
}

}  // namespace tenon::host
