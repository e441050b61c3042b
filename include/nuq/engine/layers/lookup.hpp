#ifndef NUQ_ENGINE_LAYERS_LOOKUP_HPP
#define NUQ_ENGINE_LAYERS_LOOKUP_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layers/trained_bias.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/lookup.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// An input's value as one of `count` places, counted from 0; what stands behind the decimal point is cut off, as Caffe
/// does. Throws ModelError for a value that gives no place: Caffe reads memory that is not the blob's.
NUQ_FUNCTION [[nodiscard]] inline std::int64_t place_of(const LayerRef& layer, float value, std::int64_t count) {
  const double place = std::trunc(static_cast<double>(value));
  if (place >= 0.0 && place < static_cast<double>(count)) return static_cast<std::int64_t>(place);
  layer.fail(ErrorCode::invalid_argument, "an input holds " + number_text(static_cast<double>(value)) +
                                              " as an index, wanted a number from 0 to " + std::to_string(count - 1));
}

/// The items of the first input in the order that the second one, their places, tells; some more than once or not at
/// all.
class BatchReindexLayer {
 public:
  static constexpr bool in_place = false;

  explicit BatchReindexLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const Shape& shape = call.inputs[0].shape;
    const std::int64_t size = extent_product(shape, 1, shape.size());
    float* output = call.outputs[0].values.data();
    for (const float value : call.inputs[1].values) {
      const float* const item = call.inputs[0].values.data() + place_of(call.layer, value, shape[0]) * size;
      output = std::copy_n(item, size, output);
    }
  }
};
BatchReindexLayer layer_of(const ops::BatchReindex&);

/// For every value of the input, its whole part, that row of the trained matrix; plus the bias.
class EmbedLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit EmbedLayer(const LayerRef& layer) : width_(layer.operation<ops::Embed>().width) {
    require_blobs(layer, 1);
    rows_ = layer.node.blobs[0].values;
    bias_ = trained_bias(layer, layer.operation<ops::Embed>().bias, static_cast<std::size_t>(width_));
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const std::int64_t rows = static_cast<std::int64_t>(rows_.size()) / width_;
    float* output = call.outputs[0].values.data();
    for (const float value : call.inputs[0].values) {
      const float* const row = rows_.data() + place_of(call.layer, value, rows) * width_;
      for (std::int64_t at = 0; at < width_; ++at) {
        output[at] = bias_.empty() ? row[at] : row[at] + bias_[static_cast<std::size_t>(at)];
      }
      output += width_;
    }
  }

 private:
  std::int64_t width_;
  std::vector<float> rows_;
  std::vector<float> bias_;
};
EmbedLayer layer_of(const ops::Embed&);

/// The items of all inputs but the last for which the last one is not 0, in their order.
class FilterLayer {
 public:
  static constexpr bool in_place = false;

  explicit FilterLayer(const LayerRef&) {}

  /// Throws ModelError where no item is selected: Caffe's blobs of no items are not computed with.
  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const ArrayView<const float> selector = call.inputs[call.inputs.size() - 1].values;
    const auto selected = std::count_if(selector.begin(), selector.end(), [](float mark) { return mark != 0.0F; });
    if (selected == 0) call.layer.fail(ErrorCode::size_mismatch, "the selector selects no item, wanted at least 1");
    for (std::size_t index = 0; index < call.outputs.size(); ++index) {
      const std::size_t size = call.inputs[index].values.size() / selector.size();
      const float* item = call.inputs[index].values.data();
      float* output = call.outputs[index].values.data();
      for (const float mark : selector) {
        if (mark != 0.0F) output = std::copy_n(item, size, output);
        item += size;
      }
      call.outputs[index].shape.front() = static_cast<std::int64_t>(selected);
    }
  }
};
FilterLayer layer_of(const ops::Filter&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_LOOKUP_HPP
