#include "nuq/caffe/upgrade.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "message_text.hpp"

namespace caffe_upgrade_test {

using V1 = nuq::schema::V1LayerParameter;

TEST_CASE("a V1 layer says the same in the present format") {
  const V1 old = parsed<V1>(
      "name: 'conv1' type: CONVOLUTION bottom: 'data' top: 'conv1' blobs_lr: 1 blobs_lr: 2 weight_decay: 1 "
      "weight_decay: 0 "
      "include { phase: TEST } exclude { stage: 'deploy' } loss_weight: 0.5 blobs { num: 1 channels: 1 height: 1 "
      "width: 1 data: 3 } "
      "convolution_param { num_output: 32 pad: 2 kernel_size: 5 stride: 1 group: 2 weight_filler { type: 'gaussian' "
      "std: 0.01 } }");
  const auto wanted = parsed<nuq::schema::LayerParameter>(
      "name: 'conv1' type: 'Convolution' bottom: 'data' top: 'conv1' param { lr_mult: 1 decay_mult: 1 } param { "
      "lr_mult: 2 decay_mult: 0 } "
      "include { phase: TEST } exclude { stage: 'deploy' } loss_weight: 0.5 blobs { num: 1 channels: 1 height: 1 "
      "width: 1 data: 3 } "
      "convolution_param { num_output: 32 pad: 2 kernel_size: 5 stride: 1 group: 2 weight_filler { type: 'gaussian' "
      "std: 0.01 } }");
  CHECK(printed(nuq::upgraded(old)) == printed(wanted));
}

TEST_CASE("shared parameters keep their names and the way they are compared") {
  const nuq::schema::LayerParameter layer =
      nuq::upgraded(parsed<V1>("name: 'ip' type: INNER_PRODUCT param: 'w' param: 'b' blob_share_mode: PERMISSIVE "
                               "inner_product_param { num_output: 10 }"));
  REQUIRE(layer.param_size() == 2);
  CHECK(layer.param(0).name() == "w");
  CHECK(layer.param(0).share_mode() == nuq::schema::ParamSpec::PERMISSIVE);
  CHECK_FALSE(layer.param(0).has_lr_mult());
  CHECK(layer.param(1).name() == "b");
  CHECK_FALSE(layer.param(1).has_share_mode());
  CHECK(layer.inner_product_param().num_output() == 10);
}

TEST_CASE("every parameter message that both formats share is kept") {
  const V1 old = parsed<V1>(
      "type: POOLING pooling_param { pool: AVE kernel_size: 3 } lrn_param { local_size: 3 } concat_param { concat_dim: "
      "0 } slice_param { slice_dim: 2 } "
      "transform_param { scale: 0.5 } memory_data_param { channels: 3 } eltwise_param { coeff: -1 } dropout_param { "
      "dropout_ratio: 0.25 }");
  const nuq::schema::LayerParameter layer = nuq::upgraded(old);
  CHECK(layer.pooling_param().pool() == nuq::schema::PoolingParameter::AVE);
  CHECK(layer.lrn_param().local_size() == 3);
  CHECK(layer.concat_param().concat_dim() == 0);
  CHECK(layer.slice_param().slice_dim() == 2);
  CHECK(layer.transform_param().scale() == 0.5F);
  CHECK(layer.memory_data_param().channels() == 3);
  CHECK(layer.eltwise_param().coeff(0) == -1.0F);
  CHECK(layer.dropout_param().dropout_ratio() == 0.25F);
}

TEST_CASE("every V1 type has a name of its own, NONE alone is empty") {
  std::set<std::string> names;
  const google::protobuf::EnumDescriptor& types = *V1::LayerType_descriptor();
  for (int index = 0; index < types.value_count(); ++index) {
    const auto type = static_cast<V1::LayerType>(types.value(index)->number());
    CAPTURE(std::string(types.value(index)->name()));
    CHECK(nuq::upgraded(type).empty() == (type == V1::NONE));
    CHECK(names.insert(nuq::upgraded(type)).second);
  }
  CHECK(nuq::upgraded(V1::SOFTMAX_LOSS) == "SoftmaxWithLoss");
  CHECK(nuq::upgraded(V1::RELU) == "ReLU");
}

TEST_CASE("a network is upgraded as a whole, in order; one of the present format stays as it is") {
  const auto old = parsed<nuq::schema::NetParameter>(
      "name: 'n' input: 'data' input_dim: 1 layers { name: 'a' type: RELU } layers { name: 'b' type: TANH }");
  const auto wanted = parsed<nuq::schema::NetParameter>(
      "name: 'n' input: 'data' input_dim: 1 layer { name: 'a' type: 'ReLU' } layer { name: 'b' type: 'TanH' }");
  CHECK(printed(nuq::upgraded(old)) == printed(wanted));
  CHECK(printed(nuq::upgraded(wanted)) == printed(wanted));
}

}  // namespace caffe_upgrade_test
