#ifndef NUQ_CALIBRATION_COLLECT_LAYER_STATISTICS_HPP
#define NUQ_CALIBRATION_COLLECT_LAYER_STATISTICS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/activation/observed_values.hpp"
#include "nuq/calibration/detail/input_moments.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/deadline.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/contracts.hpp"
#include "nuq/engine/kernels/outer_products.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How much of the data is kept.
struct StatisticsOptions {
  std::size_t max_inputs = 5000;        ///< layers with more weights per output get the diagonal alone
  std::size_t max_split_inputs = 2304;  ///< layers with more get the second moments of both halves together alone
  std::size_t memory = std::size_t{192} << 20U;  ///< for sums; `network_statistics` runs the network once for each part
                                                 ///< of its layers that this is enough for
  std::size_t positions_per_input = 25;  ///< windows of a convolution that are looked at, over all calibration data:
                                         ///< about this times the weights per output; 0: all
  std::size_t min_positions = 40'000;    ///< but no fewer than these
  std::uint64_t seed = 1;                ///< of the choice of windows
  double prior_share = 0.0;  ///< how much `network_statistics` trusts what is expected without data, 0 … 1, rather than
                             ///< these, which may not be the network's own
  Deadline deadline;  ///< nothing is looked at later: what was not is known less well, or not at all
};

/// Statistics of one layer's inputs in two halves, for cross-validation. `second_moments` is E[x xᵀ], not centred; a
/// half without images has 0 samples and zeros.
struct SplitStatistics {
  LayerStatistics even;  ///< images 0, 2, 4, … counted over all batches
  LayerStatistics odd;
  Matrix second_moments{};  ///< of both together, where the halves have none of their own; may be empty
};

/// Both halves as one pass over all images gives them, up to rounding.
NUQ_FUNCTION [[nodiscard]] LayerStatistics merged(SplitStatistics split);

namespace detail {

/// Collects the statistics of one layer.
class StatisticsCollector {
 public:
  /// Refers to `graph` and `options`; `node` is an index. `batches` are going to be observed. Throws ModelError where
  /// the layer has no weights.
  NUQ_FUNCTION StatisticsCollector(const Graph& graph, std::size_t node, int batches, const StatisticsOptions& options)
      : layer_(graph.nodes[node], graph.model_file()),
        batches_(batches),
        options_(options),
        inputs_(inputs_of(layer_)),
        halves_{InputMoments(inputs_, has_split_products(inputs_, options)),
                InputMoments(inputs_, has_split_products(inputs_, options))} {
    if (inputs_ <= options.max_inputs && !has_split_products(inputs_, options))
      products_.emplace(static_cast<std::ptrdiff_t>(inputs_));
  }

  /// What the sums of a layer take.
  NUQ_FUNCTION [[nodiscard]] static std::size_t bytes(const LayerRef& layer, const StatisticsOptions& options);

  [[nodiscard]] const std::string& layer() const noexcept { return layer_.node.name; }

  NUQ_FUNCTION void observe(const TensorView& input, Parallel& parallel);

  [[nodiscard]] bool has_observed() const noexcept { return images_ > 0; }

  NUQ_FUNCTION [[nodiscard]] SplitStatistics finish(Parallel& parallel);

 private:
  /// Weights per output.
  NUQ_FUNCTION [[nodiscard]] static std::size_t inputs_of(const LayerRef& layer);

  /// Whether both halves have a second-moment matrix.
  [[nodiscard]] static bool has_split_products(std::size_t inputs, const StatisticsOptions& options) noexcept {
    return inputs <= (std::min)(options.max_inputs, options.max_split_inputs);
  }

  NUQ_FUNCTION [[nodiscard]] std::string place() const {
    return std::string(layer_.file) + ": layer '" + layer() + "': input";
  }

  /// Of an image with so many. A few left out would spare nothing.
  NUQ_FUNCTION [[nodiscard]] std::uint64_t positions_wanted(std::uint64_t positions) const;

