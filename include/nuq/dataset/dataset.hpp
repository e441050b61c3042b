#ifndef NUQ_DATASET_DATASET_HPP
#define NUQ_DATASET_DATASET_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/dataset/description.hpp"
#include "nuq/dataset/file_reader.hpp"
#include "nuq/dataset/image_input.hpp"
#include "nuq/dataset/metric.hpp"
#include "nuq/graph/input_shapes.hpp"
#include "nuq/io/numeric_array.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The arrays a dataset's description names. The first axis of all but `mean` counts the samples.
struct DatasetArrays {
  std::map<std::string, NumericArray> inputs;  ///< by blob
  std::optional<NumericArray> mean;
  std::optional<NumericArray> labels;
  std::optional<NumericArray> targets;
};

/// Samples in batches, as a network takes them, with what they are judged by. Arrays are kept as stored and converted
/// batch by batch. The last batch may be smaller than the others.
class Dataset {
 public:
  /// Keeps the samples that the description asks for. `file` is only named in messages.
  /// Throws FormatError where an array does not fit the description or the other arrays, or where a sample of an input
  /// or a target holds no finite float.
  NUQ_FUNCTION Dataset(DatasetDescription description, DatasetArrays arrays, std::string file);

  [[nodiscard]] const DatasetDescription& description() const noexcept { return description_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] std::size_t samples() const noexcept { return samples_; }
  NUQ_FUNCTION [[nodiscard]] int batches() const noexcept;
  /// Number of samples in a batch.
  NUQ_FUNCTION [[nodiscard]] std::size_t samples(int batch) const { return range(batch).count; }

  /// What a blob is fed with: (x − mean)·scale / std in float, in the array's shape, of which axis 1 is the channels.
  /// An array of three axes is [N, C, L] where the network declares the blob with three, and otherwise holds images [N,
  /// H, W] of one channel, which become [N, 1, H, W]. Throws ConfigError: no such blob or batch; FormatError: `mean` or
  /// `std` has not a value for each channel.
  NUQ_FUNCTION [[nodiscard]] Tensor batch(const std::string& blob, int index, const Shape& declared = {}) const;
  /// All inputs of a batch, by blob, for a network that declares its inputs so.
  NUQ_FUNCTION [[nodiscard]] std::map<std::string, Tensor> batch(int index, const InputShapes& declared = {}) const;

  /// One label per sample of a batch. Throws EvaluationError where there are none.
  NUQ_FUNCTION [[nodiscard]] ArrayView<const std::int64_t> labels(int index) const;
  /// The wanted outputs of a batch. Throws EvaluationError where there are none.
  NUQ_FUNCTION [[nodiscard]] Tensor targets(int index) const;

  /// Makes `labels` what the samples are compared with from now on, first sample first: the original network's
  /// predictions (see `predictions`), where the metric is agreement.
  void set_labels(std::vector<std::int64_t> labels) { labels_ = std::move(labels); }

  /// All labels so far; none where the metric needs none.
  [[nodiscard]] ArrayView<const std::int64_t> labels() const noexcept { return labels_; }

  /// Takes the original network's outputs [samples × values], first sample first (see `judged_outputs`), where the
  /// metric is kl or cosine.
  void set_originals(Tensor outputs) { originals_ = std::move(outputs); }

  /// What `set_originals` was given; empty without.
  NUQ_FUNCTION [[nodiscard]] MatrixView<const float> originals() const noexcept;
  /// Those of a batch. Throws EvaluationError where there are none.
  NUQ_FUNCTION [[nodiscard]] MatrixView<const float> originals(int index) const;

  /// Forgets all but the first `samples` ≥ 1 samples, if there are more.
  NUQ_FUNCTION void limit(std::size_t samples) noexcept { samples_ = (std::min)(samples_, samples); }

 private:
  struct Range {
    std::size_t first;
    std::size_t count;
  };
  struct Input {
    NumericArray array;
    std::vector<float> mean;  // of `mean_file`: one value per value of a sample
  };

  NUQ_FUNCTION [[nodiscard]] Range range(int batch) const;

  /// Cuts all arrays down to the samples that count.
  NUQ_FUNCTION void take_samples(DatasetArrays& arrays);

