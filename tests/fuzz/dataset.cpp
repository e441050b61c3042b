// A dataset's JSON file with the arrays of its inputs, its labels, its targets and its mean: all batches.

#include "nuq/dataset/dataset.hpp"
#include "nuq/dataset/description.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/io/array_file.hpp"
#include "target.hpp"

namespace {

/// Its output is its first input.
struct Wire {
  void set_input(const std::string&, const nuq::TensorView& tensor) {
    value = nuq::Tensor(tensor.shape, {tensor.values.begin(), tensor.values.end()});
  }
  void forward() {}
  [[nodiscard]] nuq::TensorView output(const std::string&) const { return value.view(); }

  nuq::Tensor value;
};

nuq::NumericArray array(std::string_view bytes) {
  return nuq::parse_array(std::string(bytes), "array.npy");
}

}  // namespace

NUQ_FUZZ_TARGET(dataset) {
  const std::vector<std::string_view> parts = parts_of(bytes, 5);
  const nuq::DatasetDescription description = nuq::parse_dataset_description(parts[0], "data.json");
  nuq::DatasetArrays arrays;
  for (const auto& [blob, name] : description.inputs) arrays.inputs[blob] = array(parts[1]);
  if (!parts[2].empty()) arrays.labels = array(parts[2]);
  if (!parts[3].empty()) arrays.targets = array(parts[3]);
  if (!parts[4].empty()) arrays.mean = array(parts[4]);
  nuq::Dataset data(description, arrays, "data.json");
  require(data.samples() >= 1 && data.batches() >= 1, "a dataset without samples");
  static_cast<void>(data.batch(data.batches() - 1));
  Wire wire;
  nuq::compare_with(wire, data);
  static_cast<void>(nuq::evaluate(wire, data));
}
