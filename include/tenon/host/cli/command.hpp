// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <tenon/host/cli/arguments.hpp>
#include <tenon/host/cli/config.hpp>
#include <tenon/host/cli/evaluate.hpp>
#include <tenon/host/cli/quantize.hpp>
#include <tenon/host/cli/run.hpp>
#include <tenon/host/cli/sanitize.hpp>
#include <tenon/host/cli/summary.hpp>
#include <tenon/host/error.hpp>
#include <tenon/version.hpp>
#include <vector>

// The command `tenon`. Data goes to stdout, messages for people to stderr; bad input is one numbered line and exit
// code 2.
namespace tenon::host {

inline int run_command(int argc, const char* const* argv) {
  CLI::App app{"Tenon: quantize neural networks, run and inspect them with integers only"};
  app.require_subcommand(1);
  int exit_code = 0;
  add_quantize(app);
  add_config(app);
  add_sanitize(app);
  add_run(app);
  add_evaluate(app);
  add_summary(app);
  app.add_subcommand("version", "Print the version")->callback([] { std::printf("%s\n", version); });
  try {
    std::vector<std::string> arguments = spelled_out(argc, argv);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const Error& error) {
    std::fprintf(stderr, "tenon: %s\n", error.what());
    return 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "tenon: TN5012: there is not enough memory for this model or these samples\n");
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tenon: TN5013: unexpected: %s\n", error.what());
    return 2;
  }
  return exit_code;
}

}  // namespace tenon::host
