// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything: typed models and, for programs with a file system, the import, quantization,
// execution and writing of model files. Needs the libraries of the pkg-config file tenon-host;
// firmware includes tenon/device.hpp.
#include <tenon/device.hpp>
#include <tenon/host/array.hpp>
#include <tenon/host/calibrate/calibrate.hpp>
#include <tenon/host/emit/keras_h5.hpp>
#include <tenon/host/emit/npz.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/keras_h5.hpp>
#include <tenon/host/import/npz.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/quantize/quantize.hpp>
#include <tenon/host/transform/sanitize.hpp>
