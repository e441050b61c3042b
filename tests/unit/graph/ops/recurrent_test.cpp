#include "nuq/graph/ops/recurrent.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "rule_cases.hpp"

using nuq::Shape;

namespace graph_ops_recurrent_test {

using Shapes = std::vector<Shape>;

const Shape values = {7, 2, 5};
const Shape marks = {7, 2};
const Shape state = {1, 2, 3};

Shapes outputs_of(const std::string& type, const std::string& parameters, const Shapes& inputs, std::size_t outputs) {
  nuq::Node node = rule_node(type, "recurrent_param { " + parameters + " }");
  node.outputs.assign(outputs, 0);
  return nuq::output_shapes({node, "net.prototxt"}, inputs);
}

Shapes lstm(const std::string& parameters, const Shapes& inputs, std::size_t outputs = 1) {
  return outputs_of("LSTM", parameters, inputs, outputs);
}

Shapes rnn(const std::string& parameters, const Shapes& inputs, std::size_t outputs = 1) {
  return outputs_of("RNN", parameters, inputs, outputs);
}

std::string refusal(const std::string& parameters, const Shapes& inputs) {
  return complaint([&] { static_cast<void>(lstm(parameters, inputs)); });
}

TEST_CASE("recurrent layers give num_output values for each step, whatever a step's own axes") {
  CHECK(lstm("num_output: 3", {values, marks}) == Shapes{{7, 2, 3}});
  CHECK(lstm("num_output: 3", {{7, 2}, marks, {2, 9}}) == Shapes{{7, 2, 3}});
  CHECK(rnn("num_output: 3", {{7, 2, 4, 5}, marks}) == Shapes{{7, 2, 3}});
}

TEST_CASE("exposed states follow: two of an LSTM, one of an RNN") {
  const std::string exposed = "num_output: 3 expose_hidden: true";
  CHECK(lstm(exposed, {values, marks, state, state}, 3) == Shapes{{7, 2, 3}, state, state});
  CHECK(rnn(exposed, {values, marks, state}, 2) == Shapes{{7, 2, 3}, state});
  CHECK(rnn(exposed, {values, marks, {2, 9}, state}, 2) == Shapes{{7, 2, 3}, state});
}

TEST_CASE("blobs are counted by the inputs, and must fit them and each other") {
  const auto count = [](const std::string& type, const std::string& parameters, std::size_t inputs) {
    return rule_node(type, "recurrent_param { num_output: 3 " + parameters + " }")
        .operation.visit([inputs](const auto& operation) { return blob_count(operation, inputs); });
  };
  CHECK(count("LSTM", "", 2) == 3);
  CHECK(count("LSTM", "", 3) == 4);
  CHECK(count("LSTM", "expose_hidden: true", 4) == 3);
  CHECK(count("LSTM", "expose_hidden: true", 5) == 4);
  CHECK(count("RNN", "", 2) == 5);
  CHECK(count("RNN", "expose_hidden: true", 3) == 5);
  CHECK(count("RNN", "expose_hidden: true", 4) == 6);

  const auto problem = [](const std::vector<Shape>& blobs) {
    std::vector<nuq::Tensor> tensors;
    for (const Shape& blob : blobs) tensors.emplace_back(blob);
    nuq::Node node = rule_node("RNN", "recurrent_param { num_output: 3 }", tensors);
    return complaint([&] { static_cast<void>(nuq::output_shapes({node, "net.prototxt"}, {values, marks, {2, 9}})); });
  };
  CHECK(problem({{3, 5}, {3}, {3, 3}, {3, 3}, {3}}) == "the weights file has 5 blobs, wanted 6");
  CHECK(problem({{3, 4}, {3}, {3, 9}, {3, 3}, {3, 3}, {3}}) == "blob 0 has shape [3,4], wanted [3,5]");
  CHECK(problem({{3, 5}, {3}, {3, 9}, {3, 3}, {3, 4}, {3}}) == "blob 4 has shape [3,4], wanted [3,3]");
}

TEST_CASE("inputs that do not fit are refused by name") {
  CHECK(refusal("num_output: 3", {values, marks, {3, 9}}) == "the constant input is [3,9], wanted [2,…]");
  CHECK(refusal("num_output: 3 expose_hidden: true", {values, marks, state, {1, 2, 4}}) ==
        "a state before the first step is [1,2,4], wanted [1,2,3]");
  CHECK(refusal("", {values, marks}).rfind("num_output is 0", 0) == 0);
  CHECK(refusal("num_output: 3", {values}).rfind("LSTM has 1 inputs, wanted 2 to 3", 0) == 0);
  CHECK(refusal("num_output: 3 expose_hidden: true", {values, marks}).rfind("LSTM has 2 inputs", 0) == 0);
  CHECK(refusal("num_output: 3", {values, {2, 7}}).rfind("LSTM has the inputs [7,2,5] and [2,7]", 0) == 0);
  CHECK(refusal("num_output: 3", {{7}, marks}).rfind("LSTM has the inputs [7] and [7,2]", 0) == 0);
}

}  // namespace graph_ops_recurrent_test
