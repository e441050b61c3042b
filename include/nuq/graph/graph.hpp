#ifndef NUQ_GRAPH_GRAPH_HPP
#define NUQ_GRAPH_GRAPH_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One version of a blob. Every write to a blob's name makes a new version, so an in-place layer reads one value and
/// writes another of the same name.
struct Value {
  static constexpr std::size_t network_input = (std::numeric_limits<std::size_t>::max)();

  std::string blob;                      ///< the blob's name in the prototxt
  std::size_t producer = network_input;  ///< index of the node that writes it
  Shape shape;  ///< as declared for a network input (may be empty: not declared); otherwise inferred, empty until then
};

/// What a layer of a deploy model computes with, besides its parameters: integers. A Quant layer then writes the levels
/// themselves, a Convolution, Deconvolution or InnerProduct sums up weight × (level − input_offset) + bias exactly,
/// Pooling averages level − input_offset, and DeQuant multiplies that by its scales (AMCT manual, model formats).
struct IntegerArithmetic {
  std::vector<std::int8_t> weights;  ///< in the order of the weight blob; empty for Quant, DeQuant and Pooling
  std::vector<std::int32_t> bias;    ///< may be empty
  int input_offset = 0;              ///< the level that stands for 0 in the input
};

/// One layer of the network in its inference (TEST) phase.
struct Node {
  static constexpr std::size_t in_no_source = (std::numeric_limits<std::size_t>::max)();

  std::string name;
  std::string type;  ///< what the network's own format calls it ("Convolution"): for messages and reports
  Operation operation{};
  std::vector<std::size_t> inputs;   ///< indices into Graph::values
  std::vector<std::size_t> outputs;  ///< indices into Graph::values
  std::vector<Tensor> blobs;  ///< trained blobs: weights [out,in,kh,kw] or [out,in], bias [out], …; empty where the
                              ///< weights file has none
  std::vector<std::string>
      fused;  ///< names of the layers folded into this one, in order of computation (BatchNorm, Scale, Bias)
  std::size_t source_index = 0;  ///< position of the layer among those of the network's file, or in_no_source
  std::optional<IntegerArithmetic> integer;  ///< in a deploy model; `blobs` hold the same numbers as floats
  /// Of a layer with weights in a fake-quant model, and of the DeQuant behind it: one or one per output. What passes
  /// between them is whole multiples of these, as in the deploy model, but for the float bias and float arithmetic.
  std::vector<float> sum_scales{};
  std::vector<std::string> shared_parameters{};  ///< by blob: the name under which layers share it; empty: its own
  /// Why the layer is not computed although its type is known ("field 'x' is not understood"); empty: nothing hinders.
  /// Its weights can be quantized all the same, nothing is folded into it or it into others.
  std::string obstacle{};
  /// Why the weights cannot be quantized although the layer has a weight matrix; empty: nothing hinders.
  std::string weights_obstacle{};
};

/// A node but for what it has been trained to.
NUQ_FUNCTION [[nodiscard]] Node without_blobs(const Node& node);

/// Whether a layer has an operation of one kind.
template <class Op>
[[nodiscard]] bool is(const Node& node) noexcept {
  return node.operation.is<Op>();
}

/// The attributes of a convolution or transposed convolution; null for other layers.
NUQ_FUNCTION [[nodiscard]] inline const ops::ConvolutionAttributes* convolution_of(const Node& node) noexcept {
  if (const auto* convolution = node.operation.get_if<ops::Convolution>()) return convolution;
  return node.operation.get_if<ops::TransposedConvolution>();
}

/// Whether the layer is a convolution of a type that is meant for one filter per input channel.
NUQ_FUNCTION [[nodiscard]] bool is_depthwise(const Node& node) noexcept;

/// Whether the layer is a convolution, not of a depthwise type, a transposed convolution or an inner product: those
/// whose weights the vendor's tools quantize, and which take up the affine layers beside them.
NUQ_FUNCTION [[nodiscard]] bool has_weight_matrix(const Node& node) noexcept;

/// A checked network with its weights: nodes in execution order (the file's order), every input written before it is
/// read, names unique, no cycle. How its layers are to be quantized, and the results, stand beside it
/// (graph/quantization.hpp).
struct Graph {
  std::shared_ptr<const ModelSource> source;  ///< null for a network that was made in memory
  std::string name;
  std::vector<Node> nodes;
  std::vector<Value> values;
  std::vector<std::size_t> inputs;      ///< values fed by the user, in declared order
  std::vector<std::string> warnings{};  ///< what of the network's files nobody has understood, with file and line
  ResourceLimits limits{};              ///< that hold for computing it
  std::vector<std::size_t> outputs{};   ///< values that the network's file calls results; none where it does not tell
  std::vector<std::size_t> kept{};      ///< values that the network's file reads where there is no node
  bool folds_all_affine = false;        ///< whether `fuse` takes in what the vendor's tools for Caffe leave alone

  /// The files that messages name; empty where there are none.
  NUQ_FUNCTION [[nodiscard]] const std::string& model_file() const noexcept;
  NUQ_FUNCTION [[nodiscard]] const std::string& weights_file() const noexcept;
  NUQ_FUNCTION [[nodiscard]] const Node* find(const std::string& layer) const noexcept;
  /// Indices of the nodes that read a value, ascending.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::size_t> consumers(std::size_t value) const;
  /// Those of all values, by index: for whoever asks for many.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::vector<std::size_t>> consumers() const;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION Node without_blobs(const Node& node) {
  Node bare;
  bare.name = node.name;
  bare.type = node.type;
  bare.operation = node.operation;
  bare.inputs = node.inputs;
  bare.outputs = node.outputs;
  bare.fused = node.fused;
  bare.source_index = node.source_index;
  bare.obstacle = node.obstacle;
  bare.weights_obstacle = node.weights_obstacle;
  return bare;
}

NUQ_DEFINITION bool is_depthwise(const Node& node) noexcept {
  const auto* const convolution = node.operation.get_if<ops::Convolution>();
  return convolution != nullptr && convolution->depthwise;
}

NUQ_DEFINITION bool has_weight_matrix(const Node& node) noexcept {
  return is<ops::InnerProduct>(node) || (convolution_of(node) != nullptr && !is_depthwise(node));
}

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline const std::string& no_file() noexcept {
  static const std::string none;
  return none;
}

}  // namespace detail

NUQ_DEFINITION const std::string& Graph::model_file() const noexcept {
  return source == nullptr ? detail::no_file() : source->model_file();
}

NUQ_DEFINITION const std::string& Graph::weights_file() const noexcept {
  return source == nullptr ? detail::no_file() : source->weights_file();
}

NUQ_DEFINITION const Node* Graph::find(const std::string& layer) const noexcept {
  for (const Node& node : nodes) {
    if (node.name == layer) return &node;
  }
  return nullptr;
}

NUQ_DEFINITION std::vector<std::size_t> Graph::consumers(std::size_t value) const {
  std::vector<std::size_t> found;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (const std::size_t input : nodes[node].inputs) {
      if (input == value && (found.empty() || found.back() != node)) found.push_back(node);
    }
  }
  return found;
}

NUQ_DEFINITION std::vector<std::vector<std::size_t>> Graph::consumers() const {
  std::vector<std::vector<std::size_t>> found(values.size());
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (const std::size_t input : nodes[node].inputs) {
      std::vector<std::size_t>& readers = found[input];
      if (readers.empty() || readers.back() != node) readers.push_back(node);
    }
  }
  return found;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_GRAPH_HPP
