// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <string>
#include <tenon/host/cli/arguments.hpp>
#include <vector>

using namespace tenon::host;
using Words = std::vector<std::string>;

namespace {

Words spelled(std::initializer_list<const char*> words) {
  std::vector<const char*> argv{"tenon"};
  argv.insert(argv.end(), words);
  return spelled_out(static_cast<int>(argv.size()), argv.data());
}

Words completed(std::initializer_list<const char*> words) {
  CLI::App app;
  CLI::App* quantize = app.add_subcommand("quantize");
  std::string text;
  for (const char* option : {"-m,--model", "-w,--weight_bits", "--input_dtype", "--input_shape", "--samples"}) {
    quantize->add_option(option, text);
  }
  app.add_subcommand("analysis")->add_subcommand("single")->add_option("--weight", text);
  Words arguments = spelled(words);
  complete_options(app, arguments);
  return arguments;
}

}  // namespace

TEST_CASE("options with one dash and several letters become long ones") {
  CHECK(spelled({"-sa", "x.npz", "-lob=8"}) == Words{"--samples", "x.npz", "--last_output_bits=8"});
  CHECK(spelled({"-w=4", "-o", "-1"}) == Words{"-w", "4", "-o-1"});
  CHECK(spelled({"--offset", "-.5", "-m", "a=b.h5"}) == Words{"--offset=-.5", "-m", "a=b.h5"});
}

TEST_CASE("long options may be cut short where only one begins so") {
  CHECK(completed({"quantize", "--mod", "m.h5", "--weight=4"}) == Words{"quantize", "--model", "m.h5", "--weight_bits=4"});
  CHECK(completed({"quantize", "--input_s", "8,8,1"}) == Words{"quantize", "--input_shape", "8,8,1"});
  CHECK(completed({"analysis", "single", "--weigh", "1"}) == Words{"analysis", "single", "--weight", "1"});
  CHECK(completed({"quantize", "--unknown"}) == Words{"quantize", "--unknown"});
  CHECK_THROWS_WITH_AS(completed({"quantize", "--input", "8"}),
                       doctest::Contains("--input could be --input_dtype, --input_shape"), Error);
}