  /// `what` is the array's name for messages.
  NUQ_FUNCTION void check_values(const NumericArray& array, const std::string& what) const;

  NUQ_FUNCTION [[nodiscard]] Input make_input(const std::string& blob, NumericArray array,
                                              const std::optional<NumericArray>& mean) const;

  /// The mean sample. Leading extents of 1 do not matter.
  NUQ_FUNCTION [[nodiscard]] std::vector<float> mean_of(const std::string& blob, const NumericArray& mean,
                                                        const Shape& sample) const;

  /// What `values`, of `key`, hold for the channel of each value of a sample [C, …]; `absent` where they are empty.
  NUQ_FUNCTION [[nodiscard]] std::vector<float> of_channels(const std::string& key, const std::vector<float>& values,
                                                            float absent, const std::string& blob,
                                                            const Shape& sample) const;

  NUQ_FUNCTION [[nodiscard]] std::vector<std::int64_t> integers_of(const NumericArray& labels) const;

  NUQ_FUNCTION [[noreturn]] void mismatch(const std::string& what, const std::string& problem) const;

  DatasetDescription description_;
  std::string file_;
  std::size_t samples_ = 0;
  std::map<std::string, Input> inputs_;
  std::vector<std::int64_t> labels_;
  std::optional<NumericArray> targets_;
  Tensor originals_;
};

namespace detail {

/// How a dataset's files are read.
struct DatasetReaders {
  std::function<std::string(const std::string& path)> read;  ///< returns a file's content
  std::function<NumericArray(const std::string& bytes, const std::string& file, const ImageInput&,
                             const ResourceLimits&)>
      decode;
};

NUQ_FUNCTION [[nodiscard]] Dataset load_dataset(const std::string& path, const DatasetReaders& readers);

}  // namespace detail

/// A dataset's JSON file and the arrays, lists and images that `load_dataset` reads for it. Throws FormatError for the
/// JSON file and the lists.
NUQ_FUNCTION [[nodiscard]] std::vector<std::string> dataset_files(const std::string& path);

/// SHA-256 of what a dataset's files hold, in hexadecimal: what a metric on it depends on. Throws FormatError.
NUQ_FUNCTION [[nodiscard]] std::string sha256_of_dataset(const std::string& path);

