#ifndef NUQ_DATASET_DESCRIPTION_HPP
#define NUQ_DATASET_DESCRIPTION_HPP

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/dataset/metric.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a dataset's JSON file says: where its arrays are, which samples count and how they are preprocessed and judged.
/// File names are as written there, relative to the JSON file's folder; empty where there is none.
struct DatasetDescription {
  std::map<std::string, std::string> inputs;  ///< input blob → array file
  std::string labels;                         ///< class per sample, for top1 and top5
  std::string targets;                        ///< wanted output per sample, for psnr
  std::size_t first = 0;                      ///< first sample taken
  std::optional<std::size_t> count;           ///< samples taken; absent: all from `first` on
  std::size_t batch_size = 1;
  float scale = 1.0F;            ///< value = (x − mean)·scale
  std::vector<float> mean;       ///< one value for all channels, or one per channel; empty: none
  std::string mean_file;         ///< array of one sample's shape
  std::string output;            ///< blob that is judged
  std::optional<Metric> metric;  ///< absent in a dataset that only calibrates
  double peak = 1.0;             ///< largest possible value, for psnr
};

/// Parses the text of a dataset's JSON file:
///
///     {"inputs": {"data": "images.npy"}, "labels": "labels.npy", "first": 0, "count": 1000, "batch_size": 50,
///      "scale": 0.00390625, "mean": [104, 117, 123], "output": "prob", "metric": "top1"}
///
/// `inputs` and `batch_size` are needed; a `metric` needs `output` and `labels` (top1, top5) or `targets` (psnr, with
/// `peak`); agreement, kl and cosine compare with the original network. What the axes of arrays are says
/// `Dataset::batch`. `file` is only named in messages. Throws FormatError naming file, key, value and what was wanted.
NUQ_FUNCTION [[nodiscard]] DatasetDescription parse_dataset_description(std::string_view text, const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "nuq/io/json.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Takes the keys of a dataset's JSON object one by one and checks each.
class DescriptionReader {
 public:
  NUQ_FUNCTION DescriptionReader(const Json& object, const std::string& file) : object_(object), file_(file) {
    if (!object_.is_object()) fail(FormatError(ErrorCode::malformed_file, file_ + ": wanted a JSON object"));
  }

  NUQ_FUNCTION [[nodiscard]] DatasetDescription read() const {
    check_keys();
    DatasetDescription description;
    description.inputs = inputs();
    description.labels = file_name("labels");
    description.targets = file_name("targets");
    description.first = whole_number("first", 0).value_or(0);
    description.count = whole_number("count", 1);
    description.batch_size = whole_number("batch_size", 1).value_or(0);
    description.scale = static_cast<float>(number("scale").value_or(1.0));
    description.mean = mean();
    description.mean_file = file_name("mean_file");
    description.output = file_name("output");
    description.metric = metric();
    description.peak = number("peak").value_or(1.0);
    check_agreement(description);
    return description;
  }

 private:
  NUQ_FUNCTION void check_keys() const {
    constexpr std::array<std::string_view, 12> known = {"inputs",    "labels",     "targets", "first",
                                                        "count",     "batch_size", "scale",   "mean",
                                                        "mean_file", "output",     "metric",  "peak"};
    std::vector<std::string> found = object_.keys();
    std::sort(found.begin(), found.end());
    for (const std::string& key : found) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        fail(FormatError(ErrorCode::unknown_name, file_ + ": unknown key '" + key + "'"));
      }
    }
  }

  /// What one key alone cannot tell.
  NUQ_FUNCTION void check_agreement(const DatasetDescription& description) const {
    if (description.batch_size == 0) missing("batch_size", "");
    if (description.scale == 0.0F) refuse("scale", "a number other than 0 within float's range");
    if (!(description.peak > 0.0)) refuse("peak", "a number greater than 0");
    if (!description.mean.empty() && !description.mean_file.empty()) {
      refuse("mean_file", "either 'mean' or 'mean_file'");
    }
    if (!description.metric) return;
    const bool classifies = *description.metric == Metric::top1 || *description.metric == Metric::top5;
    if (description.output.empty()) missing("output", ", which the metric is about");
    if (classifies && description.labels.empty()) missing("labels", ", which the metric needs");
    if (*description.metric == Metric::psnr && description.targets.empty()) {
      missing("targets", ", which the metric needs");
    }
  }

  NUQ_FUNCTION [[nodiscard]] std::map<std::string, std::string> inputs() const {
    const Json* const value = find("inputs");
    if (value == nullptr) missing("inputs", "");
    if (!value->is_object() || value->empty()) refuse("inputs", R"(an object like {"data": "images.npy"})");
    std::map<std::string, std::string> files;
    for (std::size_t index = 0; index < value->size(); ++index) {
      const Json& name = (*value)[index];
      if (name.text().empty()) refuse("inputs", "a file name for each blob");
      files[value->keys()[index]] = name.text();
    }
    return files;
  }

  NUQ_FUNCTION [[nodiscard]] std::string file_name(const std::string& key) const {
    const Json* const value = find(key);
    if (value == nullptr) return {};
    if (value->text().empty()) refuse(key, "a name");
    return value->text();
  }

  NUQ_FUNCTION [[nodiscard]] std::optional<std::size_t> whole_number(const std::string& key,
                                                                     std::int64_t smallest) const {
    constexpr std::int64_t largest = (std::numeric_limits<std::int32_t>::max)();
    const Json* const value = find(key);
    if (value == nullptr) return {};
    const std::string wanted = "a whole number from " + std::to_string(smallest) + " to " + std::to_string(largest);
    if (!value->is_integer()) refuse(key, wanted);
    const auto found = value->integer();
    if (found < smallest || found > largest) refuse(key, wanted);
    return static_cast<std::size_t>(found);
  }

  NUQ_FUNCTION [[nodiscard]] std::optional<double> number(const std::string& key) const {
    const Json* const value = find(key);
    if (value == nullptr) return {};
    if (!is_float(*value)) refuse(key, "a number within float's range");
    return value->number();
  }

  NUQ_FUNCTION [[nodiscard]] std::vector<float> mean() const {
    const Json* const value = find("mean");
    if (value == nullptr) return {};
    const bool numbers = value->is_array() && !value->empty() &&
                         std::all_of(value->begin(), value->end(), [](const Json& number) { return is_float(number); });
    if (!numbers) refuse("mean", "an array of one number per channel");
    std::vector<float> values;
    for (const Json& element : *value) values.push_back(static_cast<float>(element.number()));
    return values;
  }

  NUQ_FUNCTION [[nodiscard]] std::optional<Metric> metric() const {
    const Json* const value = find("metric");
    if (value == nullptr) return {};
    if (value->is_string("top1")) return Metric::top1;
    if (value->is_string("top5")) return Metric::top5;
    if (value->is_string("psnr")) return Metric::psnr;
    if (value->is_string("agreement")) return Metric::agreement;
    if (value->is_string("kl")) return Metric::kl;
    if (value->is_string("cosine")) return Metric::cosine;
    refuse("metric", "top1, top5, psnr, agreement, kl or cosine");
  }

  NUQ_FUNCTION [[nodiscard]] static bool is_float(const Json& value) {
    return value.is_number() && std::abs(value.number()) <= static_cast<double>((std::numeric_limits<float>::max)());
  }

  NUQ_FUNCTION [[nodiscard]] const Json* find(const std::string& key) const { return object_.find(key); }

  NUQ_FUNCTION [[noreturn]] void refuse(const std::string& key, const std::string& wanted) const {
    fail(FormatError(ErrorCode::malformed_file,
                     file_ + ": key '" + key + "': got " + excerpt(*object_.find(key)) + ", wanted " + wanted));
  }
  NUQ_FUNCTION [[noreturn]] void missing(const std::string& key, const std::string& why) const {
    fail(FormatError(ErrorCode::malformed_file, file_ + ": key '" + key + "' is missing" + why));
  }

  const Json& object_;
  const std::string& file_;
};

}  // namespace detail

NUQ_DEFINITION DatasetDescription parse_dataset_description(std::string_view text, const std::string& file) {
  return detail::DescriptionReader(parse_json(text, file), file).read();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_DESCRIPTION_HPP
