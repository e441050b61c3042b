#ifndef NUQ_WORKFLOW_CONVERT_MODEL_HPP
#define NUQ_WORKFLOW_CONVERT_MODEL_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Quantizes a float model with the factors of a complete record file (from elsewhere, or from an earlier run): the
/// network is fused as the record says, weights are rounded to the nearest recorded level, and the files of
/// `save_model` are written; their names are returned. A record without any activation scale gives the weights-only
/// fake-quant model alone. Throws ModelError for a model that is quantized already, RecordError for a record of another
/// network or with values missing or out of range; nothing is written then.
NUQ_FUNCTION std::vector<std::string> convert_model(const std::string& model_file, const std::string& weights_file,
                                                    const std::string& scale_offset_record_file,
                                                    const std::string& save_path, const ReadOptions& network = {});

/// The same of a network that has been read, weights and all.
NUQ_FUNCTION std::vector<std::string> convert_model(Graph graph, const std::string& scale_offset_record_file,
                                                    const std::string& save_path);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include "nuq/amct/quantize_by_record.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/quantized_model.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/workflow/detail/claim_prefix.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/save_model.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION std::vector<std::string> convert_model(const std::string& model_file, const std::string& weights_file,
                                                      const std::string& scale_offset_record_file,
                                                      const std::string& save_path, const ReadOptions& network) {
  return convert_model(load_graph(model_file, weights_file, network), scale_offset_record_file, save_path);
}

NUQ_DEFINITION std::vector<std::string> convert_model(Graph graph, const std::string& scale_offset_record_file,
                                                      const std::string& save_path) {
  detail::refuse_quantized_model(graph);
  Parallel serial;
  const NetworkQuantization quantization = quantize_by_record(graph, scale_offset_record_file, serial);
  const PrefixLock lock =
      detail::claim_prefix(save_path, {graph.model_file(), graph.weights_file(), scale_offset_record_file}, {});
  FileSet files;
  set_report_as_voucher(files, save_path);
  const SaveType save_type = has_activation_scales(quantization) ? SaveType::both : SaveType::fakequant;
  detail::stage_quantized_models(files, graph, quantization, save_type, save_path, serial);
  return files.commit();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_CONVERT_MODEL_HPP