/// Reads a dataset's JSON file (see `parse_dataset_description`) and what it names, which is found relative to its
/// folder: arrays (.npy or IDX), image files, labels in a text. Labels and targets are read only where the metric needs
/// them, and no images but those that count. Throws FormatError.
template <class FileReader = PlainFileReader, class ImageDecoder = NoImages>
[[nodiscard]] Dataset load_dataset(const std::string& path, const FileReader& reader = {},
                                   const ImageDecoder& images = {}) {
  static_assert(is_file_reader_v<FileReader>,
                "[nuq] FileReader must provide: std::string read(const std::string& path) const");
  static_assert(is_image_decoder_v<ImageDecoder>,
                "[nuq] ImageDecoder must provide: NumericArray decode(std::string_view bytes, const std::string& file, "
                "const ImageInput&, const ResourceLimits&) const");
  return detail::load_dataset(
      path, {[&reader](const std::string& file) { return reader.read(file); },
             [&images](const std::string& bytes, const std::string& file, const ImageInput& wanted,
                       const ResourceLimits& limits) { return images.decode(bytes, file, wanted, limits); }});
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <algorithm>
#include <filesystem>

#include "nuq/core/finite.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/dataset/image_list.hpp"
#include "nuq/io/array_file.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/sha256.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The path of a file that a dataset's JSON file names.
NUQ_FUNCTION [[nodiscard]] inline std::string file_beside(const std::string& path, const std::string& name) {
  return (std::filesystem::path(path).parent_path() / name).string();
}

NUQ_FUNCTION [[nodiscard]] inline bool needs_labels(const DatasetDescription& description) noexcept {
  return description.metric == Metric::top1 || description.metric == Metric::top5;
}

/// The lists of a dataset's image inputs, of the images that count alone.
struct ImageLists {
  std::vector<ImageList> of_inputs;
  std::size_t all = 0;  ///< images listed
  std::size_t first = 0;
  std::size_t count = 0;  ///< those that count
};

NUQ_FUNCTION [[nodiscard]] inline ImageLists image_lists(const DatasetDescription& description,
                                                         const std::string& path) {
  ImageLists lists;
  const auto mismatch = [&path](const std::string& problem) {
    fail(FormatError(ErrorCode::size_mismatch, path + ": " + problem));
  };
  for (const ImageInput& input : description.images) {
    ImageList list = read_image_list(file_beside(path, input.files));
    if (lists.all != 0 && list.names.size() != lists.all) {
      mismatch("input '" + input.blob + "': " + std::to_string(list.names.size()) + " images, the first input has " +
               std::to_string(lists.all));
    }
    lists.all = list.names.size();
    lists.of_inputs.push_back(std::move(list));
  }
  lists.first = description.first;
  lists.count = description.count.value_or(lists.all - (std::min)(lists.all, lists.first));
  if (lists.count == 0 || lists.first >= lists.all || lists.count > lists.all - lists.first) {
    mismatch("samples " + std::to_string(lists.first) + " to " + std::to_string(lists.first + lists.count) +
             " are wanted, there are " + std::to_string(lists.all) + " images");
  }
  return lists;
}

/// Reads the files that a dataset's description names.
class DatasetLoader {
 public:
  NUQ_FUNCTION DatasetLoader(const std::string& path, const DatasetReaders& readers)
      : path_(path), readers_(readers), description_(parse_dataset_description(MappedFile(path).bytes(), path)) {}

  NUQ_FUNCTION [[nodiscard]] Dataset load() && {
    if (!description_.images.empty()) lists_ = image_lists(description_, path_);
    DatasetArrays arrays;
    for (const auto& [blob, name] : description_.inputs)
      arrays.inputs[blob] = samples(read_array(name), "input '" + blob + "'");
    if (!description_.mean_file.empty()) arrays.mean = read_array(description_.mean_file);
    if (needs_labels(description_)) arrays.labels = samples(read_labels(), "labels");
    if (description_.metric == Metric::psnr) arrays.targets = samples(read_array(description_.targets), "targets");
    for (std::size_t index = 0; index < lists_.of_inputs.size(); ++index) {
      const ImageInput& input = description_.images[index];
      arrays.inputs[input.blob] = read_images(lists_.of_inputs[index], input);
    }
    if (!description_.images.empty()) {
      description_.first = 0;
      description_.count = lists_.count;
    }
    return Dataset(std::move(description_), std::move(arrays), path_);
  }

 private:
  NUQ_FUNCTION [[nodiscard]] NumericArray read_array(const std::string& name) const {
    const std::string file = file_beside(path_, name);
    return parse_array(readers_.read(file), file);
  }

  /// What stands beside images is cut down to those that count.
  NUQ_FUNCTION [[nodiscard]] NumericArray samples(NumericArray array, const std::string& what) const {
    if (description_.images.empty()) return array;
    if (array.shape.empty() || static_cast<std::size_t>(array.shape[0]) != lists_.all || array.bytes.empty()) {
      fail(FormatError(ErrorCode::size_mismatch, path_ + ": " + what + ": shape " + to_string(array.shape) +
                                                     ", there are " + std::to_string(lists_.all) + " images"));
    }
    return entries_of(array, lists_.first, lists_.count);
  }

  /// An array, or a text.
  NUQ_FUNCTION [[nodiscard]] NumericArray read_labels() const {
    const std::string file = file_beside(path_, description_.labels);
    std::string bytes = readers_.read(file);
    if (bytes.find('\0') != std::string::npos) return parse_array(std::move(bytes), file);
    const std::vector<NamedLabel> labels = parse_labels(bytes, file);
    if (!lists_.of_inputs.empty()) return array_of_labels(labels_of(lists_.of_inputs.front(), labels, file));
    std::vector<std::int64_t> values;
    for (const NamedLabel& label : labels) {
      if (!label.name.empty()) {
        fail(FormatError(ErrorCode::malformed_file,
                         file + ": names samples ('" + label.name + "'), wanted a label alone on each line"));
      }
      values.push_back(label.label);
    }
    return array_of_labels(values);
  }

  NUQ_FUNCTION [[nodiscard]] static NumericArray array_of_labels(const std::vector<std::int64_t>& labels) {
    NumericArray array{NumericType::int64, {static_cast<std::int64_t>(labels.size())}, {}};
    for (const std::int64_t label : labels) {
      for (unsigned shift = 0; shift < 64; shift += 8)
        array.bytes += static_cast<char>(static_cast<std::uint64_t>(label) >> shift & 0xFFU);
    }
    return array;
  }

  NUQ_FUNCTION [[nodiscard]] NumericArray read_images(const ImageList& list, const ImageInput& wanted) const {
    const ResourceLimits limits = ResourceLimits::from_environment();
    NumericArray all;
    for (std::size_t index = lists_.first; index < lists_.first + lists_.count; ++index) {
      const std::string& file = list.paths[index];
      const NumericArray image = readers_.decode(readers_.read(file), file, wanted, limits);
      if (all.shape.empty()) {
        all = {image.type, image.shape, {}};
        limits.require_memory(lists_.count * std::uint64_t{image.bytes.size()},
                              path_ + ": " + std::to_string(lists_.count) + " images as " + list.paths[lists_.first]);
        all.bytes.reserve(lists_.count * image.bytes.size());
      }
      if (image.shape != all.shape) {
        fail(FormatError(ErrorCode::size_mismatch, file + ": an image of shape " + to_string(image.shape) +
                                                       ", the first one has " + to_string(all.shape) +
                                                       ", wanted 'resize' and 'crop' in " + path_));
      }
      all.bytes += image.bytes;
    }
    all.shape.insert(all.shape.begin(), static_cast<std::int64_t>(lists_.count));
    return all;
  }

  const std::string& path_;
  const DatasetReaders& readers_;
  DatasetDescription description_;
  ImageLists lists_;
};

NUQ_DEFINITION Dataset load_dataset(const std::string& path, const DatasetReaders& readers) {
  return DatasetLoader(path, readers).load();
}

}  // namespace detail

