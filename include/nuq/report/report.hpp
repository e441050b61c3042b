#ifndef NUQ_REPORT_REPORT_HPP
#define NUQ_REPORT_REPORT_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/sha256.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Version of what the keys of a report mean. Reports of before it had a number are 1.
inline constexpr int report_schema = 2;

/// What became of one quantizable layer.
struct LayerReport {
  std::string name;
  std::string type;
  Shape shape;                   ///< of the weights
  std::uint64_t weights = 0;     ///< number of weights
  std::optional<int> levels;     ///< different int8 levels kept; absent where the layer stays in float32
  double bits_per_weight = 0.0;  ///< 8 · bytes / weights
  std::uint64_t bytes = 0;       ///< stored size of the weights: codebook, scales, tables and indices
  bool taken = false;            ///< restricted to few levels; otherwise `reason` says why not
  std::string reason;
  Json details{};  ///< an object of further members (ReportAdditions), or null
};

/// One evaluated configuration of a search.
struct TrialReport : EvaluationOutcome {
  std::string configuration;  ///< in words
  std::uint64_t bytes = 0;
  std::vector<std::pair<std::string, int>> levels;  ///< different int8 levels kept, by layer, in the network's order
  bool non_dominated = false;                       ///< no other has both fewer bytes and a better metric
  std::string files;                                ///< prefix of its own files; empty where there are none
  std::optional<double> price{};                    ///< the highest of its layers, per bit; absent where none has one
};

/// A written file.
struct FileReport {
  std::string path;
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// Bytes of the same weights as `RunReport::bytes` under each of the two entropy codings.
struct CodingSizes {
  std::uint64_t packed = 0;  ///< the packed model file
  std::uint64_t ascend = 0;  ///< the vendor's weight compressor
};

/// What a second set of data, which the search has not seen, says of the answer.
struct Confirmation {
  double original_metric = 0.0;
  double metric = 0.0;
  std::optional<double> error;  ///< standard error of the change; absent where the evaluator tells no batches
  bool satisfied = false;       ///< the evaluator accepts the metric, or one that is as much better as the error allows
};

/// The outcome of a run: the content of `<prefix>_report.json`, whose keys are the names of the fields.
struct RunReport {
  std::optional<double> original_metric;  ///< of the float network; metrics are absent where nothing was evaluated
  std::optional<double> int8_metric;      ///< every layer at uniform int8; weights-only iff the run is
  std::optional<double> metric;           ///< of the result
  /// Standard error of the metric's change from the original's; absent where the evaluator tells no batches.
  std::optional<double> metric_error;
  /// With which the result's true loss is within the evaluator's limit (AutoNuqOptions::confidence); absent where the
  /// evaluator tells no batches or its verdicts were taken as they are, and of int8, which is not chosen by its metric.
  std::optional<double> confidence;
  bool satisfied = false;
  std::optional<Confirmation> confirmation;  ///< of the result of a search; not written where there is none
  bool weights_only = false;                 ///< activations stay in float
  /// Every evaluation gave one metric, so that nothing can be said of the result; written only where it holds.
  bool metric_unchanged = false;
  int evaluations = 0;  ///< that were asked of the evaluator, original and int8 included
  double seconds = 0.0;
  std::uint64_t bytes = 0;     ///< stored size of the weights of all quantizable layers
  double ratio_float32 = 0.0;  ///< float32 size of the same weights / bytes
  double ratio_int8 = 0.0;     ///< int8 size of the same weights / bytes
  std::string target;          ///< what sizes are measured by: packed, palette or ascend
  std::string search_note;     ///< what the search could not settle; empty when it could
  std::vector<std::string> warnings;
  std::vector<FileReport> files;
  std::vector<LayerReport> layers;
  std::vector<TrialReport> trials;
  std::optional<CodingSizes> sizes;  ///< of the result of a search; not written where there is none
  /// Per bit, in units of the network's output error, that all layers were quantized at; not written where there is
  /// none.
  std::optional<double> price;
};

/// Describes a file as it is on the disk now. Throws FormatError file_not_readable.
NUQ_FUNCTION [[nodiscard]] FileReport file_report(const std::string& path);

namespace detail {

/// "0.1.0", of this library.
NUQ_FUNCTION [[nodiscard]] inline std::string version_text() {
  return std::to_string(NUQ_VERSION_MAJOR) + "." + std::to_string(NUQ_VERSION_MINOR) + "." +
         std::to_string(NUQ_VERSION_PATCH);
}

NUQ_FUNCTION [[nodiscard]] Json json_of(const LayerReport& layer);

NUQ_FUNCTION [[nodiscard]] Json json_of(const TrialReport& trial);

NUQ_FUNCTION [[nodiscard]] Json json_of(const FileReport& file);

NUQ_FUNCTION [[nodiscard]] Json json_of(const CodingSizes& sizes);

NUQ_FUNCTION [[nodiscard]] Json json_of(const Confirmation& confirmation);

template <class T>
[[nodiscard]] Json json_of(const std::vector<T>& entries) {
  Json array = Json::array();
  for (const T& entry : entries) array.push_back(json_of(entry));
  return array;
}

}  // namespace detail

/// The report as JSON (README.md lists the keys).
NUQ_FUNCTION [[nodiscard]] Json json_of(const RunReport& report);

/// A report's JSON as its text. Numbers that are not finite become null.
NUQ_FUNCTION [[nodiscard]] std::string report_text(const Json& report);

/// `report_text` of `json_of`.
NUQ_FUNCTION [[nodiscard]] std::string to_json(const RunReport& report);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>
#include <filesystem>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION FileReport file_report(const std::string& path) {
  return {path, sha256_of_file(path), std::filesystem::file_size(path)};
}

