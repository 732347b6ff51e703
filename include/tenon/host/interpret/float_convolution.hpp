// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/x86/float_conv2d.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/conv2d.hpp>
#include <tenon/layer/depthwise_conv2d.hpp>
#include <tenon/tensor/shape.hpp>
#include <vector>

// Float convolutions on a copy of the map that has its padding around it, where a kernel for that exists: the same bits as
// `run_float`, in a tenth of the time. Calibration does little else.
namespace tenon::host {

/// False where the layer has to go through `run_float`.
template <class Arch, class Params>
bool run_float_convolution(Arch, const Params&, const Shape&, const FloatVariables&, const float*, float*,
                           std::vector<float>&) {
  return false;
}

#if defined(__x86_64__)
inline bool run_float_convolution(arch::avx2, const Conv2DParams& params, const Shape& input,
                                  const FloatVariables& variables, const float* x, float* y,
                                  std::vector<float>& padded) {
  if (params.groups != 1) return false;
  const Window2D window = params.window(input);
  const auto map = kernel::x86::PaddedMap::of(window, input.channels());
  const auto padding = params.has_padding_value ? variables.padding_value : std::span<const float>{};
  padded.resize(map.size());
  kernel::x86::pad_map(window, map, x, padding.data(), padding.size(), padded.data());
  kernel::x86::float_conv2d(window, map, params.filters, padded.data(), variables.kernel.data(),
                            variables.bias.empty() ? nullptr : variables.bias.data(), y);
  return true;
}

inline bool run_float_convolution(arch::avx2, const DepthwiseConv2DParams& params, const Shape& input,
                                  const FloatVariables& variables, const float* x, float* y,
                                  std::vector<float>& padded) {
  const Window2D window = params.window(input);
  const auto map = kernel::x86::PaddedMap::of(window, input.channels());
  padded.resize(map.size());
  kernel::x86::pad_map(window, map, x, nullptr, 0, padded.data());
  kernel::x86::float_depthwise_conv2d(window, map, padded.data(), variables.kernel.data(),
                                      variables.bias.empty() ? nullptr : variables.bias.data(), y);
  return true;
}
#endif

}  // namespace tenon::host
