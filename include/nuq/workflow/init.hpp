#ifndef NUQ_WORKFLOW_INIT_HPP
#define NUQ_WORKFLOW_INIT_HPP

#include <string>
#include <vector>

#include "nuq/amct/config_source.hpp"
#include "nuq/amct/quant_config.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION void refuse_quantized_model(const Graph& graph);

/// A float model, its configuration applied, BatchNorm and Scale folded, layers of tiny weights out of the plan.
NUQ_FUNCTION [[nodiscard]] QuantizationSession prepared_session(const QuantConfig& config,
                                                                const std::string& model_file,
                                                                const std::string& weights_file, Parallel& parallel,
                                                                const ReadOptions& network = {});

NUQ_FUNCTION [[nodiscard]] QuantizationSession prepared_session(const ConfigSource& config,
                                                                const std::string& model_file,
                                                                const std::string& weights_file, Parallel& parallel,
                                                                const ReadOptions& network = {});

}  // namespace detail

/// Reads the float model and its config.json, folds BatchNorm and Scale, and creates or empties the record file.
/// First step of static quantization: init → quantize_model → calibration → save_model.
/// Throws ModelError, ConfigError or FormatError; the record file is touched last, after everything else held.
NUQ_FUNCTION [[nodiscard]] QuantizationSession init(const ConfigSource& config, const std::string& model_file,
                                                    const std::string& weights_file,
                                                    const std::string& scale_offset_record_file,
                                                    const ReadOptions& network = {});

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include "nuq/amct/apply_config.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/passes/tiny_weights.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void refuse_quantized_model(const Graph& graph) {
  const Node* const node = find_quantized_node(graph);
  if (node == nullptr) return;
  fail(ModelError(ErrorCode::unsupported_layer,
                  graph.model_file() + ": layer '" + node->name + "': the model is quantized already (" +
                      (is_inserted_by_quantization(*node) ? node->type : "int8 weights") + "), wanted a float model"));
}

NUQ_DEFINITION QuantizationSession prepared_session(const QuantConfig& config, const std::string& model_file,
                                                    const std::string& weights_file, Parallel& parallel,
                                                    const ReadOptions& network) {
  QuantizationSession session;
  session.graph = load_graph(model_file, weights_file, parallel, network);
  refuse_quantized_model(session.graph);
  session.settings = apply(config, session.graph);
  const std::vector<std::string>& warnings = session.graph.warnings;
  session.settings.notes.insert(session.settings.notes.begin(), warnings.begin(), warnings.end());
  fuse(session.graph, session.settings.fusion);
  keep_tiny_weights_in_float(session.graph, session.settings);
  return session;
}

NUQ_DEFINITION QuantizationSession prepared_session(const ConfigSource& config, const std::string& model_file,
                                                    const std::string& weights_file, Parallel& parallel,
                                                    const ReadOptions& network) {
  return prepared_session(config.read(), model_file, weights_file, parallel, network);
}

}  // namespace detail

NUQ_DEFINITION QuantizationSession init(const ConfigSource& config, const std::string& model_file,
                                        const std::string& weights_file, const std::string& scale_offset_record_file,
                                        const ReadOptions& network) {
  Parallel serial;
  QuantizationSession session = detail::prepared_session(config, model_file, weights_file, serial, network);
  session.record_file = scale_offset_record_file;
  refuse_overwriting({model_file, weights_file, config.file()}, {scale_offset_record_file});
  write_file_atomically(scale_offset_record_file, "");
  return session;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_INIT_HPP
