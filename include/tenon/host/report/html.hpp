// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Pages with plots as one file: text and inline SVG, nothing to load and nothing to run, so that a
// page can be mailed, archived and opened without a network.
namespace tenon::host::html {

[[nodiscard]] inline std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

[[nodiscard]] inline std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
      "charset=\"utf-8\">\n<title>{0}</title>\n<style>\n"
      "body {{ font: 14px/1.4 sans-serif; margin: 2em auto; max-width: 68em; color: #222; }}\n"
      "table {{ border-collapse: collapse; }} th, td {{ padding: 2px 12px 2px 0; text-align: left; "
      "}}\n"
      "td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}\n"
      "svg {{ display: block; margin: .5em 0 1.5em; }} svg text {{ font: 11px sans-serif; fill: "
      "#444; }}\n"
      ".bar {{ fill: #d98324; }} .bad {{ fill: #b3261e; }} .box {{ fill: #f3c892; stroke: #8a5417; "
      "}}\n"
      ".line {{ stroke: #8a5417; fill: none; }} .axis {{ stroke: #999; }}\n"
      "</style>\n</head>\n<body>\n<h1>{0}</h1>\n{1}</body>\n</html>\n",
      escaped(title), body);
}

struct Bar {
  std::string name;
  double value = 0;
  bool bad = false;
};

/// Horizontal bars, one a line, with their values as text.
[[nodiscard]] inline std::string bars(const std::vector<Bar>& list, std::string_view unit) {
  constexpr int row = 18;
  constexpr int left = 320;
  constexpr int width = 480;
  double top = 0;
  for (const Bar& bar : list) top = std::max(top, bar.value);
  std::string svg = fmt::format("<svg width=\"{}\" height=\"{}\" role=\"img\">\n",
                                left + width + 100, row * static_cast<int>(list.size()) + 4);
  int y = 0;
  for (const Bar& bar : list) {
    const double length = top > 0 ? width * bar.value / top : 0;
    svg += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>"
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>"
        "<text x=\"{:.1f}\" y=\"{}\">{:.4f}{}</text>\n",
        left - 6, y + 13, escaped(bar.name), bar.bad ? "bad" : "bar", left, y + 3, length, row - 5,
        left + length + 6, y + 13, bar.value, unit);
    y += row;
  }
  return svg + "</svg>\n";
}

/// A histogram of counts over equal intervals from `low` to `high`.
[[nodiscard]] inline std::string histogram(const std::vector<std::size_t>& counts, double low,
                                           double high) {
  constexpr double width = 640;
  constexpr double height = 120;
  const std::size_t top =
      counts.empty() ? 1
                     : std::max<std::size_t>(1, *std::max_element(counts.begin(), counts.end()));
  const double step = width / static_cast<double>(std::max<std::size_t>(counts.size(), 1));
  std::string svg = fmt::format("<svg width=\"{:.0f}\" height=\"{:.0f}\" role=\"img\">\n",
                                width + 20, height + 24);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double h = height * static_cast<double>(counts[i]) / static_cast<double>(top);
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
        10 + step * static_cast<double>(i), height - h + 4, std::max(step - 1, 0.5), h);
  }
  svg +=
      fmt::format("<line class=\"axis\" x1=\"10\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{1:.1f}\"/>",
                  10 + width, height + 4);
  return svg + fmt::format(
                   "<text x=\"10\" y=\"{0:.1f}\">{2:.4g}</text>"
                   "<text x=\"{1:.1f}\" y=\"{0:.1f}\" text-anchor=\"end\">{3:.4g}</text>\n</svg>\n",
                   height + 18, 10 + width, low, high);
}

struct Box {
  double minimum = 0;
  double lower = 0;  ///< quartile
  double median = 0;
  double upper = 0;
  double maximum = 0;
};

/// Box plots side by side on one scale; whiskers reach the extremes.
[[nodiscard]] inline std::string boxes(const std::vector<Box>& list) {
  constexpr double height = 160;
  const double step =
      std::clamp(900.0 / static_cast<double>(std::max<std::size_t>(list.size(), 1)), 4.0, 28.0);
  double low = 0;
  double high = 0;
  for (const Box& b : list) {
    low = std::min(low, b.minimum);
    high = std::max(high, b.maximum);
  }
  const double span = high > low ? high - low : 1;
  const auto y = [&](double v) { return 4 + height * (high - v) / span; };
  std::string svg = fmt::format("<svg width=\"{:.0f}\" height=\"{:.0f}\" role=\"img\">\n",
                                60 + step * static_cast<double>(list.size()), height + 8);
  svg +=
      fmt::format("<line class=\"axis\" x1=\"50\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{1:.1f}\"/>",
                  50 + step * static_cast<double>(list.size()), y(0));
  svg += fmt::format("<text x=\"46\" y=\"{:.1f}\" text-anchor=\"end\">{:.3g}</text>", y(high) + 8,
                     high);
  svg +=
      fmt::format("<text x=\"46\" y=\"{:.1f}\" text-anchor=\"end\">{:.3g}</text>\n", y(low), low);
  double x = 50;
  for (const Box& b : list) {
    const double middle = x + step / 2;
    svg += fmt::format(
        "<path class=\"line\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/>"
        "<rect class=\"box\" x=\"{3:.1f}\" y=\"{4:.1f}\" width=\"{5:.1f}\" height=\"{6:.1f}\"/>"
        "<path class=\"line\" d=\"M{3:.1f} {7:.1f}h{5:.1f}\"/>\n",
        middle, y(b.maximum), y(b.minimum), x + step * 0.15, y(b.upper), step * 0.7,
        std::max(y(b.lower) - y(b.upper), 0.5), y(b.median));
    x += step;
  }
  return svg + "</svg>\n";
}

}  // namespace tenon::host::html
