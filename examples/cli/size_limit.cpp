#include "size_limit.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/report/layer_reports.hpp"

void SizeLimit::add_to(CLI::App& command) {
  command
      .add_option(
          "--max-bytes", bytes,
          "bytes of all quantizable layers' weights, at most, such as 500000, 500k or 2M; exit code 1 where they "
          "cannot be had")
      ->type_name("BYTES");
  command.add_option("--ratio", ratio, "how many times smaller than float32 they are to be, at least");
}

std::uint64_t SizeLimit::most_bytes(const std::string& model, const std::string& weights,
                                    const nuq::ReadOptions& network, const nuq::QuantConfig& config) const {
  if (!ratio) {
    std::string upper = bytes;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    return nuq::parse_bytes(upper, "--max-bytes");
  }
  if (!(*ratio > 0.0 && *ratio < 1e6)) {
    nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument, "--ratio " + nuq::detail::number_text(*ratio) +
                                                                             ": wanted more than 0, such as 10"));
  }
  nuq::QuantizationSettings settings;
  settings.nuq_scope = config.nuq_scope;
  nuq::Parallel serial;
  std::uint64_t float_bytes = 0;
  for (const nuq::LayerReport& layer :
       nuq::layer_reports(nuq::load_graph(model, weights, network), {}, settings, nuq::Target::packed, serial))
    float_bytes += layer.bytes;
  return static_cast<std::uint64_t>(static_cast<double>(float_bytes) / *ratio);
}
