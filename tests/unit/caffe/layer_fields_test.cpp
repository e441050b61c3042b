#include "nuq/caffe/layer_fields.hpp"
#include "nuq/proto_schema.hpp"

#include <doctest/doctest.h>

#include <google/protobuf/text_format.h>
#include <string>
#include <vector>

namespace caffe_layer_fields_test {

constexpr nuq::LayerFields pooling = {"pooling_param", "pool kernel_size", "engine"};
constexpr nuq::LayerFields relu6 = {"relu6_param", "negative_slope", "engine", "relu_param"};

/// Of the fields that are not read, in the schema's order: path, and ! where it may change the result.
std::vector<std::string> unread(const std::string& layer, const nuq::LayerFields& fields) {
  nuq::schema::LayerParameter parameter;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(layer, &parameter));
  std::vector<std::string> paths;
  for (const nuq::UnreadField& field : nuq::unread_fields(parameter, fields))
    paths.push_back(field.path + (field.effect == nuq::FieldEffect::not_read ? "!" : ""));
  return paths;
}

using Paths = std::vector<std::string>;

TEST_CASE("a field of a layer's own parameters is read, without meaning, or may change the result") {
  CHECK(unread("name: 'p' bottom: 'a' top: 'b' param { lr_mult: 1 } pooling_param { pool: AVE engine: CUDNN }", pooling)
            .empty());
  CHECK(unread("pooling_param { pool: AVE stride: 2 }", pooling) == Paths{"pooling_param.stride!"});
  CHECK(unread("relu_param { negative_slope: 0.5 engine: CAFFE } relu6_param { }", relu6).empty());
}

TEST_CASE("a field at its default changes nothing") {
  CHECK(unread("pooling_param { stride: 1 pad: 0 global_pooling: false }", pooling).empty());
  CHECK(unread("pooling_param { global_pooling: true }", pooling) == Paths{"pooling_param.global_pooling!"});
}

TEST_CASE("parameters of other layer types are not looked at") {
  CHECK(unread("pooling_param { } dropout_param { dropout_ratio: 0.1 }", pooling) == Paths{"dropout_param"});
}

TEST_CASE("what an unknown field does depends on where it stands") {
  using Effect = nuq::FieldEffect;
  CHECK(nuq::effect_of_unknown("kernl_size", pooling) == Effect::not_read);
  CHECK(nuq::effect_of_unknown("pooling_param.kernl_size", pooling) == Effect::not_read);
  CHECK(nuq::effect_of_unknown("pooling_param.engine", pooling) == Effect::none);
  CHECK(nuq::effect_of_unknown("relu_param.slope", relu6) == Effect::not_read);
  CHECK(nuq::effect_of_unknown("param.learning_rate", pooling) == Effect::none);
  CHECK(nuq::effect_of_unknown("dropout_param.rate", pooling) == Effect::foreign);
}

TEST_CASE("a field is ignored by its type and its name, with or without the message around it") {
  nuq::ReadOptions options;
  options.ignored_fields = {"Pooling.pad_type", "Convolution.convolution_param.x"};
  CHECK(nuq::is_ignored(options, "Pooling", "pooling_param.pad_type"));
  CHECK(nuq::is_ignored(options, "Convolution", "convolution_param.x"));
  CHECK_FALSE(nuq::is_ignored(options, "Pooling", "pooling_param.x_pad_type"));
  CHECK_FALSE(nuq::is_ignored(options, "Pool", "ing.pad_type"));
  CHECK_FALSE(nuq::is_ignored(options, "Convolution", "x"));
}

}  // namespace caffe_layer_fields_test