NUQ_DEFINITION std::vector<std::string> dataset_files(const std::string& path) {
  const DatasetDescription description = parse_dataset_description(MappedFile(path).bytes(), path);
  std::vector<std::string> files{path};
  for (const auto& [blob, name] : description.inputs) files.push_back(detail::file_beside(path, name));
  if (!description.images.empty()) {
    const detail::ImageLists lists = detail::image_lists(description, path);
    for (const ImageList& list : lists.of_inputs) {
      if (!list.file.empty()) files.push_back(list.file);
      for (std::size_t index = 0; index < lists.count; ++index) files.push_back(list.paths[lists.first + index]);
    }
  }
  if (!description.mean_file.empty()) files.push_back(detail::file_beside(path, description.mean_file));
  if (detail::needs_labels(description)) files.push_back(detail::file_beside(path, description.labels));
  if (description.metric == Metric::psnr) files.push_back(detail::file_beside(path, description.targets));
  return files;
}

NUQ_DEFINITION std::string sha256_of_dataset(const std::string& path) {
  std::string digests;
  for (const std::string& file : dataset_files(path)) digests += sha256_of_file(file);
  return sha256(digests);
}

NUQ_DEFINITION Dataset::Dataset(DatasetDescription description, DatasetArrays arrays, std::string file)
    : description_(std::move(description)), file_(std::move(file)) {
  take_samples(arrays);
  for (auto& [blob, array] : arrays.inputs) inputs_[blob] = make_input(blob, std::move(array), arrays.mean);
  if (arrays.labels) labels_ = integers_of(*arrays.labels);
  if (arrays.targets) check_values(*arrays.targets, "targets (" + description_.targets + ")");
  targets_ = std::move(arrays.targets);
}

NUQ_DEFINITION int Dataset::batches() const noexcept {
  return static_cast<int>((samples_ + description_.batch_size - 1) / description_.batch_size);
}

