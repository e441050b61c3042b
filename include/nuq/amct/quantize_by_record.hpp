#ifndef NUQ_AMCT_QUANTIZE_BY_RECORD_HPP
#define NUQ_AMCT_QUANTIZE_BY_RECORD_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The factors of a record file for a network, and the recorded levels nearest to its weights. A float network is fused
/// first, as the record says. Throws RecordError for a record of another network, of no layer, or with values missing
/// or out of range.
NUQ_FUNCTION [[nodiscard]] NetworkQuantization quantize_by_record(Graph& graph, const std::string& record_file,
                                                                  Parallel& parallel);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/graph/passes/fuse.hpp"
#include "nuq/graph/quantize_layer.hpp"
#include "nuq/graph/quantized_node.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION NetworkQuantization quantize_by_record(Graph& graph, const std::string& record_file,
                                                      Parallel& parallel) {
  const schema::ScaleOffsetRecord record = read_record(record_file);
  if (find_quantized_node(graph) == nullptr) fuse(graph, fusion_of(record));
  NetworkQuantization quantization = quantization_of(record, graph, record_file);
  if (quantization.empty())
    detail::fail(RecordError(ErrorCode::missing_record, record_file + ": records no layer, wanted at least one"));
  for (auto& [name, layer] : quantization) detail::round_to_nearest_levels(graph, *graph.find(name), layer, parallel);
  return quantization;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_QUANTIZE_BY_RECORD_HPP
