#include "nuq/caffe/mixed_syntax.hpp"

#include <doctest/doctest.h>

#include <string>

#include "nuq/caffe/model_file.hpp"

namespace caffe_mixed_syntax_test {

TEST_CASE("a layer that mixes the formats is named, with what it should have") {
  CHECK(nuq::mixed_syntax_of("layer { name: 'c' type: CONVOLUTION bottom: 'd' }") ==
        "layer 'c': type CONVOLUTION belongs to the older `layers`, wanted a quoted type such as \"Convolution\"");
  CHECK(nuq::mixed_syntax_of("layers { name: 'a' type: RELU } layers { type: 'ReLU' name: 'b' }") ==
        "layer 'b': type 'ReLU' belongs to `layer`, wanted one of the older types such as CONVOLUTION");
  CHECK(nuq::mixed_syntax_of("layers { name: 'c' type: RELU param { lr_mult: 1 } }") ==
        "layer 'c': `param { … }` belongs to `layer`, wanted the parameter's name or `blobs_lr`");
  CHECK(nuq::mixed_syntax_of("layer { name: 'c' type: 'ReLU' param: 'w' }") ==
        "layer 'c': param 'w' belongs to the older `layers`, wanted `param { name: … }`");
}

TEST_CASE("one format alone, and text that is broken otherwise, are no mixture") {
  CHECK(nuq::mixed_syntax_of("layer { name: 'c' type: 'Convolution' param { name: 'w' } nonsense }").empty());
  CHECK(nuq::mixed_syntax_of("layers { name: 'c' type: CONVOLUTION param: 'w' }").empty());
  CHECK(nuq::mixed_syntax_of("layers { layer { name: 'c' type: 'conv' } }").empty());
  CHECK(nuq::mixed_syntax_of("layer { name: 'c' type: CONVOLUTION").empty());
}

TEST_CASE("the message of a mixture has the place and no words of the parser") {
  CHECK_THROWS_WITH_AS(
      static_cast<void>(nuq::parse_model("name: 'net'\nlayer { name: 'c' type: POOLING }", {}, "net.prototxt", {})),
      "nuq: net.prototxt:2:25: layer 'c': type POOLING belongs to the older `layers`, wanted a quoted type such as "
      "\"Convolution\"",
      nuq::ModelError);
}

}  // namespace caffe_mixed_syntax_test
