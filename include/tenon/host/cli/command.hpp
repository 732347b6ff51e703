// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <filesystem>
#include <tenon/host/akida/target.hpp>
#include <tenon/host/cli/analysis.hpp>
#include <tenon/host/cli/arguments.hpp>
#include <tenon/host/cli/bench.hpp>
#include <tenon/host/cli/check.hpp>
#include <tenon/host/cli/config.hpp>
#include <tenon/host/cli/evaluate.hpp>
#include <tenon/host/cli/export.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/cli/insert_rescaling.hpp>
#include <tenon/host/cli/map.hpp>
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

/// A network file as the Akida rules read it; JSON is a sketch already.
[[nodiscard]] inline mapping::NamedModel describe_for_akida(const std::filesystem::path& path, akida::Version target) {
  if (lower_extension(path) == ".json") return mapping::read_sketch_file(path);
  return mapping::describe_for(target, load_model(path));
}

inline int run_command(int argc, const char* const* argv) {
  CLI::App app{"Tenon: quantize neural networks, run and inspect them with integers only"};
  app.require_subcommand(1);
  int exit_code = 0;
  add_quantize(app);
  add_config(app);
  add_check(app, exit_code);
  add_analysis(app);
  add_insert_rescaling(app);
  add_sanitize(app);
  add_run(app);
  add_evaluate(app);
  add_summary(app);
  add_export(app);
  add_bench(app);
  add_map(app, exit_code, describe_for_akida);
  app.add_subcommand("version", "Print the version")->callback([] { std::printf("%s\n", version); });
  try {
    std::vector<std::string> arguments = spelled_out(argc, argv);
    complete_options(app, arguments);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    std::fprintf(stderr, "tenon: TN5045: %s; see --help\n", error.what());
    return 2;
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
