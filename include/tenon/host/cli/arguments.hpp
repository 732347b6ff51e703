// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <utility>
#include <vector>

// QuantizeML's options have one dash and several letters (-sa, -bs, -lob), long ones may be cut short (--epo), and values
// may be negative (-o -1) or stand behind a sign (-w=4). CLI11 knows none of this, so these spellings become the full
// ones before it sees them.
namespace tenon::host {

inline constexpr std::pair<std::string_view, std::string_view> long_spellings[] = {
    {"-id", "--input_dtype"},      {"-lob", "--last_output_bits"}, {"-sa", "--samples"},
    {"-ns", "--num_samples"},      {"-bs", "--batch_size"},        {"-qu", "--quantize_until"},
    {"-fm", "--float_model"},      {"-tl", "--target_layer"},
};

[[nodiscard]] inline std::vector<std::string> spelled_out(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    const std::size_t sign = argument.find('=');
    for (const auto& [brief, full] : long_spellings) {
      if (argument.compare(0, sign, brief) == 0) argument.replace(0, brief.size(), full);
    }
    if (sign == 2 && argument[0] == '-' && argument[1] != '-') {
      arguments.push_back(argument.substr(0, 2));
      argument.erase(0, 3);
    }
    const bool negative = argument.size() > 1 && argument[0] == '-' &&
                          (argument[1] == '.' || (argument[1] >= '0' && argument[1] <= '9'));
    const bool after_option = !arguments.empty() && arguments.back().size() > 1 && arguments.back()[0] == '-';
    if (negative && after_option) {
      arguments.back() += (arguments.back()[1] == '-' ? "=" : "") + argument;
    } else {
      arguments.push_back(std::move(argument));
    }
  }
  return arguments;
}

namespace detail {

/// The long options of a command that begin like `name`; only the option itself if it has that name.
[[nodiscard]] inline std::vector<std::string> options_like(const CLI::App& command, const std::string& name) {
  std::vector<std::string> found;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& full : option->get_lnames()) {
      if (full == name) return {full};
      if (full.compare(0, name.size(), name) == 0) found.push_back(full);
    }
  }
  return found;
}

}  // namespace detail

/// Writes out long options that are cut short, as long as only one option of the command begins so.
inline void complete_options(const CLI::App& app, std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  for (std::string& argument : arguments) {
    if (argument.compare(0, 2, "--") != 0 || argument.size() < 3) {
      const auto named = [&](const CLI::App* sub) { return sub->get_name() == argument; };
      if (const auto subs = command->get_subcommands(named); !subs.empty()) command = subs.front();
      continue;
    }
    const std::size_t sign = argument.find('=');
    const std::vector<std::string> found = detail::options_like(*command, argument.substr(2, sign - 2));
    if (found.size() > 1) {
      std::string names;
      for (const std::string& name : found) names += (names.empty() ? "--" : ", --") + name;
      throw Error{5045, "ambiguous option: " + argument.substr(0, sign) + " could be " + names + "; see --help"};
    }
    if (found.size() == 1) argument.replace(2, sign == std::string::npos ? sign : sign - 2, found[0]);
  }
}

}  // namespace tenon::host
