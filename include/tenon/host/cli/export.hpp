// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <string_view>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/deploy/deploy.hpp>
#include <tenon/host/emit/atomic_file.hpp>
#include <tenon/host/emit/header.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/program.hpp>

namespace tenon::host {

/// Tags of tenon::arch that an exported header may choose; `native` is what the compiler builds for.
inline constexpr std::array<std::string_view, 13> export_archs{
    "native", "reference", "portable",   "avx2",     "avx_vnni", "avx512_vnni",  "amx_int8",
    "neon",   "neon_dot",  "neon_i8mm", "cortex_m", "cortex_m_dsp", "cortex_m_mve"};

/// tenon export: a quantized model as one C++ header.
inline void add_export(CLI::App& app) {
  struct Options {
    std::string model;
    std::string output;
    std::string name_space;
    std::string arch = "native";
  };
  CLI::App* sub = app.add_subcommand("export", "Write a quantized model as a C++ header for firmware and applications");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Quantized model (.h5)")->required();
  sub->add_option("-o,--output", o->output, "Where to write the header")->required();
  sub->add_option("--namespace", o->name_space, "Namespace of the model (default: from the name of the header)");
  sub->add_option("--arch", o->arch, "Kernels of `Model`: a tag of tenon::arch")->capture_default_str();
  sub->callback([o] {
    if (std::find(export_archs.begin(), export_archs.end(), o->arch) == export_archs.end()) {
      throw Error{5066, fmt::format("--arch {}: not an architecture; there are {}", o->arch, fmt::join(export_archs, ", "))};
    }
    if (!o->name_space.empty() && cpp_text::identifier(o->name_space) != o->name_space) {
      throw Error{5067, fmt::format("--namespace {}: not a C++ name; {} would be one", o->name_space,
                                    cpp_text::identifier(o->name_space))};
    }
    const Program program(load_model(o->model));
    const Deployment deployment = deploy(program);
    HeaderOptions options;
    options.arch = o->arch;
    options.source = std::filesystem::path(o->model).filename().string();
    options.name_space = o->name_space.empty() ? cpp_text::identifier(std::filesystem::path(o->output).stem().string())
                                               : o->name_space;
    const std::string text = write_header(deployment, options);
    write_text(o->output, text);
    for (const std::string& name : deployment.left_out) {
      std::fprintf(stderr, "tenon: the float layer '%s' behind the integers is left to the caller\n", name.c_str());
    }
    std::fprintf(stderr, "%s: namespace %s, %zu stages\n", o->output.c_str(), options.name_space.c_str(),
                 deployment.stages.size());
  });
}

}  // namespace tenon::host
