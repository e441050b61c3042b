#include "nuq/engine/layers/recurrent.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

namespace engine_layers_recurrent_test {

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

/// ((i · factor) mod 11 − 5) / 10 for i = 0, 1, ….
Tensor filled(const Shape& shape, int factor) {
  std::vector<float> values(nuq::element_count(shape));
  for (std::size_t at = 0; at < values.size(); ++at) {
    values[at] = static_cast<float>(static_cast<int>(at) * factor % 11 - 5) / 10.0F;
  }
  return {shape, std::move(values)};
}

// 3 steps of 2 sequences of 2 values; the second sequence begins anew at its last step, the first at its first.
const Tensor values = filled({3, 2, 2}, 3);
const Tensor marks({3, 2}, {0.0F, 1.0F, 1.0F, 1.0F, 1.0F, 0.0F});
const Tensor constant = filled({2, 3}, 4);
const Tensor first_hidden = filled({1, 2, 2}, 10);
const Tensor first_cells = filled({1, 2, 2}, 3);

Node recurrent(const std::string& type, std::vector<Tensor> blobs, std::size_t inputs, std::size_t outputs,
               bool exposed = false) {
  Node node = layer_alone(
      type, "recurrent_param { num_output: 2 expose_hidden: " + std::string(exposed ? "true" : "false") + " }",
      std::move(blobs), inputs);
  node.outputs.assign(outputs, inputs);
  return node;
}

std::vector<Tensor> lstm_blobs(bool has_constant) {
  std::vector<Tensor> blobs = {filled({8, 2}, 7), filled({8}, 5)};
  if (has_constant) blobs.push_back(filled({8, 3}, 2));
  blobs.push_back(filled({8, 2}, 8));
  return blobs;
}

std::vector<Tensor> rnn_blobs(bool has_constant) {
  std::vector<Tensor> blobs = {filled({2, 2}, 7), filled({2}, 5)};
  if (has_constant) blobs.push_back(filled({2, 3}, 2));
  for (Tensor& blob : std::vector<Tensor>{filled({2, 2}, 8), filled({2, 2}, 6), filled({2}, 9)}) {
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

template <class Layer>
std::vector<Tensor> outputs_of(const Node& node, const std::vector<Tensor>& inputs) {
  nuq::Workspace workspace(1);
  return all_computed<Layer>(node, inputs, workspace);
}

// What is expected was worked out in double precision with numpy, from the formulas in graph/ops/recurrent.hpp.

TEST_CASE("an LSTM with a constant input begins with zeros, and anew where a mark is 0") {
  const std::vector<Tensor> outputs =
      outputs_of<nuq::detail::LstmLayer>(recurrent("LSTM", lstm_blobs(true), 3, 1), {values, marks, constant});
  CHECK(relative_error(outputs[0].values, {0.12420053, -0.13615659, 0.10436197, -0.086612013, 0.20703236, -0.18739837,
                                           0.1701828, -0.12176971, 0.26110094, -0.20245419, 0.11100093, -0.088612336}) <
        1e-6);
}

TEST_CASE("an LSTM that exposes its states goes on from those it is given") {
  const std::vector<Tensor> outputs = outputs_of<nuq::detail::LstmLayer>(
      recurrent("LSTM", lstm_blobs(false), 4, 3, true), {values, marks, first_hidden, first_cells});
  REQUIRE(outputs.size() == 3);
  CHECK(relative_error(outputs[0].values,
                       {0.063467545, -0.12291108, 0.12394555, 0.029290482, 0.10346666, -0.17953312, 0.13227682,
                        -0.019650709, 0.12781448, -0.20098066, 0.073005421, -0.04207598}) < 1e-6);
  CHECK(relative_error(outputs[1].values, {0.12781448, -0.20098066, 0.073005421, -0.04207598}) < 1e-6);
  CHECK(relative_error(outputs[2].values, {0.20486144, -0.4517112, 0.13798018, -0.083512407}) < 1e-6);
}

TEST_CASE("an RNN gives the hyperbolic tangent of its weighed state") {
  std::vector<Tensor> outputs =
      outputs_of<nuq::detail::RnnLayer>(recurrent("RNN", rnn_blobs(true), 3, 1), {values, marks, constant});
  CHECK(relative_error(outputs[0].values, {-0.44063786, 0.40529511, -0.30682233, 0.52677451, -0.44431516, 0.40313671,
                                           -0.40350824, 0.4538712, -0.42888946, 0.41851043, -0.24486292, 0.52424899}) <
        1e-6);

  outputs =
      outputs_of<nuq::detail::RnnLayer>(recurrent("RNN", rnn_blobs(false), 3, 2, true), {values, marks, first_hidden});
  REQUIRE(outputs.size() == 2);
  CHECK(relative_error(outputs[0].values, {-0.34427349, 0.47216585, -0.2257356, 0.55599527, -0.38717904, 0.44369087,
                                           -0.36060303, 0.4774402, -0.35511108, 0.46923647, -0.20932875, 0.53274641}) <
        1e-6);
  CHECK(relative_error(outputs[1].values, {-0.24724767, 0.050958521, -0.63514895, -0.3004371}) < 1e-6);
}

TEST_CASE("a sequence cut in two goes on as if it were whole") {
  const auto part = [](const Tensor& whole, std::int64_t begin, std::int64_t end) {
    Shape shape = whole.shape;
    shape[0] = end - begin;
    const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(whole.values.size()) / whole.shape[0];
    return Tensor(shape, {whole.values.begin() + begin * step, whole.values.begin() + end * step});
  };
  const Node node = recurrent("LSTM", lstm_blobs(false), 4, 3, true);
  const std::vector<Tensor> whole =
      outputs_of<nuq::detail::LstmLayer>(node, {values, marks, first_hidden, first_cells});
  const std::vector<Tensor> begin =
      outputs_of<nuq::detail::LstmLayer>(node, {part(values, 0, 1), part(marks, 0, 1), first_hidden, first_cells});
  const std::vector<Tensor> rest =
      outputs_of<nuq::detail::LstmLayer>(node, {part(values, 1, 3), part(marks, 1, 3), begin[1], begin[2]});
  CHECK(begin[0].values == part(whole[0], 0, 1).values);
  CHECK(rest[0].values == part(whole[0], 1, 3).values);
  CHECK(rest[2].values == whole[2].values);
}

TEST_CASE("large sums saturate the gates") {
  std::vector<Tensor> blobs = lstm_blobs(false);
  for (float& value : blobs[1].values) value = 200.0F;
  const std::vector<Tensor> outputs =
      outputs_of<nuq::detail::LstmLayer>(recurrent("LSTM", blobs, 2, 1), {values, marks});
  for (std::size_t at = 0; at < 4; ++at) CHECK(outputs[0].values[at] == doctest::Approx(std::tanh(1.0)));
}

TEST_CASE("blobs that are missing or do not fit are refused by name") {
  const auto refusal = [](std::vector<Tensor> blobs, const std::vector<Tensor>& inputs) {
    const Node node = recurrent("LSTM", std::move(blobs), inputs.size(), 1);
    return error_of<nuq::ModelError>([&] { outputs_of<nuq::detail::LstmLayer>(node, inputs); });
  };
  CHECK(refusal({}, {values, marks}).says("layer 'layer1': LSTM has 0 trained blobs, wanted 3"));
  CHECK(refusal(lstm_blobs(false), {values, marks, constant}).says("layer 'layer1': the weights file has 3 blobs"));
  CHECK(refusal(lstm_blobs(false), {filled({3, 2, 5}, 1), marks}).says("blob 0 has shape [8,2], wanted [8,5]"));
  std::vector<Tensor> narrow = lstm_blobs(false);
  narrow[2] = filled({8, 1}, 1);
  CHECK(refusal(narrow, {values, marks}).says("blob 2 has shape [8,1], wanted [8,2]"));
}

}  // namespace engine_layers_recurrent_test
