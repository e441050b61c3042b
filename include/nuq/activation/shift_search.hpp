#ifndef NUQ_ACTIVATION_SHIFT_SEARCH_HPP
#define NUQ_ACTIVATION_SHIFT_SEARCH_HPP

#include <cstddef>
#include <utility>
#include <vector>

#include "nuq/activation/search_n.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// By how much the sums of one layer are shifted.
struct CalibratedShift {
  std::vector<int> shift_bit;  ///< 1 … 16, one per scale of the weights
  bool shares_scale = false;   ///< all channels are to have the largest of their scales
};

/// The search for `shift_bit` of one layer, channel by channel. A layer with a scale per channel whose outputs are
/// single values [N, C, 1, 1] counts as one channel with the largest scale (AMCT manual, SearchN).
class ShiftSearch {
 public:
  /// `scales` are those of dequantization, one or as many as the layer has channels.
  NUQ_FUNCTION explicit ShiftSearch(std::vector<float> scales)
      : scales_(std::move(scales)), searches_(scales_.size()) {}

  [[nodiscard]] bool has_observed() const noexcept { return has_observed_; }

  /// An output of the layer. The first one decides whether the channels share a scale.
  /// @throws ModelError non_finite_value.
  NUQ_FUNCTION void observe(const TensorView& output);

  /// One shift per channel for all of `searches`, which have as many channels each: the one that loses least of what
  /// they write together.
  /// @throws ConfigError nothing_to_do where nothing was observed.
  NUQ_FUNCTION [[nodiscard]] static CalibratedShift finish(const std::vector<const ShiftSearch*>& searches);

 private:
  /// In units of the outputs: those of different layers can be added.
  NUQ_FUNCTION void add_errors(std::size_t channel, SearchN::Errors& errors) const;

  std::vector<float> scales_;
  std::vector<SearchN> searches_;  // by channel
  bool has_observed_ = false;
  bool shares_scale_ = false;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ACTIVATION)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void ShiftSearch::observe(const TensorView& output) {
  if (!has_observed_)
    shares_scale_ = scales_.size() > 1 && output.shape.size() == 4 && output.shape[2] * output.shape[3] == 1;
  has_observed_ = true;
  if (shares_scale_ || scales_.size() == 1) {
    searches_.front().observe(output.values, *std::max_element(scales_.begin(), scales_.end()));
    return;
  }
  const std::size_t plane = output.values.size() / static_cast<std::size_t>(output.shape[0] * output.shape[1]);
  for (std::size_t line = 0; line * plane < output.values.size(); ++line) {
    const std::size_t channel = line % scales_.size();
    searches_[channel].observe({output.values.data() + line * plane, plane}, scales_[channel]);
  }
}

NUQ_DEFINITION CalibratedShift ShiftSearch::finish(const std::vector<const ShiftSearch*>& searches) {
  CalibratedShift found;
  found.shares_scale = searches.front()->shares_scale_;
  for (std::size_t channel = 0; channel < searches.front()->searches_.size(); ++channel) {
    SearchN::Errors errors{};
    for (const ShiftSearch* const search : searches) search->add_errors(channel, errors);
    found.shift_bit.push_back(SearchN::best_shift(errors));
  }
  return found;
}

NUQ_DEFINITION void ShiftSearch::add_errors(std::size_t channel, SearchN::Errors& errors) const {
  const auto scale =
      static_cast<double>(shares_scale_ ? *std::max_element(scales_.begin(), scales_.end()) : scales_[channel]);
  const SearchN::Errors& own = searches_[shares_scale_ ? 0 : channel].errors();
  for (std::size_t shift = 0; shift < own.size(); ++shift) errors[shift] += own[shift] * scale * scale;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ACTIVATION)

#endif  // NUQ_ACTIVATION_SHIFT_SEARCH_HPP