namespace detail {

NUQ_DEFINITION Json json_of(const LayerReport& layer) {
  Json json = Json::object({{"name", layer.name},
                            {"type", layer.type},
                            {"shape", layer.shape},
                            {"weights", layer.weights},
                            {"levels", layer.levels},
                            {"bits_per_weight", layer.bits_per_weight},
                            {"bytes", layer.bytes},
                            {"taken", layer.taken},
                            {"reason", layer.reason}});
  for (std::size_t index = 0; index < layer.details.keys().size(); ++index)
    json.set(layer.details.keys()[index], layer.details[index]);
  return json;
}

NUQ_DEFINITION Json json_of(const TrialReport& trial) {
  Json levels = Json::object();
  for (const auto& [layer, count] : trial.levels) levels.set(layer, count);
  return Json::object({{"configuration", trial.configuration},
                       {"bytes", trial.bytes},
                       {"metric", trial.metric},
                       {"satisfied", trial.satisfied},
                       {"ended_early", trial.ended_early},
                       {"error", trial.error},
                       {"price", trial.price},
                       {"levels", levels},
                       {"non_dominated", trial.non_dominated},
                       {"files", trial.files}});
}

NUQ_DEFINITION Json json_of(const FileReport& file) {
  return Json::object({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
}

NUQ_DEFINITION Json json_of(const CodingSizes& sizes) {
  return Json::object({{"packed", sizes.packed}, {"ascend", sizes.ascend}});
}

NUQ_DEFINITION Json json_of(const Confirmation& confirmation) {
  return Json::object({{"original_metric", confirmation.original_metric},
                       {"metric", confirmation.metric},
                       {"error", confirmation.error},
                       {"satisfied", confirmation.satisfied}});
}

}  // namespace detail

NUQ_DEFINITION Json json_of(const RunReport& report) {
  Json json = Json::object({{"schema", report_schema},
                            {"version", detail::version_text()},
                            {"original_metric", report.original_metric},
                            {"int8_metric", report.int8_metric},
                            {"metric", report.metric},
                            {"metric_error", report.metric_error},
                            {"confidence", report.confidence},
                            {"satisfied", report.satisfied},
                            {"weights_only", report.weights_only},
                            {"evaluations", report.evaluations},
                            {"seconds", report.seconds},
                            {"bytes", report.bytes},
                            {"ratio_float32", report.ratio_float32},
                            {"ratio_int8", report.ratio_int8},
                            {"target", report.target},
                            {"search_note", report.search_note},
                            {"warnings", report.warnings},
                            {"files", detail::json_of(report.files)},
                            {"layers", detail::json_of(report.layers)},
                            {"trials", detail::json_of(report.trials)}});
  if (report.metric_unchanged) json.set("metric_unchanged", true);
  if (report.confirmation) json.set("confirmation", detail::json_of(*report.confirmation));
  if (report.sizes) json.set("sizes", detail::json_of(*report.sizes));
  if (report.price) json.set("price", *report.price);
  return json;
}

NUQ_DEFINITION std::string report_text(const Json& report) {
  return to_text(report, {2, false, true}) + "\n";
}

NUQ_DEFINITION std::string to_json(const RunReport& report) {
  return report_text(json_of(report));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_REPORT_HPP