NUQ_DEFINITION Tensor Dataset::batch(const std::string& blob, int index, const Shape& declared) const {
  const auto found = inputs_.find(blob);
  if (found == inputs_.end()) {
    detail::fail(ConfigError(ErrorCode::unknown_name, file_ + ": no input for blob '" + blob + "'"));
  }
  const Range taken = range(index);
  const Input& input = found->second;
  Tensor tensor = to_tensor(entries_of(input.array, taken.first, taken.count));
  if (tensor.shape.size() == 3 && declared.size() != 3) tensor.shape.insert(tensor.shape.begin() + 1, 1);
  const Shape sample(tensor.shape.begin() + 1, tensor.shape.end());
  const std::vector<float> mean =
      input.mean.empty() ? of_channels("mean", description_.mean, 0.0F, blob, sample) : input.mean;
  for (std::size_t value = 0; value < tensor.values.size(); ++value)
    tensor.values[value] = (tensor.values[value] - mean[value % mean.size()]) * description_.scale;
  if (description_.deviation.empty()) return tensor;
  const std::vector<float> deviation = of_channels("std", description_.deviation, 1.0F, blob, sample);
  for (std::size_t value = 0; value < tensor.values.size(); ++value)
    tensor.values[value] /= deviation[value % deviation.size()];
  return tensor;
}

NUQ_DEFINITION std::map<std::string, Tensor> Dataset::batch(int index, const InputShapes& declared) const {
  std::map<std::string, Tensor> tensors;
  for (const auto& input : inputs_) {
    const auto shape = declared.find(input.first);
    tensors[input.first] = batch(input.first, index, shape == declared.end() ? Shape{} : shape->second);
  }
  return tensors;
}

NUQ_DEFINITION ArrayView<const std::int64_t> Dataset::labels(int index) const {
  const Range taken = range(index);
  if (labels_.size() < taken.first + taken.count) {
    detail::fail(EvaluationError(
        ErrorCode::evaluation_failed,
        file_ + ": no labels for batch " + std::to_string(index) +
            (description_.metric == Metric::agreement ? ", wanted the original network's predictions" : "")));
  }
  return {labels_.data() + taken.first, taken.count};
}

NUQ_DEFINITION Tensor Dataset::targets(int index) const {
  const Range taken = range(index);
  if (!targets_) detail::fail(EvaluationError(ErrorCode::evaluation_failed, file_ + ": no targets"));
  return to_tensor(entries_of(*targets_, taken.first, taken.count));
}

NUQ_DEFINITION MatrixView<const float> Dataset::originals() const noexcept {
  if (originals_.values.empty()) return {};
  const auto samples = static_cast<std::size_t>(originals_.shape[0]);
  return {originals_.values.data(), samples, originals_.values.size() / samples};
}

NUQ_DEFINITION MatrixView<const float> Dataset::originals(int index) const {
  const Range taken = range(index);
  const MatrixView<const float> all = originals();
  if (all.rows() < taken.first + taken.count) {
    detail::fail(EvaluationError(
        ErrorCode::evaluation_failed,
        file_ + ": no outputs for batch " + std::to_string(index) + ", wanted those of the original network"));
  }
  return {all.data() + taken.first * all.cols(), taken.count, all.cols()};
}

NUQ_DEFINITION Dataset::Range Dataset::range(int batch) const {
  if (batch < 0 || batch >= batches()) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, file_ + ": batch " + std::to_string(batch) +
                                                              ", the dataset has " + std::to_string(batches())));
  }
  const std::size_t first = static_cast<std::size_t>(batch) * description_.batch_size;
  return {first, (std::min)(description_.batch_size, samples_ - first)};
}

NUQ_DEFINITION void Dataset::take_samples(DatasetArrays& arrays) {
  if (arrays.inputs.empty()) mismatch("inputs", "none given");
  if (description_.batch_size == 0) mismatch("batch_size", "0, wanted at least 1");
  const NumericArray& leader = arrays.inputs.begin()->second;
  const std::size_t total = leader.shape.empty() ? 0 : static_cast<std::size_t>(leader.shape[0]);
  const std::size_t first = description_.first;
  samples_ = description_.count.value_or(total - (std::min)(total, first));
  if (samples_ == 0 || first >= total || samples_ > total - first) {
    mismatch("samples " + std::to_string(first) + " to " + std::to_string(first + samples_),
             "are wanted, the arrays hold " + std::to_string(total));
  }
  const auto take = [&](NumericArray& array, const std::string& what) {
    if (array.shape.empty() || static_cast<std::size_t>(array.shape[0]) != total) {
      mismatch(what,
               "shape " + to_string(array.shape) + ", the first input holds " + std::to_string(total) + " samples");
    }
    if (array.bytes.empty()) mismatch(what, "shape " + to_string(array.shape) + " has no elements");
    array = entries_of(array, first, samples_);
  };
  for (auto& [blob, array] : arrays.inputs) take(array, "input '" + blob + "'");
  if (arrays.labels) take(*arrays.labels, "labels");
  if (arrays.targets) take(*arrays.targets, "targets");
}

