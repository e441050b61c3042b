#ifndef NUQ_TESTS_UNIT_GRAPH_OPS_RULE_CASES_HPP
#define NUQ_TESTS_UNIT_GRAPH_OPS_RULE_CASES_HPP

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../../error_of.hpp"
#include "nuq/caffe/read_operation.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"

/// A layer outside of any network; `parameters` is what stands in the prototxt besides name, type, bottoms and tops.
inline nuq::Node rule_node(const std::string& type, const std::string& parameters,
                           std::vector<nuq::Tensor> blobs = {}) {
  nuq::schema::LayerParameter layer;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(parameters, &layer));
  layer.set_type(type);
  nuq::Node node;
  node.name = "layer1";
  node.type = type;
  node.operation = nuq::read_operation(layer);
  node.blobs = std::move(blobs);
  node.outputs = {0};
  return node;
}

/// What a rule complains of: must name the layer.
template <class Action>
std::string complaint(Action&& action) {
  const CaughtError error = error_of<nuq::ModelError>(std::forward<Action>(action));
  const std::string place = "nuq: net.prototxt: layer 'layer1': ";
  return error.message.rfind(place, 0) == 0 ? error.message.substr(place.size()) : "(not named) " + error.message;
}

#endif  // NUQ_TESTS_UNIT_GRAPH_OPS_RULE_CASES_HPP
