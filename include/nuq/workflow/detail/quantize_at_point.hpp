#ifndef NUQ_WORKFLOW_DETAIL_QUANTIZE_AT_POINT_HPP
#define NUQ_WORKFLOW_DETAIL_QUANTIZE_AT_POINT_HPP

#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/passes/data_free_statistics.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/quantization_session.hpp"
#include "nuq/workflow/rate_point.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Refuses a point that cannot be meant, or that only a price can reach: ConfigError.
NUQ_FUNCTION void check_rate_point(const RatePoint& point, bool is_priced, bool sequential);

/// Quantizes the session's network at one price per bit, that of the point, and returns the price. The session's plan
/// caps levels; `configured` says how many do the harm that HarmOfLevels asks for. Throws ConfigError out_of_reach
/// where the greatest price leaves more bytes than asked for.
NUQ_FUNCTION [[nodiscard]] double quantize_at_point(QuantizationSession& session, const QuantizationPlan& configured,
                                                    const AnyLayerQuantizer& quantizer,
                                                    const NetworkStatistics& statistics, const RatePoint& point,
                                                    Target target, Parallel& parallel);

/// Refuses, as `quantize_at_point`, a session that layers have left since for float.
NUQ_FUNCTION void require_bytes(const QuantizationSession& session, const RatePoint& point, Target target,
                                Parallel& parallel);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/sensitivity/seek_price.hpp"
#include "nuq/workflow/detail/price_of_levels.hpp"
#include "nuq/workflow/quantize_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void check_rate_point(const RatePoint& point, bool is_priced, bool sequential) {
  if (point.kind() == RatePoint::Kind::harm_of_levels) return;
  const bool is_bits = point.kind() == RatePoint::Kind::bits_per_weight;
  const bool is_price = point.kind() == RatePoint::Kind::price_per_bit;
  const std::string name = is_bits ? "bits per weight" : is_price ? "price per bit" : "greatest size";
  const auto refuse = [&name](const std::string& what) { fail(ConfigError(ErrorCode::invalid_argument, name + what)); };
  if (!is_priced) refuse(": the quantizer has no price per bit, wanted one that has, as of target packed");
  if (is_bits && !(point.bits() > 0.0 && point.bits() <= 32.0))
    refuse(" " + number_text(point.bits()) + ": wanted more than 0, at most 32");
  if (is_price && !(point.price() >= 0.0 && std::isfinite(point.price())))
    refuse(" " + number_text(point.price()) + ": wanted a number from 0 on");
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 62U;
  if (!is_bits && !is_price && (point.bytes() == 0 || point.bytes() > most_bytes))
    refuse(" " + std::to_string(point.bytes()) + ": wanted 1 byte to 2^62");
  if (sequential && !is_price) refuse(": sequential calibration does not foresee sizes, wanted a price per bit");
}

/// What the layers of a network take, and the quantized of them alone.
struct NetworkSize {
  std::uint64_t bytes = 0;
  double bits_per_weight = 0.0;
};

NUQ_FUNCTION [[nodiscard]] inline NetworkSize network_size(const QuantizationSession& session,
                                                           const NetworkQuantization& quantization, Target target,
                                                           Parallel& parallel) {
  NetworkSize size;
  std::uint64_t weights = 0;
  std::uint64_t quantized_bytes = 0;
  for (const LayerReport& layer : layer_reports(session.graph, quantization, session.settings, target, parallel)) {
    size.bytes += layer.bytes;
    if (!layer.levels) continue;
    weights += layer.weights;
    quantized_bytes += layer.bytes;
  }
  if (weights > 0) size.bits_per_weight = 8.0 * static_cast<double>(quantized_bytes) / static_cast<double>(weights);
  return size;
}

NUQ_FUNCTION [[noreturn]] inline void fail_bytes(const QuantizationSession& session, std::uint64_t wanted,
                                                 std::uint64_t bytes) {
  fail(ConfigError(ErrorCode::out_of_reach, session.graph.model_file() + ": " + std::to_string(wanted) +
                                                " bytes at most: the weights take " + std::to_string(bytes) +
                                                " even at the greatest price per bit"));
}

/// Quantizes a session's network at one price after the other and keeps the best result.
class PointSearch {
 public:
  NUQ_FUNCTION PointSearch(QuantizationSession& session, const QuantizationPlan& configured,
                           const AnyLayerQuantizer& quantizer, const NetworkStatistics& statistics, Target target,
                           Parallel& parallel)
      : session_(session),
        configured_(configured),
        quantizer_(quantizer),
        statistics_(statistics),
        target_(target),
        parallel_(parallel) {}