  LayerRef layer_;
  int batches_;
  const StatisticsOptions& options_;
  std::size_t inputs_;
  std::array<InputMoments, 2> halves_;     // images of even and of odd number
  std::optional<OuterProducts> products_;  // of all images, where the halves have none
  std::uint64_t images_ = 0;
  double expected_images_ = 0.0;
};

NUQ_FUNCTION [[nodiscard]] std::vector<StatisticsCollector> statistics_collectors(const Graph& graph,
                                                                                  const QuantizationPlan& plan,
                                                                                  int batches,
                                                                                  const StatisticsOptions& options);

/// As `collect_layer_statistics`; calls `take(layer, statistics)` for one layer after the other and forgets it.
template <class Engine, class Feed, class Take>
void collect_layer_by_layer(const Graph& graph, const QuantizationPlan& plan, Engine& engine, int batches, Feed&& feed,
                            const StatisticsOptions& options, Parallel& parallel, const Take& take) {
  if constexpr (check_engine<Engine>()) {
    require_observed(static_cast<std::size_t>((std::max)(batches, 0)));
    std::vector<StatisticsCollector> collectors = statistics_collectors(graph, plan, batches, options);
    for (int batch = 0; batch < batches && !collectors.empty(); ++batch) {
      if (options.deadline.has_passed()) break;
      feed(engine, batch);
      engine.forward([&](const Node& node, ArrayView<const TensorView> inputs, ArrayView<const TensorView>) {
        for (StatisticsCollector& collector : collectors) {
          if (collector.layer() == node.name && !options.deadline.has_passed()) collector.observe(inputs[0], parallel);
        }
      });
    }
    for (StatisticsCollector& collector : collectors) {
      if (collector.has_observed()) take(collector.layer(), collector.finish(parallel));
    }
  }
}

}  // namespace detail

/// Runs `batches` batches of calibration data through the float network and collects what they say about the inputs of
/// every layer that is to take NUQ by `plan`: Convolution with group 1 and InnerProduct; others are left out, and so
/// are those that the engine does not compute. An InnerProduct sees every image, a convolution as many windows, chosen
/// at random image by image, as `options` say.
///
/// @param engine  an Engine that has `graph` loaded.
/// @param feed    `feed(engine, batch)` sets the network's inputs for batch 0 … batches − 1. Images are counted along
///                the first axis of a layer's input.
/// @return        by layer.
/// @throws ModelError naming the layer when its input has NaN or infinities, or when it has no weights; ConfigError
///         nothing_to_do without a batch.
/// Memory: a double matrix [in × in] per layer, two once it is done.   Determinism: the same bits for any number of
/// threads, and however the images are cut into batches; a last batch that is smaller only makes the chosen windows
/// fewer, since `batches` times the first batch's images are expected.
template <class Engine, class Feed>
[[nodiscard]] std::map<std::string, SplitStatistics> collect_layer_statistics(const Graph& graph,
                                                                              const QuantizationPlan& plan,
                                                                              Engine& engine, int batches, Feed&& feed,
                                                                              const StatisticsOptions& options,
                                                                              Parallel& parallel) {
  std::map<std::string, SplitStatistics> statistics;
  detail::collect_layer_by_layer(
      graph, plan, engine, batches, feed, options, parallel,
      [&statistics](const std::string& layer, SplitStatistics split) { statistics.emplace(layer, std::move(split)); });
  return statistics;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CALIBRATION)

#include <cmath>

#include "nuq/calibration/detail/sample_positions.hpp"
#include "nuq/calibration/detail/window_reader.hpp"
#include "nuq/core/support/error_place.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/passes/eligibility.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// a·x + b·y, entry by entry; `Values` is a vector or a matrix.
template <class Values>
[[nodiscard]] Values weighted_sum(double a, Values x, double b, const Values& y) {
  const double* other = y.data();
  for (double *value = x.data(), *end = value + x.size(); value != end; ++value) *value = a * *value + b * *other++;
  return x;
}

}  // namespace detail

NUQ_DEFINITION LayerStatistics merged(SplitStatistics split) {
  LayerStatistics whole;
  whole.samples = split.even.samples + split.odd.samples;
  if (whole.samples == 0) return split.even;
  const double even = static_cast<double>(split.even.samples) / static_cast<double>(whole.samples);
  const double odd = static_cast<double>(split.odd.samples) / static_cast<double>(whole.samples);
  whole.mean_squares = detail::weighted_sum(even, split.even.mean_squares, odd, split.odd.mean_squares);
  whole.second_moments = split.second_moments.empty() ? detail::weighted_sum(even, std::move(split.even.second_moments),
                                                                             odd, split.odd.second_moments)
                                                      : std::move(split.second_moments);
  whole.input_mean = detail::weighted_sum(even, split.even.input_mean, odd, split.odd.input_mean);
  if (split.even.samples > 0 && split.odd.samples > 0)
    whole.mean_deviation = detail::weighted_sum(0.5, split.even.input_mean, -0.5, split.odd.input_mean);
  return whole;
}

