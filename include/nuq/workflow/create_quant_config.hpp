#ifndef NUQ_WORKFLOW_CREATE_QUANT_CONFIG_HPP
#define NUQ_WORKFLOW_CREATE_QUANT_CONFIG_HPP

#include <string>
#include <vector>

#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What `create_quant_config` is asked for. With `config_defination` (the vendor's spelling), the simplified
/// configuration's file, `skip_layers`, `batch_num`, `activation_offset` and `uniform` are ignored.
struct QuantConfigRequest {
  std::vector<std::string> skip_layers;
  int batch_num = 1;
  bool activation_offset = true;
  bool uniform = false;  ///< `arq_quantize` on every layer
  NuqScope nuq_scope = NuqScope::standard;
  std::string config_defination;
  std::string
      soc;  ///< chip whose compiler decides which layers gain from NUQ, where no mapping file does; empty: all do
  ReadOptions network;  ///< how the model is read
};

/// The configuration of a model, as `create_quant_config` writes it; no file is written.
NUQ_FUNCTION [[nodiscard]] QuantConfig make_quant_config(const std::string& model_file, const std::string& weights_file,
                                                         const QuantConfigRequest& request);

/// Writes config.json for a model: one entry per quantizable layer. Returns its content, with notes on every layer that
/// does not take NUQ. Throws ModelError, ConfigError or FormatError; an existing file is replaced only when all went
/// well.
NUQ_FUNCTION QuantConfig create_quant_config(const std::string& config_file, const std::string& model_file,
                                             const std::string& weights_file, const QuantConfigRequest& request);

/// The same with the vendor's arguments in the vendor's order.
NUQ_FUNCTION QuantConfig create_quant_config(const std::string& config_file, const std::string& model_file,
                                             const std::string& weights_file,
                                             const std::vector<std::string>& skip_layers = {}, int batch_num = 1,
                                             bool activation_offset = true, const std::string& config_defination = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <optional>
#include <utility>

#include "nuq/amct/compiler_rule.hpp"
#include "nuq/amct/config_from_simplified.hpp"
#include "nuq/amct/default_config.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/amct/simplified_config.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION QuantConfig make_quant_config(const std::string& model_file, const std::string& weights_file,
                                             const QuantConfigRequest& request) {
  Graph graph = load_graph(model_file, weights_file, request.network);
  infer_shapes(graph);
  std::optional<CompressibleLayers> compressible;
  if (!request.soc.empty()) compressible = compressible_layers(graph, soc_named(request.soc));
  QuantConfig config;
  if (request.config_defination.empty()) {
    DefaultConfigOptions options;
    options.skip_layers = request.skip_layers;
    options.batch_num = request.batch_num;
    options.activation_offset = request.activation_offset;
    options.uniform = request.uniform;
    options.nuq_scope = request.nuq_scope;
    options.compressible = std::move(compressible);
    config = default_config(graph, options);
  } else {
    config = config_from_simplified(graph, read_simplified_config(request.config_defination), request.config_defination,
                                    std::move(compressible), request.nuq_scope);
  }
  config.notes.insert(config.notes.begin(), graph.warnings.begin(), graph.warnings.end());
  return config;
}

NUQ_DEFINITION QuantConfig create_quant_config(const std::string& config_file, const std::string& model_file,
                                               const std::string& weights_file, const QuantConfigRequest& request) {
  refuse_overwriting({model_file, weights_file, request.config_defination}, {config_file});
  remove_abandoned_files(config_file);
  const QuantConfig config = make_quant_config(model_file, weights_file, request);
  write_file_atomically(config_file, to_json(config));
  return config;
}

NUQ_DEFINITION QuantConfig create_quant_config(const std::string& config_file, const std::string& model_file,
                                               const std::string& weights_file,
                                               const std::vector<std::string>& skip_layers, int batch_num,
                                               bool activation_offset, const std::string& config_defination) {
  QuantConfigRequest request;
  request.skip_layers = skip_layers;
  request.batch_num = batch_num;
  request.activation_offset = activation_offset;
  request.config_defination = config_defination;
  return create_quant_config(config_file, model_file, weights_file, request);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_CREATE_QUANT_CONFIG_HPP
