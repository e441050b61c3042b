// A prototxt, a caffemodel and a digit that chooses a quantizer: weights-only quantization, and whether the tool takes
// its own results.

#include <exception>

#include "networks.hpp"
#include "nuq/amct/apply_config.hpp"
#include "nuq/amct/default_config.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/passes/tiny_weights.hpp"
#include "nuq/quantize/by_name.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/workflow/quantize_model.hpp"

namespace {

nuq::AnyLayerQuantizer quantizer(char choice) {
  if (choice == '0') return nuq::AnyLayerQuantizer(nuq::RateQuantizer{}).at_price(1e-4);
  if (choice == '1') return nuq::quantizer_named({"mse", "lloyd", "nearest"});
  if (choice == '2') return nuq::quantizer_named({"", "uniform-step", ""});
  return nuq::quantizer_named({});
}

void read_results(const nuq::Graph& graph, const nuq::QuantizationSettings& settings,
                  const nuq::NetworkQuantization& quantization) {
  nuq::Parallel serial;
  const std::string record = nuq::record_text(graph, quantization, settings);
  static_cast<void>(nuq::quantization_of(nuq::parse_record(record, "record.txt"), graph, "record.txt"));
  const std::vector<std::uint8_t> packed =
      graph.source->fake_quant(graph, quantization, serial)->packed(graph, quantization, serial, {});
  nuq::check_packed_file(packed, "net.nuq");
  const nuq::Model unpacked = nuq::model_of_packed_file(packed, "net.nuq");
  nuq::Graph again = graph_of(unpacked.text, unpacked.weights.SerializeAsString());
  nuq::infer_shapes(again);
  static_cast<void>(computed_values(again));
}

}  // namespace

NUQ_FUZZ_TARGET(quantize) {
  const std::vector<std::string_view> parts = parts_of(bytes, 3);
  if (parts[2].empty()) return;
  nuq::Graph graph = graph_of(parts[1], parts[2]);
  if (!is_small(graph)) return;
  nuq::DefaultConfigOptions options;
  options.nuq_scope = nuq::NuqScope::extended;
  const std::string config = nuq::to_json(nuq::default_config(graph, options));
  nuq::QuantizationSettings settings = nuq::apply(nuq::parse_quant_config(config, "config.json"), graph);
  nuq::fuse(graph, settings.fusion);
  nuq::keep_tiny_weights_in_float(graph, settings);
  nuq::Parallel serial;
  const nuq::NetworkQuantization quantization =
      nuq::quantize_network(graph, settings.plan, quantizer(parts[0].empty() ? '3' : parts[0][0]), {}, serial);
  try {
    read_results(graph, settings, quantization);
  } catch (const nuq::Error& error) {
    require(false, std::string("the tool refuses its own results: ") + error.what());
  }
}