namespace detail {

/// Whether statistics are collected for a planned layer: one whose outputs all read the same vectors.
NUQ_FUNCTION [[nodiscard]] inline bool takes_statistics(const Node& node, const LayerPlan& plan) {
  if (plan.weight_algorithm != WeightAlgorithm::nuq) return false;
  if (const auto* product = node.operation.get_if<ops::InnerProduct>()) return inner_product_obstacle(*product).empty();
  const auto* const convolution = node.operation.get_if<ops::Convolution>();
  return convolution != nullptr && !convolution->depthwise && convolution->group == 1;
}

NUQ_DEFINITION void StatisticsCollector::observe(const TensorView& input, Parallel& parallel) {
  with_error_place(place(), [&input] { require_finite_activations(input.values); });
  const ConvolutionGeometry geometry = window_geometry(layer_, input.shape);
  const auto positions = static_cast<std::uint64_t>(geometry.positions());
  if (images_ == 0) expected_images_ = static_cast<double>(batches_) * static_cast<double>(geometry.batch);
  const std::uint64_t wanted = positions_wanted(positions);
  WindowReader reader(geometry);
  for (std::int64_t image = 0; image < geometry.batch; ++image, ++images_) {
    InputMoments& half = halves_[images_ % 2];
    const float* const values = input.values.data() + image * reader.image_size();
    visit_sample(wanted, positions, random_of_image(options_.seed, layer(), images_), [&](std::uint64_t position) {
      half.add(parallel, [&](double* x) { reader.read(values, static_cast<std::int64_t>(position), x); });
      if (products_) products_->add(half.last(), parallel);
    });
  }
}

NUQ_DEFINITION SplitStatistics StatisticsCollector::finish(Parallel& parallel) {
  SplitStatistics split{halves_[0].finish(parallel), halves_[1].finish(parallel), {}};
  if (products_) {
    split.second_moments = products_->finish(parallel);
    const std::uint64_t samples = split.even.samples + split.odd.samples;
    split.second_moments *= 1.0 / static_cast<double>((std::max)(samples, std::uint64_t{1}));
    products_.reset();
  }
  return split;
}

NUQ_DEFINITION std::size_t StatisticsCollector::bytes(const LayerRef& layer, const StatisticsOptions& options) {
  const std::size_t inputs = inputs_of(layer);
  if (inputs > options.max_inputs) return 0;
  return (has_split_products(inputs, options) ? 2 : 1) * OuterProducts::bytes(inputs);
}

NUQ_DEFINITION std::size_t StatisticsCollector::inputs_of(const LayerRef& layer) {
  require_blobs(layer, 1);
  const Shape& weights = layer.node.blobs.front().shape;
  return static_cast<std::size_t>(extent_product(weights, 1, weights.size()));
}

NUQ_DEFINITION std::uint64_t StatisticsCollector::positions_wanted(std::uint64_t positions) const {
  const std::size_t windows = (std::max)(options_.positions_per_input * inputs_, options_.min_positions);
  const double per_image = std::ceil(static_cast<double>(windows) / expected_images_);
  const bool takes_all = options_.positions_per_input == 0 || per_image >= 0.9 * static_cast<double>(positions);
  return takes_all ? positions : static_cast<std::uint64_t>(per_image);
}

NUQ_DEFINITION std::vector<StatisticsCollector> statistics_collectors(const Graph& graph, const QuantizationPlan& plan,
                                                                      int batches, const StatisticsOptions& options) {
  std::vector<StatisticsCollector> collectors;
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    const auto planned = plan.find(graph.nodes[node].name);
    if (planned == plan.end() || !takes_statistics(graph.nodes[node], planned->second)) continue;
    collectors.emplace_back(graph, node, batches, options);
  }
  return collectors;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CALIBRATION)

#endif  // NUQ_CALIBRATION_COLLECT_LAYER_STATISTICS_HPP
