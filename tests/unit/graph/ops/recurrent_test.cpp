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

TEST_CASE("inputs that do not fit are refused by name") {
  CHECK(refusal("", {values, marks}).rfind("num_output is 0", 0) == 0);
  CHECK(refusal("num_output: 3", {values}).rfind("LSTM has 1 inputs, wanted 2 to 3", 0) == 0);
  CHECK(refusal("num_output: 3 expose_hidden: true", {values, marks}).rfind("LSTM has 2 inputs", 0) == 0);
  CHECK(refusal("num_output: 3", {values, {2, 7}}).rfind("LSTM has the inputs [7,2,5] and [2,7]", 0) == 0);
  CHECK(refusal("num_output: 3", {{7}, marks}).rfind("LSTM has the inputs [7] and [7,2]", 0) == 0);
}

}  // namespace graph_ops_recurrent_test
