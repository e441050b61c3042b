#include "nuq/engine/layers/quantization.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

namespace engine_layers_quant_test {

std::vector<float> quantized(const std::string& parameters, const std::vector<float>& values) {
  const nuq::Node node = layer_alone("Quant", "quant_param { " + parameters + " }");
  return computed<nuq::detail::QuantLayer>(node, {nuq::Tensor({static_cast<std::int64_t>(values.size())}, values)})
      .values;
}

TEST_CASE("Quant rounds to the int8 grid whose scale is the reciprocal of the stored one") {
  // scale 0.5, no offset: the grid reaches from −64 to 63.5
  CHECK(quantized("scale: 2", {0.2F, 0.25F, -0.25F, -0.3F, 10.6F, 63.4F, 100.0F, -100.0F}) ==
        std::vector<float>{0.0F, 0.5F, -0.5F, -0.5F, 10.5F, 63.5F, 63.5F, -64.0F});
}

TEST_CASE("the offset is one signed byte; −128 makes the grid begin at 0") {
  // q = clamp(round(2x) − 128, −128, 127)
  CHECK(quantized("scale: 2 offset: '\\200'", {-3.0F, 0.2F, 0.3F, 100.0F, 127.4F, 300.0F}) ==
        std::vector<float>{0.0F, 0.0F, 0.5F, 100.0F, 127.5F, 127.5F});
  CHECK(quantized("scale: 1 offset: '\\n'", {-138.0F, -139.0F, 117.0F, 118.0F}) ==
        std::vector<float>{-138.0F, -138.0F, 117.0F, 117.0F});
}

TEST_CASE("Quant does not hide a NaN") {
  CHECK(std::isnan(quantized("scale: 2", {(std::numeric_limits<float>::quiet_NaN)()})[0]));
}

TEST_CASE("a scale that is no positive number and an offset of several bytes are refused by name") {
  for (const std::string parameters :
       {"", "scale: 0", "scale: -1", "scale: nan", "scale: inf", "scale: 1 offset: 'ab'"}) {
    CAPTURE(parameters);
    CHECK(error_of<nuq::ModelError>([&] { quantized(parameters, {1.0F}); }).says("layer 'layer1': quant_param"));
  }
}

}  // namespace engine_layers_quant_test
