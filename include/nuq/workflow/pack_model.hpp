#ifndef NUQ_WORKFLOW_PACK_MODEL_HPP
#define NUQ_WORKFLOW_PACK_MODEL_HPP

#include <cstddef>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/packed/coding_choice.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Writes the packed model file (packed/format.hpp) of a model. With a record file a float model becomes the fake-quant
/// one that `convert_model` writes, and the levels of its layers, or of those of a fake-quant model, are coded. Without
/// one the model stays as it is: a deploy model's int8 weights are coded, floats are not.
///
/// @param threads  0: as many as the machine has cores.
/// @param choice   which codings the levels may get.
/// @throws ModelError, RecordError, FormatError; nothing is written then.
NUQ_FUNCTION void pack_model(const std::string& model_file, const std::string& weights_file,
                             const std::string& packed_file, const std::string& scale_offset_record_file = {},
                             std::size_t threads = 0, const ReadOptions& network = {}, CodingChoice choice = {});

/// The same of a network that has been read, weights and all.
NUQ_FUNCTION void pack_model(Graph graph, const std::string& packed_file, const std::string& scale_offset_record_file,
                             Parallel& parallel, CodingChoice choice = {});

/// Writes the prototxt and the caffemodel that a packed model file holds. Throws FormatError naming the file for one
/// that is damaged or beyond the limits; nothing is written then.
NUQ_FUNCTION void unpack_model(const std::string& packed_file, const std::string& model_file,
                               const std::string& weights_file,
                               const ResourceLimits& limits = ResourceLimits::from_environment());

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <cstdint>
#include <string_view>
#include <vector>

#include "nuq/amct/quantize_by_record.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/graph/layer_error.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/distinct_files.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A packed file is to hold all that the network is computed with.
NUQ_FUNCTION inline void require_all_weights(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (has_weight_matrix(node) && node.blobs.empty())
      fail_layer(ErrorCode::unknown_name, graph.model_file(), node.name, node.type + " " + node.obstacle);
  }
}

}  // namespace detail

NUQ_DEFINITION void pack_model(const std::string& model_file, const std::string& weights_file,
                               const std::string& packed_file, const std::string& scale_offset_record_file,
                               std::size_t threads, const ReadOptions& network, CodingChoice choice) {
  ThreadPool pool(threads);
  pack_model(load_graph(model_file, weights_file, pool, network), packed_file, scale_offset_record_file, pool, choice);
}

NUQ_DEFINITION void pack_model(Graph graph, const std::string& packed_file, const std::string& scale_offset_record_file,
                               Parallel& parallel, CodingChoice choice) {
  detail::require_all_weights(graph);
  refuse_overwriting({graph.model_file(), graph.weights_file(), scale_offset_record_file}, {packed_file});
  remove_abandoned_files(packed_file);
  NetworkQuantization quantization;
  if (!scale_offset_record_file.empty()) quantization = quantize_by_record(graph, scale_offset_record_file, parallel);
  const bool becomes_fake_quant = !quantization.empty() && find_quantized_node(graph) == nullptr;
  const auto model =
      becomes_fake_quant ? graph.source->fake_quant(graph, quantization, parallel) : graph.source->original();
  FileSet files;
  detail::stage_packed(files, packed_file, model->packed(graph, quantization, parallel, choice));
  files.commit();
}

NUQ_DEFINITION void unpack_model(const std::string& packed_file, const std::string& model_file,
                                 const std::string& weights_file, const ResourceLimits& limits) {
  refuse_half_written(packed_file);
  refuse_overwriting({packed_file}, {model_file, weights_file});
  remove_abandoned_files(model_file);
  remove_abandoned_files(weights_file);
  const MappedFile file(packed_file);
  const std::string_view bytes = file.bytes();
  FileSet files;
  write_model(
      model_of_packed_file({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, packed_file, limits),
      files, model_file, weights_file);
  files.commit();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_PACK_MODEL_HPP
