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
  top1,       ///< share of samples whose label has the largest output
  top5,       ///< share of samples whose label is among the five largest outputs
  psnr,       ///< peak signal-to-noise ratio against targets, in dB
  agreement,  ///< share of samples whose largest output is where the original network has it
  kl,         ///< −(mean divergence of the outputs from the original network's), in nats; the original's is 0
  cosine      ///< mean cosine similarity of the outputs and the original network's; the original's is 1
};

/// True for a metric that needs no labels, but what the original network computes.
[[nodiscard]] constexpr bool compares_with_original(Metric metric) noexcept {
  return metric == Metric::agreement || metric == Metric::kl || metric == Metric::cosine;
}

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

/// How many probability distributions the outputs [samples × values] of a network are for each sample: k where no value
/// is negative and the values of every sample add up to the same whole number k ≥ 1, but for rounding errors (k > 1:
/// one for each pixel or anchor); 0 where they are no distributions.
NUQ_FUNCTION [[nodiscard]] std::size_t distributions_per_sample(MatrixView<const float> outputs) noexcept;

/// The Kullback-Leibler divergence of a network's outputs q from the original's p, in nats, negated so that larger is
/// better: the mean of −Σ p·ln(p/q) over all distributions, 0 without a difference.
///
/// Outputs that are distributions are taken as they are, a probability below the least positive normal float as that,
/// so that the divergence stays finite; others are made one distribution per sample by the softmax of all its values.
class OutputDivergence {
 public:
  /// `distributions`: those of the original's outputs for each sample, 0 for none (`distributions_per_sample`).
  explicit OutputDivergence(std::size_t distributions) noexcept : distributions_(distributions) {}

  /// One batch: both [samples × values], finite. Throws EvaluationError where the widths differ or are below 2: one
  /// value alone is always the same distribution.
  NUQ_FUNCTION void add(MatrixView<const float> outputs, MatrixView<const float> originals);

  /// At most 0; at least one sample has been added.
  [[nodiscard]] double value() const noexcept { return 0.0 - divergences_ / static_cast<double>(samples_); }

 private:
  std::size_t distributions_;
  double divergences_ = 0.0;
  std::uint64_t samples_ = 0;
};

/// The cosine of the angle between a sample's outputs and the original network's, as its mean over samples. Two outputs
/// of zeros are alike: 1; one of them alone: 0.
class OutputSimilarity {
 public:
  /// One batch: both [samples × values], finite. Throws EvaluationError where the widths differ.
  NUQ_FUNCTION void add(MatrixView<const float> outputs, MatrixView<const float> originals);

  /// In [−1, 1]; at least one sample has been added.
  [[nodiscard]] double value() const noexcept { return cosines_ / static_cast<double>(samples_); }

 private:
  double cosines_ = 0.0;
  std::uint64_t samples_ = 0;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION inline void require_same_width(MatrixView<const float> outputs, MatrixView<const float> wanted,
                                            const char* whose) {
  if (outputs.cols() == wanted.cols()) return;
  fail(EvaluationError(ErrorCode::size_mismatch, "the network's output has " + std::to_string(outputs.cols()) +
                                                     " values per sample, " + whose + std::to_string(wanted.cols())));
}

/// Σ p·ln(p/q) − p + q: the divergence of distributions, and not negative where rounding leaves their sums unequal.
NUQ_FUNCTION [[nodiscard]] inline double divergence(ArrayView<const float> q, ArrayView<const float> p) noexcept {
  constexpr double least = static_cast<double>((std::numeric_limits<float>::min)());
  double sum = 0.0;
  for (std::size_t at = 0; at < p.size(); ++at) {
    const double wanted = (std::max)(static_cast<double>(p[at]), least);
    const double got = (std::max)(static_cast<double>(q[at]), least);
    sum += wanted * std::log(wanted / got) - wanted + got;
  }
  return sum;
}

/// ln Σ exp(values).
NUQ_FUNCTION [[nodiscard]] inline double log_sum_exp(ArrayView<const float> values) noexcept {
  const double largest = static_cast<double>(*std::max_element(values.begin(), values.end()));
  double sum = 0.0;
  for (const float value : values) sum += std::exp(static_cast<double>(value) - largest);
  return largest + std::log(sum);
}

/// The divergence of the softmax of `q` from that of `p`.
NUQ_FUNCTION [[nodiscard]] inline double softmax_divergence(ArrayView<const float> q,
                                                            ArrayView<const float> p) noexcept {
  const double of_q = log_sum_exp(q);
  const double of_p = log_sum_exp(p);
  double sum = 0.0;
  for (std::size_t at = 0; at < p.size(); ++at) {
    const double wanted = static_cast<double>(p[at]) - of_p;
    const double got = static_cast<double>(q[at]) - of_q;
    sum += std::exp(wanted) * (wanted - got);
  }
  return (std::max)(sum, 0.0);
}

NUQ_FUNCTION [[nodiscard]] inline double cosine(ArrayView<const float> a, ArrayView<const float> b) noexcept {
  double product = 0.0;
  double energy_of_a = 0.0;
  double energy_of_b = 0.0;
  for (std::size_t at = 0; at < a.size(); ++at) {
    product += static_cast<double>(a[at]) * static_cast<double>(b[at]);
    energy_of_a += static_cast<double>(a[at]) * static_cast<double>(a[at]);
    energy_of_b += static_cast<double>(b[at]) * static_cast<double>(b[at]);
  }
  if (energy_of_a == 0.0 || energy_of_b == 0.0) return energy_of_a == energy_of_b ? 1.0 : 0.0;
  return product / std::sqrt(energy_of_a * energy_of_b);
}

}  // namespace detail

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
  detail::require_same_width(outputs, targets, "the targets have ");
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

NUQ_DEFINITION std::size_t distributions_per_sample(MatrixView<const float> outputs) noexcept {
  double distributions = 0.0;
  for (std::size_t sample = 0; sample < outputs.rows(); ++sample) {
    double sum = 0.0;
    for (const float value : outputs.row(sample)) {
      if (value < 0.0F) return 0;
      sum += static_cast<double>(value);
    }
    if (sample == 0) distributions = std::round(sum);
    const double rounding = 1e-3 + 1e-5 * distributions;
    if (distributions < 1.0 || std::abs(sum - distributions) > rounding) return 0;
  }
  return distributions > static_cast<double>(outputs.cols()) ? 0 : static_cast<std::size_t>(distributions);
}

NUQ_DEFINITION void OutputDivergence::add(MatrixView<const float> outputs, MatrixView<const float> originals) {
  detail::require_same_width(outputs, originals, "that of the original has ");
  if (outputs.cols() < 2) {
    detail::fail(EvaluationError(ErrorCode::evaluation_failed,
                                 "metric kl: the network's output has one value per sample, wanted at least 2"));
  }
  for (std::size_t sample = 0; sample < outputs.rows(); ++sample) {
    divergences_ += distributions_ == 0 ? detail::softmax_divergence(outputs.row(sample), originals.row(sample))
                                        : detail::divergence(outputs.row(sample), originals.row(sample)) /
                                              static_cast<double>(distributions_);
  }
  samples_ += outputs.rows();
}

NUQ_DEFINITION void OutputSimilarity::add(MatrixView<const float> outputs, MatrixView<const float> originals) {
  detail::require_same_width(outputs, originals, "that of the original has ");
  for (std::size_t sample = 0; sample < outputs.rows(); ++sample)
    cosines_ += detail::cosine(outputs.row(sample), originals.row(sample));
  samples_ += outputs.rows();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_METRIC_HPP
