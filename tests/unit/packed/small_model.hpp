#ifndef NUQ_TESTS_UNIT_PACKED_SMALL_MODEL_HPP
#define NUQ_TESTS_UNIT_PACKED_SMALL_MODEL_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "coding_cases.hpp"
#include "nuq/packed/model_writer.hpp"

/// A file with something of everything: coded floats of each coding and layout, coded int8, raw values, a layer without
/// blobs, an empty blob.
struct SmallModel {
  std::string prototxt = "name: \"small\"\nlayer { name: \"conv\" }\n";
  std::vector<std::int8_t> conv = bell_levels(8 * 3 * 5 * 5, 6.0F, 1);
  std::vector<float> conv_scales = random_values(8, 2);
  std::vector<float> conv_bias = random_values(8, 3);
  std::vector<std::int8_t> deconv = uniform_levels(4 * 3 * 2 * 2, 4, 11, 4);  // two groups of three output channels
  std::vector<float> deconv_scales = random_values(6, 5);
  std::vector<std::int8_t> fc = uniform_levels(10 * 20, 256, 1, 6);
  std::vector<float> fc_scale = {0.25F};
  std::vector<std::int8_t> deploy = bell_levels(30 * 10, 2.0F, 7);
  std::vector<std::int32_t> deploy_bias = {-5, 0, 1 << 30};
  std::vector<std::uint8_t> doubles = std::vector<std::uint8_t>(16, 0x3F);

  std::vector<std::uint8_t> file() const {
    nuq::PackedModelWriter writer(prototxt);
    writer.add_layer("conv", "Convolution");
    writer.add_levels({8, 3, 5, 5}, nuq::ScaledLevels{conv, conv_scales, {}});
    writer.add_values({8}, nuq::ArrayView<const float>(conv_bias));
    writer.add_layer("relu", "ReLU");
    writer.add_layer("deconv", "Deconvolution");
    writer.add_levels({4, 3, 2, 2}, nuq::ScaledLevels{deconv, deconv_scales, {4, 3}});
    writer.add_layer("fc", "InnerProduct");
    writer.add_levels({10, 20}, nuq::ScaledLevels{fc, fc_scale, {}});
    writer.add_values({0}, nuq::ArrayView<const float>());
    writer.add_layer("deploy", "Convolution");
    writer.add_levels({30, 10, 1, 1}, nuq::ArrayView<const std::int8_t>(deploy));
    writer.add_values({1, 3}, nuq::ArrayView<const std::int32_t>(deploy_bias));
    writer.add_values(nuq::ElementType::float64, {2}, doubles);
    return writer.finish();
  }
};

#endif  // NUQ_TESTS_UNIT_PACKED_SMALL_MODEL_HPP
