#ifndef NUQ_DATASET_DESCRIPTION_HPP
#define NUQ_DATASET_DESCRIPTION_HPP

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/dataset/image_input.hpp"
#include "nuq/dataset/metric.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a dataset's JSON file says: where its arrays are, which samples count and how they are preprocessed and judged.
/// File names are as written there, relative to the JSON file's folder; empty where there is none.
struct DatasetDescription {
  std::map<std::string, std::string> inputs;  ///< input blob → array file
  std::vector<ImageInput> images;             ///< inputs that are image files
  std::string labels;                         ///< class per sample, for top1 and top5
  std::string targets;                        ///< wanted output per sample, for psnr
  std::size_t first = 0;                      ///< first sample taken
  std::optional<std::size_t> count;           ///< samples taken; absent: all from `first` on
  std::size_t batch_size = 1;
  float scale = 1.0F;            ///< value = (x − mean)·scale / std
  std::vector<float> mean;       ///< one value for all channels, or one per channel; empty: none
  std::string mean_file;         ///< array of one sample's shape
  std::vector<float> deviation;  ///< `std`: one value for all channels, or one per channel; empty: 1
  std::string output;            ///< blob that is judged
  std::optional<Metric> metric;  ///< absent in a dataset that only calibrates
  double peak = 1.0;             ///< largest possible value, for psnr
};

/// Parses the text of a dataset's JSON file:
///
///     {"inputs": {"data": "images.npy"}, "labels": "labels.npy", "first": 0, "count": 1000, "batch_size": 50,
///      "scale": 0.00390625, "mean": [104, 117, 123], "output": "prob", "metric": "top1"}
///
/// In place of an array an input may be image files, a list or a folder: {"images": "list.txt", "resize": 256, "crop":
/// 224, "channels": "bgr"}. README.md beside this header documents every key.
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
    read_inputs(description);
    description.labels = file_name("labels");
    description.targets = file_name("targets");
    description.first = whole_number("first", 0).value_or(0);
    description.count = whole_number("count", 1);
    description.batch_size = whole_number("batch_size", 1).value_or(0);
    description.scale = static_cast<float>(number("scale").value_or(1.0));
    description.mean = numbers("mean");
    description.mean_file = file_name("mean_file");
    description.deviation = numbers("std");
    description.output = file_name("output");
    description.metric = metric();
    description.peak = number("peak").value_or(1.0);
    check_agreement(description);
    return description;
  }

 private:
  NUQ_FUNCTION void check_keys() const {
    constexpr std::array<std::string_view, 13> known = {"inputs",     "labels", "targets", "first",     "count",
                                                        "batch_size", "scale",  "mean",    "mean_file", "std",
                                                        "output",     "metric", "peak"};
    check_keys(object_, {known.data(), known.size()}, "");
  }

  NUQ_FUNCTION void check_keys(const Json& object, ArrayView<const std::string_view> known,
                               const std::string& place) const {
    std::vector<std::string> found = object.keys();
    std::sort(found.begin(), found.end());
    for (const std::string& key : found) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        fail(FormatError(ErrorCode::unknown_name, file_ + ": " + place + "unknown key '" + key + "'"));
      }
    }
  }

  /// What one key alone cannot tell.
  NUQ_FUNCTION void check_agreement(const DatasetDescription& description) const {
    if (description.batch_size == 0) missing("batch_size", "");
    if (description.scale == 0.0F) refuse("scale", "a number other than 0 within float's range");
    if (!(description.peak > 0.0)) refuse("peak", "a number greater than 0");
    const auto is_positive = [](float value) { return value > 0.0F; };
    if (!std::all_of(description.deviation.begin(), description.deviation.end(), is_positive))
      refuse("std", "numbers greater than 0");
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

  NUQ_FUNCTION void read_inputs(DatasetDescription& description) const {
    const Json* const value = find("inputs");
    if (value == nullptr) missing("inputs", "");
    if (!value->is_object() || value->empty()) refuse("inputs", R"(an object like {"data": "images.npy"})");
    for (std::size_t index = 0; index < value->size(); ++index) {
      const Json& input = (*value)[index];
      const std::string& blob = value->keys()[index];
      if (input.is_object()) {
        description.images.push_back(image_input(input, blob));
      } else {
        if (input.text().empty()) refuse("inputs", "a file name for each blob");
        description.inputs[blob] = input.text();
      }
    }
  }

  NUQ_FUNCTION [[nodiscard]] ImageInput image_input(const Json& object, const std::string& blob) const {
    const std::string place = "input '" + blob + "': ";
    constexpr std::array<std::string_view, 4> known = {"images", "resize", "crop", "channels"};
    check_keys(object, {known.data(), known.size()}, place);
    ImageInput input;
    input.blob = blob;
    if (const Json* const files = object.find("images")) input.files = files->text();
    if (input.files.empty()) refuse("inputs", R"({"images": "a list of files, or a folder"} or the name of an array)");
    if (const Json* const resize = object.find("resize")) input.resize = extents(*resize, {1, 0}, place + "'resize'");
    if (const Json* const crop = object.find("crop")) input.crop = extents(*crop, {1, 1}, place + "'crop'");
    if (const Json* const channels = object.find("channels")) input.channels = channel_order(*channels, place);
    return input;
  }

  /// [height, width], or one number, which is multiplied with `alone`.
  NUQ_FUNCTION [[nodiscard]] ImageExtents extents(const Json& value, const ImageExtents& alone,
                                                  const std::string& place) const {
    constexpr std::int64_t largest = 65535;
    const auto is_extent = [](const Json& number) {
      return number.is_integer() && number.integer() >= 1 && number.integer() <= largest;
    };
    if (is_extent(value)) {
      const auto extent = static_cast<std::size_t>(value.integer());
      return {extent * alone.height, extent * alone.width};
    }
    if (!value.is_array() || value.size() != 2 || !is_extent(value[0]) || !is_extent(value[1]))
      refuse_value(place, value, "a number of pixels or [height, width], at most 65535");
    return {static_cast<std::size_t>(value[0].integer()), static_cast<std::size_t>(value[1].integer())};
  }

  NUQ_FUNCTION [[nodiscard]] ChannelOrder channel_order(const Json& value, const std::string& place) const {
    if (value.is_string("bgr")) return ChannelOrder::bgr;
    if (value.is_string("rgb")) return ChannelOrder::rgb;
    if (value.is_string("gray")) return ChannelOrder::gray;
    refuse_value(place + "'channels'", value, "bgr, rgb or gray");
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

  NUQ_FUNCTION [[nodiscard]] std::vector<float> numbers(const std::string& key) const {
    const Json* const value = find(key);
    if (value == nullptr) return {};
    const bool numbers = value->is_array() && !value->empty() &&
                         std::all_of(value->begin(), value->end(), [](const Json& number) { return is_float(number); });
    if (!numbers) refuse(key, "an array of one number per channel");
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
    refuse_value("key '" + key + "'", *object_.find(key), wanted);
  }
  NUQ_FUNCTION [[noreturn]] void refuse_value(const std::string& place, const Json& value,
                                              const std::string& wanted) const {
    fail(FormatError(ErrorCode::malformed_file,
                     file_ + ": " + place + ": got " + excerpt(value) + ", wanted " + wanted));
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
