// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <filesystem>
#include <string>
#include <tenon/host/emit/hdf5.hpp>
#include <tenon/host/emit/npz.hpp>
#include <vector>

// Writes out.npz and out.h5 into the folder that is its argument, for python_test.py to read.
int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::filesystem::path folder = arguments[1];
  const std::vector<std::size_t> shape{2, 3};
  const auto each = [&]<class... T>(const auto& use, T... type) { (use(type), ...); };

  tenon::host::NpzWriter npz(folder / "out.npz");
  each(
      [&]<class T>(T) {
        const std::vector<T> values{0, 1, 2, 3, 4, 100};
        npz.add<T>("layer/" + tenon::host::dtype_of<T>(), shape, values);
        npz.add_scalar("scalar/" + tenon::host::dtype_of<T>(), T{7});
      },
      std::int8_t{}, std::uint8_t{}, std::int16_t{}, std::uint16_t{}, std::int32_t{},
      std::uint32_t{}, std::int64_t{}, std::uint64_t{}, 0.0F, 0.0);
  npz.add("none", tenon::host::Array::from<float>({0, 3}, {}));
  npz.finish();

  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) names.push_back("layer_" + std::to_string(i));
  tenon::host::Hdf5Writer h5(folder / "out.h5");
  h5.attribute("", "model_config", std::string(100'000, 'x') + "\xC3\xA9");
  h5.group("model_weights");
  h5.string_list("model_weights", "layer_names", names);
  h5.string_list("model_weights", "weight_names", {"conv/kernel:0", "h\xC3\xA9"});
  h5.string_list("model_weights", "none", {});
  const std::vector<float> values{0, 1, 2, 3, 4, 100};
  h5.dataset<float>("model_weights/conv/conv/kernel:0", shape, values);
  h5.dataset<float>("model_weights/conv/rate:0", {}, std::span(values).last(1));
  h5.finish();
}