NUQ_DEFINITION void Dataset::check_values(const NumericArray& array, const std::string& what) const {
  const std::optional<NumericElement> found = first_beyond_float(array);
  if (!found) return;
  const std::size_t sample = description_.first + found->index / (element_count(array.shape) / samples_);
  detail::fail(FormatError(ErrorCode::non_finite_value, file_ + ": " + what + ": sample " + std::to_string(sample) +
                                                            " holds " + detail::number_text(found->value) +
                                                            ", wanted a finite number within float's range"));
}

NUQ_DEFINITION Dataset::Input Dataset::make_input(const std::string& blob, NumericArray array,
                                                  const std::optional<NumericArray>& mean) const {
  const auto name = description_.inputs.find(blob);
  const std::string file = name == description_.inputs.end() ? std::string() : " (" + name->second + ")";
  check_values(array, "input '" + blob + "'" + file);
  const Shape sample(array.shape.begin() + 1, array.shape.end());
  if (sample.size() != 2) {  // of two axes the network decides
    static_cast<void>(of_channels("mean", description_.mean, 0.0F, blob, sample));
    static_cast<void>(of_channels("std", description_.deviation, 1.0F, blob, sample));
  }
  std::vector<float> values;
  if (mean) values = mean_of(blob, *mean, sample);
  return {std::move(array), std::move(values)};
}

NUQ_DEFINITION std::vector<float> Dataset::mean_of(const std::string& blob, const NumericArray& mean,
                                                   const Shape& sample) const {
  const auto core = [](const Shape& shape) {
    return Shape(std::find_if(shape.begin(), shape.end(), [](std::int64_t extent) { return extent != 1; }),
                 shape.end());
  };
  if (core(mean.shape) != core(sample)) {
    mismatch("mean_file", "shape " + to_string(mean.shape) + ", a sample of '" + blob + "' has " + to_string(sample));
  }
  Tensor tensor = to_tensor(mean);
  if (!std::all_of(tensor.values.begin(), tensor.values.end(), [](float value) { return is_finite(value); })) {
    detail::fail(FormatError(ErrorCode::non_finite_value, file_ + ": mean_file: holds NaN or infinity"));
  }
  return std::move(tensor.values);
}

NUQ_DEFINITION std::vector<float> Dataset::of_channels(const std::string& key, const std::vector<float>& values,
                                                       float absent, const std::string& blob,
                                                       const Shape& sample) const {
  if (values.empty()) return std::vector<float>(element_count(sample), absent);
  const std::size_t channels = sample.empty() ? 1 : static_cast<std::size_t>(sample[0]);
  if (values.size() != 1 && values.size() != channels) {
    mismatch("key '" + key + "'", std::to_string(values.size()) + " values, blob '" + blob + "' has " +
                                      std::to_string(channels) + " channels");
  }
  std::vector<float> all(element_count(sample));
  const std::size_t channel_size = all.size() / channels;
  for (std::size_t value = 0; value < all.size(); ++value)
    all[value] = values[values.size() == 1 ? 0 : value / channel_size];
  return all;
}

NUQ_DEFINITION std::vector<std::int64_t> Dataset::integers_of(const NumericArray& labels) const {
  if (!is_integer(labels.type)) mismatch("labels", "floating-point numbers, wanted integers");
  if (element_count(labels.shape) != samples_) {
    mismatch("labels", "shape " + to_string(labels.shape) + ", wanted one per sample");
  }
  return to_integers(labels);
}

NUQ_DEFINITION void Dataset::mismatch(const std::string& what, const std::string& problem) const {
  detail::fail(FormatError(ErrorCode::size_mismatch, file_ + ": " + what + ": " + problem));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_DATASET_HPP
