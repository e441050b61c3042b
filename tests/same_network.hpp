#ifndef NUQ_TESTS_SAME_NETWORK_HPP
#define NUQ_TESTS_SAME_NETWORK_HPP

#include <doctest/doctest.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"

/// What connects the layers: blobs' names and who writes them.
inline std::vector<std::string> described_values(const nuq::Graph& graph, const std::vector<std::size_t>& values) {
  std::vector<std::string> described;
  for (const std::size_t value : values) {
    const std::size_t producer = graph.values[value].producer;
    const bool is_input = producer == nuq::Value::network_input;
    described.push_back(graph.values[value].blob + " of " + (is_input ? "the user" : graph.nodes[producer].name));
  }
  return described;
}

inline bool same_bits(const std::vector<float>& one, const std::vector<float>& other) {
  return one.size() == other.size() &&
         (one.empty() || std::memcmp(one.data(), other.data(), sizeof(float) * one.size()) == 0);
}

/// The attributes that quantization and folding write; all other operations are copied whole.
inline void check_same_operation(const nuq::Node& one, const nuq::Node& other) {
  REQUIRE(one.operation.index() == other.operation.index());
  if (const auto* quant = one.operation.get_if<nuq::ops::Quant>()) {
    const auto& wanted = other.operation.get<nuq::ops::Quant>();
    CHECK(same_bits({quant->reciprocal_scale}, {wanted.reciprocal_scale}));
    CHECK(quant->offset == wanted.offset);
    CHECK(quant->with_offset == wanted.with_offset);
  }
  if (const auto* convolution = nuq::convolution_of(one)) {
    CHECK(convolution->bias == nuq::convolution_of(other)->bias);
    CHECK(convolution->out_channels == nuq::convolution_of(other)->out_channels);
  }
  if (const auto* product = one.operation.get_if<nuq::ops::InnerProduct>())
    CHECK(product->bias == other.operation.get<nuq::ops::InnerProduct>().bias);
}

/// Checks that two graphs are one network, node by node, blobs to the bit.
inline void check_same_network(const nuq::Graph& one, const nuq::Graph& other) {
  CHECK(one.name == other.name);
  CHECK(described_values(one, one.inputs) == described_values(other, other.inputs));
  CHECK(one.values.size() == other.values.size());
  for (std::size_t input = 0; input < one.inputs.size(); ++input)
    CHECK(one.values[one.inputs[input]].shape == other.values[other.inputs[input]].shape);
  REQUIRE(one.nodes.size() == other.nodes.size());
  for (std::size_t index = 0; index < one.nodes.size(); ++index) {
    const nuq::Node& node = one.nodes[index];
    const nuq::Node& wanted = other.nodes[index];
    CAPTURE(wanted.name);
    REQUIRE(node.name == wanted.name);
    CHECK(node.type == wanted.type);
    check_same_operation(node, wanted);
    CHECK(described_values(one, node.inputs) == described_values(other, wanted.inputs));
    CHECK(described_values(one, node.outputs) == described_values(other, wanted.outputs));
    REQUIRE(node.blobs.size() == wanted.blobs.size());
    for (std::size_t blob = 0; blob < node.blobs.size(); ++blob) {
      CHECK(node.blobs[blob].shape == wanted.blobs[blob].shape);
      CHECK(same_bits(node.blobs[blob].values, wanted.blobs[blob].values));
    }
    CHECK(same_bits(node.sum_scales, wanted.sum_scales));
    CHECK(node.fused == wanted.fused);
    CHECK(node.integer.has_value() == wanted.integer.has_value());
    CHECK(node.shared_parameters == wanted.shared_parameters);
  }
}

#endif  // NUQ_TESTS_SAME_NETWORK_HPP
