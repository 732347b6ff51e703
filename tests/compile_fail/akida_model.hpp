// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <tenon/akida/maps.hpp>
#include <tuple>
#include <type_traits>

#include "../akida/sequence.hpp"

// A described model for the programs that must not compile: `Make` returns its layers, `Names` are
// their tags.
template <auto Make, class... Names>
struct Described {
  static constexpr auto akida_layers() {
    constexpr tenon::akida::Sequence model = Make();
    std::array<tenon::akida::Layer, model.count> layers{};
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i] = model.layers[i];
    return layers;
  }
  template <std::size_t I>
  using name = std::remove_pointer_t<std::tuple_element_t<I, std::tuple<Names*...>>>;
};

using namespace tenon;
using akida::Device;
using akida::image;
using akida::Sequence;
