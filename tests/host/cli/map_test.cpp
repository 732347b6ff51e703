// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <host/akida/sketches.hpp>
#include <string>
#include <tenon/host/cli/map.hpp>
#include <vector>

using namespace tenon;
using namespace tenon::host;

namespace {

/// Exit code of `tenon map -m FILE ARGUMENTS` for a sketch in memory.
int run(const nlohmann::json& sketch, std::vector<std::string> arguments) {
  CLI::App app{"tenon"};
  int exit_code = 0;
  add_map(app, exit_code, [&](const std::filesystem::path&, akida::Version) {
    return mapping::read_sketch(sketch);
  });
  arguments.insert(arguments.begin(), {"map", "-m", "sketch.json", "--json"});
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return exit_code;
}
int error_number(const nlohmann::json& sketch, const std::vector<std::string>& arguments) {
  try {
    run(sketch, arguments);
  } catch (const Error& error) {
    return error.number;
  }
  return 0;
}

}  // namespace

TEST_CASE("map exits with 0 where the model maps and with 1 where not") {
  nlohmann::json sketch = classifier_sketch();
  CHECK(run(sketch, {"--akida", "v2"}) == 0);
  CHECK(run(sketch, {"--akida", "v1"}) == 1);
  CHECK(run(sketch, {"--akida", "v2", "--device", "SixNodesIPv2"}) == 0);
  CHECK(run(sketch, {"--akida", "v2", "--toolchain", "2.19", "--device", "FourNodesIPv2"}) == 0);
}

TEST_CASE("map refuses versions, devices and tool chains that it does not know") {
  const nlohmann::json sketch = classifier_sketch();
  CHECK(error_number(sketch, {"--akida", "v3"}) == 5063);
  CHECK(error_number(sketch, {"--akida", "v1", "--device", "SixNodesIPv2"}) == 5063);
  CHECK(error_number(sketch, {"--akida", "v2", "--device", "FourNodesIPv2"}) == 5063);
  CHECK(error_number(sketch, {"--akida", "v2", "--toolchain", "2.15"}) == 5063);
}

TEST_CASE("a file that is not there or not JSON is an input error") {
  MapOptions missing;
  missing.model = "no_such_sketch.json";
  missing.akida = "v2";
  CHECK_THROWS_AS((void)map(missing), Error);
}
