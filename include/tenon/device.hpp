// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything that firmware needs, and nothing else: no heap, exceptions, run-time type information
// or input/output. A model that was quantized in a constant expression, or exported, computes
// without floating point.
#include <tenon/check/fault.hpp>
#include <tenon/kernel/arch.hpp>
#include <tenon/layer/any_layer.hpp>
#include <tenon/model/exported.hpp>
#include <tenon/model/graph.hpp>
#include <tenon/model/quantized.hpp>
#include <tenon/number/fixed_point.hpp>
#include <tenon/number/range.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/version.hpp>
