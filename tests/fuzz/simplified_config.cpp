// A simplified configuration of a fixed network.

#include "nuq/amct/simplified_config.hpp"
#include "networks.hpp"
#include "nuq/amct/apply_config.hpp"
#include "nuq/amct/config_from_simplified.hpp"
#include "nuq/amct/quant_config_json.hpp"

NUQ_FUZZ_TARGET(simplified_config) {
  const nuq::schema::AMCTConfig definition = nuq::parse_simplified_config(bytes, "quant.cfg");
  const nuq::Graph graph = fixed_graph();
  const std::string text = nuq::to_json(nuq::config_from_simplified(graph, definition, "quant.cfg"));
  static_cast<void>(nuq::apply(nuq::parse_quant_config(text, "config.json"), graph));
}
