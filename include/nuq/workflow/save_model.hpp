#ifndef NUQ_WORKFLOW_SAVE_MODEL_HPP
#define NUQ_WORKFLOW_SAVE_MODEL_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/quantization_session.hpp"

NUQ_NAMESPACE_BEGIN

/// Which of the two models are written.
enum class SaveType { fakequant, deploy, both };

namespace detail {

NUQ_FUNCTION void stage_packed(FileSet& files, const std::string& file, const std::vector<std::uint8_t>& bytes);

/// Stages everything that `save_model` writes.
NUQ_FUNCTION void stage_quantized_models(FileSet& files, const Graph& graph, const NetworkQuantization& quantization,
                                         SaveType save_type, const std::string& save_path, Parallel& parallel);

}  // namespace detail

/// Writes the results of quantization beside each other; names are `save_path` (a folder with a file-name prefix) plus
/// `_fake_quant_model.prototxt`, `_fake_quant_weights.caffemodel`, `_deploy_model.prototxt`,
/// `_deploy_weights.caffemodel`, `_quant.json`, `_nuq_layer_record.txt`, and `.nuq`, the fake-quant model (the deploy
/// model where that alone is written) as a packed model file. The report of an earlier run under that name, which would
/// describe other files, is removed. Returns the names written.
///
/// Activation scales that the session lacks are taken from its record file. Without any, SaveType::fakequant writes
/// the weights-only model; the others throw RecordError missing_record naming the layer. With them, layers whose input
/// cannot be quantized go back to float, with a note, and the record file is written again without them.
NUQ_FUNCTION std::vector<std::string> save_model(QuantizationSession& session, SaveType save_type,
                                                 const std::string& save_path);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <cstddef>
#include <string_view>

#include "nuq/amct/nuq_layer_record.hpp"
#include "nuq/amct/quant_info.hpp"
#include "nuq/amct/quantization_record.hpp"
#include "nuq/core/background_task.hpp"
#include "nuq/graph/quantized_blobs.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/detail/calibrate_by_evaluator.hpp"
#include "nuq/workflow/detail/claim_prefix.hpp"
#include "nuq/workflow/detail/leave_out_layers.hpp"
#include "nuq/workflow/detail/shifts.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Takes the activation scales and shifts that the session lacks from its record file, which forward passes of the
/// calibration model may have completed.
NUQ_FUNCTION inline void complete_from_record(QuantizationSession& session) {
  if (session.record_file.empty()) return;
  for (const auto& [name, recorded] : quantization_in(session.record_file, session.graph)) {
    const auto layer = session.quantization.find(name);
    if (layer == session.quantization.end() || layer->second.activation || !recorded.activation) continue;
    set_activation(layer->second,
                   as_planned({*recorded.activation, recorded.input_shape}, session.settings.plan, name));
    if (recorded.shift_bit.empty()) continue;
    const bool shares_scale = recorded.weights.scales != layer->second.weights.scales;
    set_shift(session.graph, *session.graph.find(name), {recorded.shift_bit, shares_scale}, layer->second);
  }
}

NUQ_DEFINITION void stage_packed(FileSet& files, const std::string& file, const std::vector<std::uint8_t>& bytes) {
  files.stage(file, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

/// The disk begins with the files while the caller goes on.
NUQ_FUNCTION inline void stage_model(FileSet& files, const FormattedModel& model, const std::string& prefix) {
  model.stage(files, prefix);
  files.begin_to_flush();
}

/// A model, and its packed file, which is made meanwhile.
NUQ_FUNCTION inline void stage_model_and_packed(FileSet& files, const FormattedModel& model, const std::string& prefix,
                                                const std::string& kind, const Graph& graph,
                                                const NetworkQuantization& quantization, Parallel& parallel) {
  std::vector<std::uint8_t> packed;
  BackgroundTask pack([&] { packed = model.packed(graph, quantization, parallel, {}); });
  stage_model(files, model, prefix + kind);
  pack.finish();
  stage_packed(files, prefix + ".nuq", packed);
}

NUQ_DEFINITION void stage_quantized_models(FileSet& files, const Graph& graph, const NetworkQuantization& quantization,
                                           SaveType save_type, const std::string& save_path, Parallel& parallel) {
  std::string quant_info;
  {
    const auto fake_quant = graph.source->fake_quant(graph, quantization, parallel);
    quant_info = quant_info_json(graph, quantization, *fake_quant);
    if (save_type != SaveType::deploy)
      stage_model_and_packed(files, *fake_quant, save_path, "_fake_quant", graph, quantization, parallel);
  }
  if (save_type != SaveType::deploy) {
    const auto with_levels = graph.source->with_levels(graph, quantization);
    if (with_levels != nullptr) stage_model(files, *with_levels, save_path + "_quantized");
  }
  if (save_type != SaveType::fakequant) {
    const auto deploy = graph.source->deploy(graph, quantization);
    if (save_type == SaveType::deploy) {
      stage_model_and_packed(files, *deploy, save_path, "_deploy", graph, quantization, parallel);
    } else {
      stage_model(files, *deploy, save_path + "_deploy");
    }
  }
  files.stage(save_path + "_quant.json", quant_info);
  files.stage(save_path + "_nuq_layer_record.txt", nuq_layer_record(graph, quantization));
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::string> save_model(QuantizationSession& session, SaveType save_type,
                                                   const std::string& save_path) {
  const PrefixLock lock = detail::claim_prefix(save_path, {session.graph.model_file(), session.graph.weights_file()},
                                               {session.record_file});
  detail::complete_from_record(session);
  FileSet files;
  set_report_as_voucher(files, save_path);
  if (has_activation_scales(session.quantization)) {
    const std::size_t quantized = session.quantization.size();
    detail::leave_out_weights_only_layers(session);
    if (session.quantization.size() < quantized && !session.record_file.empty())
      files.stage(session.record_file, record_text(session.graph, session.quantization, session.settings));
  }
  Parallel serial;
  detail::stage_quantized_models(files, session.graph, session.quantization, save_type, save_path, serial);
  return files.commit();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_SAVE_MODEL_HPP
