#ifndef NUQ_GRAPH_PASSES_CHANNEL_ENERGIES_HPP
#define NUQ_GRAPH_PASSES_CHANNEL_ENERGIES_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/elementwise.hpp"
#include "nuq/graph/ops/slicing.hpp"
#include "nuq/graph/passes/eligibility.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/graph/passes/layer_input_prior.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/statistics/input_prior.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How strong the channels of a network's values may be expected to be relative to each other, without any data: a
/// channel is as strong as its row of weights makes it where inputs are as `input_prior` expects.
/// Training with weight decay lets the weights of dead channels vanish, so the network alone tells that much of what
/// its next layer sees. Rows that a BatchNorm is folded into tell nothing: it has made up for their size. Biases, which
/// would need the unit of the network's input, are left out.
template <class Real>
class BasicChannelEnergies {
 public:
  /// One number per channel, or per entry of a flat value; empty where nothing is known.
  using Energies = std::vector<double>;

  /// Refers to `graph`.
  explicit BasicChannelEnergies(const Graph& graph) : graph_(graph) {}

  /// Expected squares, up to a common factor. Throws ModelError where the shapes of a Concat's inputs do not fit.
  [[nodiscard]] const Energies& of(std::size_t value) {
    const auto known = known_.find(value);
    if (known != known_.end()) return known->second;
    Energies energies = expected(value);
    return known_[value] = std::move(energies);
  }

  /// Each entry in as many copies as make `count`; empty where these are not whole.
  [[nodiscard]] static Energies spread_over(const Energies& channels, std::size_t count) {
    if (channels.empty() || count % channels.size() != 0) return {};
    Energies all;
    for (const double energy : channels) all.insert(all.end(), count / channels.size(), energy);
    return all;
  }

 private:
  [[nodiscard]] Energies expected(std::size_t value) {
    const std::size_t producer = graph_.values[value].producer;
    if (producer == Value::network_input || graph_.nodes[producer].inputs.empty()) return {};
    const Node& node = graph_.nodes[producer];
    if (keeps_channels(node.operation)) return of(node.inputs.front());
    if (const auto* concat = node.operation.get_if<ops::Concat>()) return concatenation(node, *concat);
    if (const auto* eltwise = node.operation.get_if<ops::Eltwise>()) return sum(node, *eltwise);
    return has_row_per_channel(node) ? row_energies(node) : Energies{};
  }

  /// Whether an operation leaves the strengths of the channels about as they are relative to each other.
  [[nodiscard]] static bool keeps_channels(const Operation& operation) noexcept {
    return is_one_of<ops::AbsoluteValue, ops::Dropout, ops::Elu, ops::Flatten, ops::Lrn, ops::Pooling, ops::PRelu,
                     ops::Relu, ops::Relu6, ops::Split, ops::Swish>(operation);
  }
  template <class... Ops>
  [[nodiscard]] static bool is_one_of(const Operation& operation) noexcept {
    return (operation.is<Ops>() || ...);
  }

  [[nodiscard]] static bool has_row_per_channel(const Node& node) {
    if (node.blobs.empty() || node.blobs.front().shape.size() < 2 || !node.fused.empty()) return false;
    if (const auto* product = node.operation.get_if<ops::InnerProduct>())
      return detail::inner_product_obstacle(*product).empty();
    const ops::ConvolutionAttributes* const convolution = convolution_of(node);
    if (convolution == nullptr || convolution->axis != 1) return false;
    return is<ops::Convolution>(node) || convolution->group == 1;
  }

  /// wᵀHw of each row w, H as the inputs' prior has it.
  [[nodiscard]] Energies row_energies(const Node& node) const {
    const WeightMatrix matrix(node);
    const MatrixView<const float> weights = matrix.view();
    const BasicPriorMoments<Real> moments(input_prior(graph_, node).value_or(uncorrelated), weights.cols());
    Energies energies;
    for (std::size_t row = 0; row < weights.rows(); ++row) {
      DenseVector<Real> values(static_cast<std::ptrdiff_t>(weights.cols()));
      std::copy(weights.row(row).begin(), weights.row(row).end(), values.begin());
      energies.push_back(moments.product(values, values));
    }
    return energies;
  }

  /// Along axis 1. A flattened input has many entries per channel.
  [[nodiscard]] Energies concatenation(const Node& node, const ops::Concat& concat) {
    if (shapes_.empty()) shapes_ = infer_shapes(graph_, {});
    Energies all;
    for (const std::size_t input : node.inputs) {
      const Shape& shape = shapes_[input];
      if (shape.size() < 2 || concat_axis(concat, LayerRef(node), shape.size()) != 1) return {};
      const Energies entries = spread_over(of(input), static_cast<std::size_t>(shape[1]));
      if (entries.empty()) return {};
      all.insert(all.end(), entries.begin(), entries.end());
    }
    return all;
  }

  /// Of terms that know nothing of each other.
  [[nodiscard]] Energies sum(const Node& node, const ops::Eltwise& eltwise) {
    if (eltwise.method != ops::EltwiseMethod::sum) return {};
    const std::vector<float> coefficients = eltwise_coefficients(eltwise, LayerRef(node), node.inputs.size());
    Energies total(of(node.inputs.front()).size());
    for (std::size_t term = 0; term < node.inputs.size(); ++term) {
      const Energies& energies = of(node.inputs[term]);
      if (energies.size() != total.size()) return {};
      const auto factor = static_cast<double>(coefficients[term]);
      for (std::size_t channel = 0; channel < total.size(); ++channel)
        total[channel] += factor * factor * energies[channel];
    }
    return total;
  }

  static constexpr InputPrior uncorrelated{1, 1, 0.0, 0.0};

  const Graph& graph_;
  std::vector<Shape> shapes_;  // of all values, once a Concat has been met
  std::map<std::size_t, Energies> known_;
};

/// In double precision.
using ChannelEnergies = BasicChannelEnergies<double>;

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(GRAPH) template class BasicChannelEnergies<double>;
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_PASSES_CHANNEL_ENERGIES_HPP
