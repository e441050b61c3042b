#ifndef NUQ_DATASET_METRIC_HPP
#define NUQ_DATASET_METRIC_HPP

#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How a network's outputs are judged; larger is better for every one of them.
enum class Metric {
  top1,      ///< share of samples whose label has the largest output
  top5,      ///< share of samples whose label is among the five largest outputs
  psnr,      ///< peak signal-to-noise ratio against targets, in dB
  agreement  ///< share of samples whose largest output is where the original network has it
};

/// Index of the largest value; of the first one where several are equal. `values` is not empty and holds no NaN.
NUQ_FUNCTION [[nodiscard]] std::int64_t argmax(ArrayView<const float> values) noexcept;

/// Share of samples whose label is among the `k` largest outputs. Equal outputs rank in order of their index, so that k
/// = 1 asks whether `argmax` is the label.
class TopAccuracy {
 public:
  explicit TopAccuracy(int k) noexcept : k_(k) {}

  /// One batch: `outputs` [samples × classes], one label per sample. Throws EvaluationError for a label that is no
  /// class.
  NUQ_FUNCTION void add(MatrixView<const float> outputs, ArrayView<const std::int64_t> labels);

  /// In [0, 1]; at least one sample has been added.
  [[nodiscard]] double value() const noexcept { return static_cast<double>(hits_) / static_cast<double>(samples_); }

 private:
  /// Number of classes that come before `label`.
  NUQ_FUNCTION [[nodiscard]] static std::ptrdiff_t rank(ArrayView<const float> outputs, std::size_t label) noexcept;

  int k_;
  std::uint64_t hits_ = 0;
  std::uint64_t samples_ = 0;
};

/// 10·log10(peak² / mean squared error over all values of all samples), in dB. Without any error it is not infinite but
/// the value for an error of the smallest positive normal double, about 3000 dB.
class PeakSignalToNoise {
 public:
  explicit PeakSignalToNoise(double peak) noexcept : peak_(peak) {}

  /// One batch: both [samples × values]. Throws EvaluationError where the widths differ.
  NUQ_FUNCTION void add(MatrixView<const float> outputs, MatrixView<const float> targets);

  /// At least one value has been added.
  NUQ_FUNCTION [[nodiscard]] double value() const noexcept;

 private:
  double peak_;
  double squares_ = 0.0;
  std::uint64_t values_ = 0;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::int64_t argmax(ArrayView<const float> values) noexcept {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

NUQ_DEFINITION void TopAccuracy::add(MatrixView<const float> outputs, ArrayView<const std::int64_t> labels) {
  for (std::size_t sample = 0; sample < outputs.rows(); ++sample) {
    const std::int64_t label = labels[sample];
    if (label < 0 || static_cast<std::uint64_t>(label) >= outputs.cols()) {
      detail::fail(EvaluationError(ErrorCode::evaluation_failed,
                                   "sample " + std::to_string(samples_) + ": label " + std::to_string(label) +
                                       ", the network's output has " + std::to_string(outputs.cols()) + " classes"));
    }
    if (rank(outputs.row(sample), static_cast<std::size_t>(label)) < k_) ++hits_;
    ++samples_;
  }
}

NUQ_DEFINITION std::ptrdiff_t TopAccuracy::rank(ArrayView<const float> outputs, std::size_t label) noexcept {
  const float own = outputs[label];
  const float* const at = outputs.begin() + label;
  return std::count_if(outputs.begin(), at, [own](float other) { return other >= own; }) +
         std::count_if(at, outputs.end(), [own](float other) { return other > own; });
}

NUQ_DEFINITION void PeakSignalToNoise::add(MatrixView<const float> outputs, MatrixView<const float> targets) {
  if (outputs.cols() != targets.cols()) {
    detail::fail(EvaluationError(ErrorCode::size_mismatch,
                                 "the network's output has " + std::to_string(outputs.cols()) +
                                     " values per sample, the targets have " + std::to_string(targets.cols())));
  }
  for (std::size_t index = 0; index < outputs.size(); ++index) {
    const double difference = static_cast<double>(outputs.data()[index]) - static_cast<double>(targets.data()[index]);
    squares_ += difference * difference;
  }
  values_ += outputs.size();
}

NUQ_DEFINITION double PeakSignalToNoise::value() const noexcept {
  const double error = (std::max)(squares_ / static_cast<double>(values_), (std::numeric_limits<double>::min)());
  return 20.0 * std::log10(peak_) - 10.0 * std::log10(error);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_METRIC_HPP
