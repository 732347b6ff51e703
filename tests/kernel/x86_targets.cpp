// SPDX-License-Identifier: Apache-2.0
// Every block kernel with the instructions themselves, for processors that the tests do not run on: this only compiles.
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/blocks.hpp>

namespace tenon_test {

using namespace tenon;
using namespace tenon::kernel;

inline constexpr ConvBlock some_conv = [] {
  ConvBlock block;
  block.window = Window2D::of(Shape{8, 8, 64}, {3, 3}, {1, 1}, {1, 1}, Padding::same);
  block.channels = 64;
  block.filters = 48;
  return block;
}();
inline constexpr DenseBlock some_dense{.rows = 64, .inputs = 64, .units = 32};
inline constexpr DepthwiseBlock some_depthwise{.window = some_conv.window, .channels = 64};
inline constexpr AddBlock some_add{.pixels = 5, .channels = 24};
inline constexpr PoolBlock some_pool{.pixels = 9, .channels = 40};

struct Blocks {
  ConvBlock conv;
  DenseBlock dense;
  DepthwiseBlock depthwise;
  AddBlock add;
  PoolBlock pool;
};

struct Constants {
  const signed char* weights;
  const ChannelFinish* finish;
  const AddShifts* add_shifts;
  std::byte* packed;
  std::byte* scratch;
};

/// Blocks known at run time, and constant ones.
template <class Arch, class X, class Y>
struct Calls {
  static void all(const Blocks& blocks, const Constants& c, const X* x, Y* y) {
    const Arch arch;
    pack(arch, blocks.conv, c.weights, nullptr, c.finish, c.packed);
    conv2d_block(arch, blocks.conv, x, x, c.packed, y, c.scratch);
    conv2d_block<some_conv>(arch, x, x, c.packed, y, c.scratch);
    pack(arch, blocks.dense, c.weights, nullptr, c.finish, c.packed);
    dense_block(arch, blocks.dense, x, c.packed, y, c.scratch);
    dense_block<some_dense>(arch, x, c.packed, y, c.scratch);
    pack(arch, blocks.depthwise, c.weights, c.finish, c.packed);
    depthwise_conv2d_block(arch, blocks.depthwise, x, c.packed, y, c.scratch);
    depthwise_conv2d_block<some_depthwise>(arch, x, c.packed, y, c.scratch);
    pack(arch, blocks.add, c.add_shifts, c.finish, c.packed);
    add_block(arch, blocks.add, x, x, c.packed, y);
    add_block<some_add>(arch, x, x, c.packed, y);
    global_average_pool_block(arch, blocks.pool, x, c.finish, y);
    global_average_pool_block<some_pool>(arch, x, c.finish, y);
  }
};

template struct Calls<arch::amx_int8, std::int8_t, std::int8_t>;
template struct Calls<arch::amx_int8, std::uint8_t, std::int32_t>;
template struct Calls<arch::avx512_vnni, std::int8_t, std::int8_t>;
template struct Calls<arch::avx512_vnni, std::uint8_t, std::int32_t>;
template struct Calls<arch::avx_vnni, std::int8_t, std::int8_t>;
template struct Calls<arch::avx_vnni, std::uint8_t, std::int32_t>;

}  // namespace tenon_test