  NUQ_FUNCTION void seek_harm_of_levels() {
    constexpr double tolerance = 0.03;
    const LevelsHarm levels = harm_of_levels();
    if (!(levels.harm > 0.0)) {
      keep(0.0, quantized_at(0.0));
      return;
    }
    seek_price(std::log(levels.harm), levels.price, tolerance, [&](double price) {
      NetworkQuantization quantization = quantized_at(price);
      const double harm = network_harm(session_.graph, quantization, statistics_, parallel_);
      const double excess = std::log((std::max)(harm / levels.harm, (std::numeric_limits<double>::min)()));
      keep_better({excess > tolerance, std::abs(excess)}, price, std::move(quantization));
      return std::log(levels.harm) + excess;
    });
  }

  NUQ_FUNCTION void seek_bits(double wanted) {
    constexpr double tolerance = 0.005;
    seek_price(-wanted, start_price(), tolerance, [&](double price) {
      NetworkQuantization quantization = quantized_at(price);
      const double bits = network_size(session_, quantization, target_, parallel_).bits_per_weight;
      keep_better({false, std::abs(bits - wanted)}, price, std::move(quantization));
      return -bits;
    });
  }

  NUQ_FUNCTION void take_price(double price) { keep(price, quantized_at(price)); }

  NUQ_FUNCTION void seek_bytes(std::uint64_t wanted) {
    constexpr double enough = 0.995;
    const auto most = static_cast<double>(wanted);
    const double tolerance = most * (1.0 - enough) / 2.0;
    std::uint64_t least = (std::numeric_limits<std::uint64_t>::max)();
    seek_price(tolerance - most, start_price(), tolerance, [&](double price) {
      NetworkQuantization quantization = quantized_at(price);
      const std::uint64_t bytes = network_size(session_, quantization, target_, parallel_).bytes;
      least = (std::min)(least, bytes);
      const double excess = static_cast<double>(bytes) - most;
      keep_better({excess > 0.0, std::abs(excess)}, price, std::move(quantization));
      return -static_cast<double>(bytes);
    });
    if (least > wanted) fail_bytes(session_, wanted, least);
  }

  [[nodiscard]] double price() const noexcept { return price_; }

 private:
  /// How far a result is from the point: first whether it is on the wrong side of it.
  using Distance = std::pair<bool, double>;

  NUQ_FUNCTION [[nodiscard]] LevelsHarm harm_of_levels() const {
    return harm_of_configured_levels(session_.graph, configured_, statistics_, parallel_);
  }

  NUQ_FUNCTION [[nodiscard]] double start_price() const {
    const double price = harm_of_levels().price;
    return price > 0.0 ? price : 1.0;
  }

  NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantized_at(double price) const {
    return quantize_network(session_.graph, session_.settings.plan, quantizer_.at_price(price), statistics_, parallel_);
  }

  NUQ_FUNCTION void keep(double price, NetworkQuantization quantization) {
    price_ = price;
    session_.quantization = std::move(quantization);
  }

  NUQ_FUNCTION void keep_better(Distance distance, double price, NetworkQuantization quantization) {
    if (!(distance < least_)) return;
    least_ = distance;
    keep(price, std::move(quantization));
  }

  QuantizationSession& session_;
  const QuantizationPlan& configured_;
  const AnyLayerQuantizer& quantizer_;
  const NetworkStatistics& statistics_;
  Target target_;
  Parallel& parallel_;
  Distance least_{true, (std::numeric_limits<double>::infinity)()};
  double price_ = 0.0;
};

NUQ_DEFINITION double quantize_at_point(QuantizationSession& session, const QuantizationPlan& configured,
                                        const AnyLayerQuantizer& quantizer, const NetworkStatistics& statistics,
                                        const RatePoint& point, Target target, Parallel& parallel) {
  PointSearch search(session, configured, quantizer, statistics, target, parallel);
  switch (point.kind()) {
    case RatePoint::Kind::harm_of_levels:
      search.seek_harm_of_levels();
      break;
    case RatePoint::Kind::bits_per_weight:
      search.seek_bits(point.bits());
      break;
    case RatePoint::Kind::price_per_bit:
      search.take_price(point.price());
      break;
    case RatePoint::Kind::bytes_at_most:
      search.seek_bytes(point.bytes());
      break;
  }
  return search.price();
}

NUQ_DEFINITION void require_bytes(const QuantizationSession& session, const RatePoint& point, Target target,
                                  Parallel& parallel) {
  if (point.kind() != RatePoint::Kind::bytes_at_most) return;
  const std::uint64_t bytes = network_size(session, session.quantization, target, parallel).bytes;
  if (bytes > point.bytes()) fail_bytes(session, point.bytes(), bytes);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_QUANTIZE_AT_POINT_HPP
