// config.json for a fixed network.

#include "networks.hpp"
#include "nuq/amct/apply_config.hpp"
#include "nuq/amct/quant_config_json.hpp"

NUQ_FUZZ_TARGET(config) {
  const nuq::QuantConfig config = nuq::parse_quant_config(bytes, "config.json");
  const std::string text = nuq::to_json(config);
  require(nuq::to_json(nuq::parse_quant_config(text, "config.json")) == text, "a configuration changes when written");
  static_cast<void>(nuq::apply(config, fixed_graph()));
}
