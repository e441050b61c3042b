#include "nuq/packed/packed_model.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "../error_of.hpp"
#include "small_model.hpp"

namespace packed_packed_model_test {

TEST_CASE("layers are found by name and decoded into vectors") {
  const SmallModel small;
  const std::vector<std::uint8_t> file = small.file();
  const nuq::PackedModel model(file.data(), file.size());
  CHECK(model.view().layer_count() == 5);
  CHECK(model.prototxt() == small.prototxt);
  CHECK(model.layer("deconv").type() == "Deconvolution");
  CHECK(model.levels("conv", 0) == small.conv);
  CHECK(model.floats("conv", 1) == small.conv_bias);
}

TEST_CASE("errors name file, layer and cause") {
  std::vector<std::uint8_t> file = SmallModel().file();
  const nuq::PackedModel model(file.data(), file.size(), "net.nuq");
  const auto refused = [](auto&& action) { return error_of<nuq::FormatError>(action); };
  CHECK(refused([&] { static_cast<void>(model.layer("x")); }).says("net.nuq: has no layer 'x'"));
  CHECK(refused([&] {
          static_cast<void>(model.floats("conv", 2));
        }).says("net.nuq: layer 'conv': has no blob 2, it has 2"));
  CHECK(refused([&] { static_cast<void>(model.levels("conv", 1)); }).says("layer 'conv': the blob holds"));
  file.back() ^= 1;
  CHECK(refused([&] { nuq::PackedModel(file.data(), file.size()); }).says("checksum"));
  file[4] = 9;
  CHECK(refused([&] { nuq::PackedModel(file.data(), file.size()); }).code == nuq::ErrorCode::unsupported_format);
  CHECK(refused([&] { nuq::PackedModel(file.data(), 3); }).code == nuq::ErrorCode::malformed_file);
}

}  // namespace packed_packed_model_test
