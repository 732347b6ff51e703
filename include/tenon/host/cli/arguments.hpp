// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// QuantizeML's options have one dash and several letters (-sa, -bs, -lob), and values may be negative (-o -1). CLI11
// knows neither, so these spellings become long ones before it sees them.
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
    for (const auto& [brief, full] : long_spellings) {
      if (argument == brief) argument = full;
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

}  // namespace tenon::host
