// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/report/html.hpp>

namespace {

using namespace tenon::host;

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_CASE("names from a file cannot become markup") {
  CHECK(html::escaped("<script>\"a\" & b</script>") ==
        "&lt;script&gt;&quot;a&quot; &amp; b&lt;/script&gt;");
  CHECK(html::page("<b>", "").find("<b>") == std::string::npos);
  CHECK(html::bars({{"<i>", 1}}, "").find("<i>") == std::string::npos);
}

TEST_CASE("a page loads nothing and runs nothing") {
  const std::string page =
      html::page("t", html::bars({{"a", 1}}, "") + html::boxes({{0, 1, 2, 3, 4}}));
  for (const char* forbidden : {"<script", "http:", "https:", "src=", "href=", "url(", "@import"}) {
    CHECK(page.find(forbidden) == std::string::npos);
  }
}

TEST_CASE("the longest bar fills the width, the others in proportion") {
  const std::string svg = html::bars({{"a", 2}, {"b", 1}, {"c", 0, true}}, " %");
  CHECK(svg.find("width=\"480.0\"") != std::string::npos);
  CHECK(svg.find("width=\"240.0\"") != std::string::npos);
  CHECK(svg.find("class=\"bad\"") != std::string::npos);
  CHECK(svg.find("1.0000 %") != std::string::npos);
}

TEST_CASE("plots of nothing and of equal values are drawn all the same") {
  CHECK(occurrences(html::histogram({}, 0, 0), "<rect") == 0);
  CHECK(occurrences(html::histogram({0, 0}, 1, 1), "<rect") == 2);
  CHECK(html::boxes({{1, 1, 1, 1, 1}}).find("nan") == std::string::npos);
  CHECK(html::bars({{"a", 0}}, "").find("nan") == std::string::npos);
}

}  // namespace
