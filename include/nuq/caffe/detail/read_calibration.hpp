#ifndef NUQ_CAFFE_DETAIL_READ_CALIBRATION_HPP
#define NUQ_CAFFE_DETAIL_READ_CALIBRATION_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

// The calibration layers of the vendor's Caffe (AMCT manual, model formats). HFMG, which the manual names without its
// parameters, and MinMax are this library's own in them.

NUQ_FUNCTION [[nodiscard]] Operation read_ifmr(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_hfmg(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_min_max(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_search_n(const schema::LayerParameter& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <cstdint>
#include <limits>

#include "nuq/caffe/factor_record_file.hpp"
#include "nuq/caffe/layer_fields.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// As far as an int goes.
NUQ_FUNCTION [[nodiscard]] inline int int_of(std::uint32_t value) noexcept {
  constexpr auto most = static_cast<std::uint32_t>((std::numeric_limits<int>::max)());
  return static_cast<int>((std::min)(value, most));
}

/// What the parameters of all observers of activations have in common.
template <class Parameter>
[[nodiscard]] ops::ActivationObserver activation_observer_of(const Parameter& parameter,
                                                             ActivationAlgorithm algorithm) {
  ops::ActivationObserver observer;
  observer.plan.algorithm = algorithm;
  observer.plan.asymmetric = !parameter.has_with_offset() || parameter.with_offset();
  observer.batch_num = int_of(parameter.batch_num());
  observer.layers.assign(parameter.object_layer().begin(), parameter.object_layer().end());
  observer.record = factor_record_file(parameter.record_file_path());
  return observer;
}

inline constexpr LayerFields ifmr_fields = {
    "ifmr_param",
    "batch_num with_offset search_range_start search_range_end search_step max_percentile min_percentile object_layer "
    "record_file_path"};

NUQ_DEFINITION Operation read_ifmr(const schema::LayerParameter& layer) {
  const schema::IFMRParameter& parameter = layer.ifmr_param();
  ops::ActivationObserver observer = activation_observer_of(parameter, ActivationAlgorithm::ifmr);
  IfmrParameters& search = observer.plan;
  if (parameter.has_search_range_start()) search.search_range_start = parameter.search_range_start();
  if (parameter.has_search_range_end()) search.search_range_end = parameter.search_range_end();
  if (parameter.has_search_step()) search.search_step = parameter.search_step();
  if (parameter.has_max_percentile()) search.max_percentile = parameter.max_percentile();
  if (parameter.has_min_percentile()) search.min_percentile = parameter.min_percentile();
  return observer;
}

inline constexpr LayerFields hfmg_fields = {"hfmg_param",
                                            "batch_num with_offset num_of_bins object_layer record_file_path"};

NUQ_DEFINITION Operation read_hfmg(const schema::LayerParameter& layer) {
  const schema::HFMGParameter& parameter = layer.hfmg_param();
  ops::ActivationObserver observer = activation_observer_of(parameter, ActivationAlgorithm::hfmg);
  if (parameter.has_num_of_bins()) observer.plan.num_of_bins = int_of(parameter.num_of_bins());
  return observer;
}

inline constexpr LayerFields min_max_fields = {"min_max_param", "batch_num with_offset object_layer record_file_path"};

NUQ_DEFINITION Operation read_min_max(const schema::LayerParameter& layer) {
  return activation_observer_of(layer.min_max_param(), ActivationAlgorithm::min_max);
}

inline constexpr LayerFields search_n_fields = {"search_n_param", "batch_num layer_name record_file_path",
                                                "layer_type"};

NUQ_DEFINITION Operation read_search_n(const schema::LayerParameter& layer) {
  const schema::SearchNParameter& parameter = layer.search_n_param();
  return ops::ShiftObserver{int_of(parameter.batch_num()),
                            {parameter.layer_name().begin(), parameter.layer_name().end()},
                            factor_record_file(parameter.record_file_path())};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_DETAIL_READ_CALIBRATION_HPP
