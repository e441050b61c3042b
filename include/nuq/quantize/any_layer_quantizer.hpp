#ifndef NUQ_QUANTIZE_ANY_LAYER_QUANTIZER_HPP
#define NUQ_QUANTIZE_ANY_LAYER_QUANTIZER_HPP

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/quantize/contracts.hpp"
#include "nuq/quantize/nuq_parameters.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/quantize/scales/contracts.hpp"
#include "nuq/quantize/statistics/layer_statistics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Any LayerQuantizer behind one type: what works with quantizers is one function, compiled once, not one per
/// quantizer. Copies share the quantizer, which nobody changes.
class AnyLayerQuantizer {
  template <class Quantizer>
  using if_other = std::enable_if_t<!std::is_same_v<Quantizer, AnyLayerQuantizer>>;

 public:
  template <class Quantizer, class = if_other<Quantizer>>
  AnyLayerQuantizer(Quantizer quantizer) {  // NOLINT(google-explicit-constructor): stands for every LayerQuantizer
    if constexpr (check_layer_quantizer<Quantizer>()) hold(std::make_shared<const Quantizer>(std::move(quantizer)));
  }

  /// The weights at no more than `parameters.num_steps` levels. Throws what the quantizer throws.
  NUQ_FUNCTION [[nodiscard]] NuqResult quantize(MatrixView<const float> weights, Granularity granularity,
                                                const NuqParameters& parameters, const LayerStatistics* statistics,
                                                Parallel& parallel) const;

  /// The weights at uniform int8.
  NUQ_FUNCTION [[nodiscard]] QuantizedWeights quantize_uniformly(MatrixView<const float> weights,
                                                                 Granularity granularity) const;

  /// Whether the quantizer can be set to a price per bit.
  [[nodiscard]] bool is_priced() const noexcept { return static_cast<bool>(at_price_); }
  /// The quantizer at a price per bit, in units of the layer's output error; only where `is_priced()`.
  NUQ_FUNCTION [[nodiscard]] AnyLayerQuantizer at_price(double price) const { return at_price_(price); }

  /// The same, which calls `layer_done` after each layer that it restricts to few levels, from whatever thread it is
  /// in.
  NUQ_FUNCTION [[nodiscard]] AnyLayerQuantizer watched(const std::function<void()>& layer_done) const;

  /// Whether the quantizer has no use for `num_of_iteration`.
  [[nodiscard]] bool ignores_iterations() const noexcept { return ignores_iterations_; }

 private:
  template <class Quantizer>
  void hold(const std::shared_ptr<const Quantizer>& quantizer);

  std::function<NuqResult(MatrixView<const float>, Granularity, const NuqParameters&, const LayerStatistics*,
                          Parallel&)>
      quantize_;
  std::function<QuantizedWeights(MatrixView<const float>, Granularity)> uniform_;
  std::function<AnyLayerQuantizer(double)> at_price_;
  bool ignores_iterations_ = false;
};

template <class Quantizer>
void AnyLayerQuantizer::hold(const std::shared_ptr<const Quantizer>& quantizer) {
  quantize_ = [quantizer](MatrixView<const float> weights, Granularity granularity, const NuqParameters& parameters,
                          const LayerStatistics* statistics, Parallel& parallel) -> NuqResult {
    return quantizer->quantize(weights, granularity, parameters, statistics, parallel);
  };
  uniform_ = [quantizer](MatrixView<const float> weights, Granularity granularity) {
    if constexpr (detail::returns<void, detail::weight_quantizer_op, Quantizer>()) {
      return quantize_weights(quantizer->quantizer(), weights, granularity);
    } else {
      return quantize_weights(AbsMaxQuantizer{}, weights, granularity);
    }
  };
  if constexpr (has_price_v<Quantizer>) {
    at_price_ = [quantizer](double price) { return AnyLayerQuantizer(quantizer->at_price(price)); };
  }
  ignores_iterations_ = ignores_iterations_v<Quantizer>;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(QUANTIZE)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION NuqResult AnyLayerQuantizer::quantize(MatrixView<const float> weights, Granularity granularity,
                                                     const NuqParameters& parameters, const LayerStatistics* statistics,
                                                     Parallel& parallel) const {
  return quantize_(weights, granularity, parameters, statistics, parallel);
}

NUQ_DEFINITION QuantizedWeights AnyLayerQuantizer::quantize_uniformly(MatrixView<const float> weights,
                                                                      Granularity granularity) const {
  return uniform_(weights, granularity);
}

NUQ_DEFINITION AnyLayerQuantizer AnyLayerQuantizer::watched(const std::function<void()>& layer_done) const {
  AnyLayerQuantizer watched = *this;
  watched.quantize_ = [quantize = quantize_, layer_done](MatrixView<const float> weights, Granularity granularity,
                                                         const NuqParameters& parameters,
                                                         const LayerStatistics* statistics, Parallel& parallel) {
    NuqResult result = quantize(weights, granularity, parameters, statistics, parallel);
    layer_done();
    return result;
  };
  if (is_priced())
    watched.at_price_ = [priced = at_price_, layer_done](double price) { return priced(price).watched(layer_done); };
  return watched;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(QUANTIZE)

#endif  // NUQ_QUANTIZE_ANY_LAYER_QUANTIZER_HPP
