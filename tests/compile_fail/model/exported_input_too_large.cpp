// SPDX-License-Identifier: Apache-2.0
// expect: TN2032
// expect: proved<(stages::)?sum, .*Claimed<127> ?, .*Found<128> ?>
#include <tenon/device.hpp>

namespace stages {
struct input {
  using Output = std::int8_t;
  static constexpr tenon::Shape shape{2};
};
struct sum {
  using Output = std::int32_t;
  static constexpr tenon::DenseParams params{.units = 1, .use_bias = false};
  static constexpr tenon::BlockTraits block{.finish = {.raw = true}, .largest_input = 127};
  static constexpr std::int64_t largest_sum = 1016;
  static constexpr tenon::kernel::ChannelFinish finish[] = {{0, 0, 127, 1}};
  alignas(16) static constexpr signed char weights[] = "\004\374";
};
struct output {
  using Source = sum;
  static constexpr tenon::Shape shape{1};
};
}  // namespace stages

using Model = tenon::Exported<tenon::arch::native, std::tuple<stages::output>, tenon::Stage<stages::input>,
                              tenon::Stage<stages::sum>>;
static_assert(Model::sums_are_proved);
