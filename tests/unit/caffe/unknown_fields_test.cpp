#include "nuq/caffe/unknown_fields.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace caffe_unknown_fields_test {

std::vector<std::string> paths_of(const std::string& text) {
  std::vector<std::string> paths;
  for (const nuq::UnknownField& field : nuq::unknown_fields(text)) {
    paths.push_back(field.value.empty() ? field.path : field.path + "=" + field.value);
  }
  return paths;
}

using Paths = std::vector<std::string>;

TEST_CASE("what the schema knows is no finding, whatever form of the text") {
  CHECK(paths_of("\xEF\xBB\xBFname: 'n' # a comment: unknown: 1\n"
                 "input: \"data\"; input_shape < dim: [1, 3, 4, 4] >\n"
                 "layer { name: 'c' type: 'Convolution' convolution_param { kernel_size: 3, pad: [1, 1] "
                 "weight_filler { type: 'xavier' } } }")
            .empty());
}

TEST_CASE("an unknown field is found where it stands, with its layer") {
  const std::string text =
      "layr { } layer { name: 'a' kernl: 3 } layer { pooling_param { pool: MAX padd: 1 sub { x: 1 y { } } } }";
  const std::vector<nuq::UnknownField> found = nuq::unknown_fields(text);
  REQUIRE(found.size() == 4);
  CHECK(found[0].path == "layr");
  CHECK(found[0].layer == nuq::UnknownField::outside_layers);
  CHECK(found[1].path == "kernl");
  CHECK(found[1].layer == 0);
  CHECK(text.substr(found[1].begin, found[1].end - found[1].begin) == "kernl: 3");
  CHECK(found[2].path == "pooling_param.padd");
  CHECK(found[2].layer == 1);
  CHECK(found[3].path == "pooling_param.sub");
}

TEST_CASE("an enumeration's unknown value is found, by name and by number") {
  CHECK(paths_of("layer { pooling_param { pool: AVG } }") == Paths{"pooling_param.pool=AVG"});
  CHECK(paths_of("layer { pooling_param { pool: 77 } }") == Paths{"pooling_param.pool=77"});
  CHECK(paths_of("layer { pooling_param { pool: 1 } }").empty());
  CHECK(paths_of("layers { type: FANCY } layers { type: CONVOLUTION }") == Paths{"type=FANCY"});
}

TEST_CASE("unknown values are taken out, and rules of which they are conditions are never met") {
  const auto without = [](const std::string& text) {
    return nuq::without_unknown_values(text, nuq::unknown_fields(text));
  };
  CHECK(
      without("layer { pooling_param { pool: AVG\n kernel_size: 2 } include { phase: DEPLOY stage: 'x' } kernl: 1 }") ==
      "layer { pooling_param {  \n kernel_size: 2 } include { min_level: 1 max_level: 0 } kernl: 1 }");
  CHECK(
      without("layer { exclude { phase: A phase: B } exclude { phase: C } exclude { phase: TEST } }") ==
      "layer { exclude { min_level: 1 max_level: 0 } exclude { min_level: 1 max_level: 0 } exclude { phase: TEST } }");
  CHECK(without("layer { include: [{ phase: TEST }, < phase: A >] }") ==
        "layer { include: [{ phase: TEST }, < min_level: 1 max_level: 0 >] }");
  CHECK(nuq::unknown_fields("layer { include { phase: DEPLOY } phase: DEPLOY }").size() == 2);
  CHECK(nuq::unknown_fields("layer { include { phase: DEPLOY } phase: DEPLOY }")[0].is_condition());
  CHECK_FALSE(nuq::unknown_fields("layer { include { phase: DEPLOY } phase: DEPLOY }")[1].is_condition());
}

}  // namespace caffe_unknown_fields_test
