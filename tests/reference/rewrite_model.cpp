// SPDX-License-Identifier: Apache-2.0
// Reads a Keras model and writes it again: rewrite_model IN.h5 OUT.h5
#include <cstdio>
#include <tenon/host/emit/keras_h5.hpp>
#include <tenon/host/import/keras_h5.hpp>

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: rewrite_model IN.h5 OUT.h5\n", stderr);
    return 2;
  }
  try {
    tenon::host::write_keras_h5(tenon::host::read_keras_h5(arguments[1]), arguments[2]);
  } catch (const tenon::host::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
