#include "nuq/caffe/weights_rewriter.hpp"
#include "nuq/caffe/blob.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "small_network.hpp"

namespace caffe_weights_rewriter_test {

SmallWeights two_layers() {
  SmallWeights weights;
  weights.layer("conv1", "Convolution", {counting({2, 1, 1, 1}, 1.0F)})
      .layer("fc", "InnerProduct", {counting({1, 2}, 5.0F), filled({1}, 7.0F)});
  return weights;
}

std::vector<float> values_of(const nuq::schema::BlobProto& blob) {
  return {blob.data().begin(), blob.data().end()};
}

TEST_CASE("without a change the same bytes come out, a fork's parameters and blob fields included") {
  SmallWeights weights = two_layers();
  weights.proto().set_name("net");
  nuq::schema::LayerWeights& layer = *weights.proto().mutable_layer(0);
  layer.add_bottom("data");
  layer.add_top("conv1");
  layer.mutable_unknown_fields()->AddLengthDelimited(141, "no message");
  layer.mutable_blobs(0)->mutable_unknown_fields()->AddVarint(10, 2);
  weights.proto().mutable_unknown_fields()->AddVarint(9999, 1);
  CHECK(nuq::WeightsRewriter(weights.proto()).finish(false).SerializeAsString() == weights.bytes());
  CHECK(nuq::WeightsRewriter(weights.proto()).finish(true).SerializeAsString() == weights.bytes());
}

TEST_CASE("a blob is replaced in every layer of a name") {
  SmallWeights weights = two_layers();
  weights.layer("conv1", "Convolution", {counting({2, 1, 1, 1}, 1.0F)});
  nuq::WeightsRewriter rewriter(weights.proto());
  rewriter.replace_blob("conv1", 0, {2, 1, 1, 1}).add_data(9.0F);
  const nuq::schema::NetWeights result = std::move(rewriter).finish(false);
  REQUIRE(result.layer_size() == 3);
  for (const int layer : {0, 2}) CHECK(values_of(result.layer(layer).blobs(0)) == std::vector<float>{9.0F});
  CHECK(result.layer(1).SerializeAsString() == weights.proto().layer(1).SerializeAsString());
}

TEST_CASE("a V1 file keeps its format or is upgraded, names, types, connections and blobs alike") {
  SmallWeights weights;
  weights.v1_layer("conv1", nuq::schema::V1LayerParameter::CONVOLUTION, {counting({2, 1, 1, 1}, 1.0F)});
  nuq::schema::V1LayerWeights& old = *weights.proto().mutable_layers(0);
  old.add_bottom("data");
  old.add_top("conv1");
  old.mutable_unknown_fields()->AddLengthDelimited(10, "V1 parameters");
  CHECK(nuq::WeightsRewriter(weights.proto()).finish(false).SerializeAsString() == weights.bytes());

  const nuq::schema::NetWeights upgraded = nuq::WeightsRewriter(weights.proto()).finish(true);
  CHECK(upgraded.layers_size() == 0);
  REQUIRE(upgraded.layer_size() == 1);
  const nuq::schema::LayerWeights& layer = upgraded.layer(0);
  CHECK(layer.name() == "conv1");
  CHECK(layer.type() == "Convolution");
  CHECK(layer.bottom(0) == "data");
  CHECK(layer.top(0) == "conv1");
  CHECK(layer.unknown_fields().empty());  // V1 numbers mean other fields there
  CHECK(values_of(layer.blobs(0)) == std::vector<float>{1.0F, 2.0F});
}

TEST_CASE("a replaced blob keeps its declared shape and nothing of its old payload") {
  SmallWeights weights = two_layers();
  nuq::schema::BlobProto& old = *weights.proto().mutable_layer(1)->mutable_blobs(0);
  old.clear_shape();
  old.set_num(1);
  old.set_channels(1);
  old.set_height(1);
  old.set_width(2);
  old.add_diff(3.0F);
  old.mutable_unknown_fields()->AddVarint(10, 2);  // NVCaffe: half-precision numbers
  nuq::WeightsRewriter rewriter(weights.proto());
  CHECK_FALSE(rewriter.is_replaced("fc", 0));
  rewriter.replace_blob("fc", 0, {1, 2}).set_int8_data("ab");
  CHECK(rewriter.is_replaced("fc", 0));
  CHECK_FALSE(rewriter.is_replaced("fc", 1));

  const nuq::schema::NetWeights result = std::move(rewriter).finish(false);
  CHECK(result.layer(0).SerializeAsString() == weights.proto().layer(0).SerializeAsString());
  const nuq::schema::BlobProto& blob = result.layer(1).blobs(0);
  nuq::schema::BlobProto wanted;
  wanted.set_num(1);
  wanted.set_channels(1);
  wanted.set_height(1);
  wanted.set_width(2);
  wanted.set_int8_data("ab");
  CHECK(blob.SerializeAsString() == wanted.SerializeAsString());
  CHECK(values_of(result.layer(1).blobs(1)) == std::vector<float>{7.0F});
}

TEST_CASE("a blob past the last is added with the given shape, and replacing twice keeps the second") {
  SmallWeights weights = two_layers();
  nuq::WeightsRewriter rewriter(weights.proto());
  rewriter.replace_blob("conv1", 1, {2}).add_data(9.0F);
  nuq::schema::BlobProto& bias = rewriter.replace_blob("conv1", 1, {2});
  bias.add_data(3.0F);
  bias.add_data(4.0F);
  const nuq::schema::NetWeights result = std::move(rewriter).finish(false);
  REQUIRE(result.layer(0).blobs_size() == 2);
  CHECK(values_of(result.layer(0).blobs(0)) == std::vector<float>{1.0F, 2.0F});
  CHECK(values_of(result.layer(0).blobs(1)) == std::vector<float>{3.0F, 4.0F});
  CHECK(nuq::blob_shape(result.layer(0).blobs(1)) == nuq::Shape{2});
}

TEST_CASE("of two layers of one name the one with blobs is rewritten") {
  SmallWeights weights;
  weights.layer("fc", "InnerProduct", {}).layer("fc", "InnerProduct", {filled({1}, 1.0F)});
  nuq::WeightsRewriter rewriter(weights.proto());
  rewriter.replace_blob("fc", 0, {1}).add_data(2.0F);
  const nuq::schema::NetWeights result = std::move(rewriter).finish(false);
  REQUIRE(result.layer_size() == 2);
  CHECK(result.layer(0).blobs_size() == 0);
  CHECK(values_of(result.layer(1).blobs(0)) == std::vector<float>{2.0F});
}

TEST_CASE("layers are removed, and added last with their blobs and parameters") {
  SmallWeights weights = two_layers();
  nuq::schema::LayerParameter added;
  added.set_name("dq");
  added.set_type("DeQuant");
  added.mutable_dequant_param()->set_channel_wise(true);
  added.add_blobs()->add_data(1.5F);
  nuq::WeightsRewriter rewriter(weights.proto());
  rewriter.remove("conv1");
  rewriter.add(added);
  const nuq::schema::NetWeights result = std::move(rewriter).finish(false);
  REQUIRE(result.layer_size() == 2);
  CHECK(result.layer(0).name() == "fc");
  nuq::schema::LayerParameter read;
  REQUIRE(read.ParseFromString(result.layer(1).SerializeAsString()));
  CHECK(read.SerializeAsString() == added.SerializeAsString());
}

}  // namespace caffe_weights_rewriter_test
