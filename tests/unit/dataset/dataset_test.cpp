#include "nuq/dataset/dataset.hpp"
#include "nuq/io/npy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace dataset_dataset_test {

using namespace std::string_literals;

/// uint8 elements 0, 1, 2, …
nuq::NumericArray counting(const nuq::Shape& shape) {
  nuq::NumericArray array{nuq::NumericType::uint8, shape, {}};
  for (std::size_t index = 0; index < nuq::element_count(shape); ++index) array.bytes += static_cast<char>(index % 256);
  return array;
}

nuq::NumericArray floats(const nuq::Shape& shape, const std::vector<float>& values) {
  return nuq::parse_npy(nuq::npy_bytes(nuq::Tensor(shape, values).view()), "x");
}

nuq::DatasetDescription batches_of(std::size_t batch_size) {
  nuq::DatasetDescription description;
  description.batch_size = batch_size;
  return description;
}

nuq::Dataset make(const nuq::DatasetDescription& description, const nuq::NumericArray& input) {
  return nuq::Dataset(description, {{{"data", input}}, {}, {}, {}}, "d.json");
}

std::string message_of(const nuq::DatasetDescription& description, const nuq::DatasetArrays& arrays) {
  try {
    const nuq::Dataset dataset(description, arrays, "d.json");
  } catch (const nuq::FormatError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("samples come in batches of which the last may be smaller") {
  const nuq::Dataset dataset = make(batches_of(2), counting({5, 1, 1, 3}));
  CHECK(dataset.samples() == 5);
  CHECK(dataset.batches() == 3);
  CHECK(dataset.samples(1) == 2);
  CHECK(dataset.samples(2) == 1);
  CHECK(dataset.batch("data", 1).shape == nuq::Shape{2, 1, 1, 3});
  CHECK(dataset.batch("data", 1).values == std::vector<float>{6, 7, 8, 9, 10, 11});
  CHECK(dataset.batch("data", 2).shape == nuq::Shape{1, 1, 1, 3});
  CHECK(dataset.batch("data", 2).values == std::vector<float>{12, 13, 14});
}

TEST_CASE("only the samples asked for are taken") {
  nuq::DatasetDescription description = batches_of(10);
  description.first = 1;
  description.count = 2;
  CHECK(make(description, counting({5, 1, 1, 2})).batch("data", 0).values == std::vector<float>{2, 3, 4, 5});
  description.count.reset();
  CHECK(make(description, counting({5, 1, 1, 2})).samples() == 4);
}

TEST_CASE("a limit keeps the first samples and never adds any") {
  nuq::Dataset dataset = make(batches_of(2), counting({5, 1}));
  dataset.limit(9);
  CHECK(dataset.samples() == 5);
  dataset.limit(3);
  CHECK(dataset.samples() == 3);
  CHECK(dataset.batches() == 2);
  CHECK(dataset.batch("data", 1).values == std::vector<float>{2});
}

TEST_CASE("arrays of images without channels have one; other ranks stay as they are") {
  CHECK(make(batches_of(2), counting({2, 3, 4})).batch("data", 0).shape == nuq::Shape{2, 1, 3, 4});
  CHECK(make(batches_of(2), counting({2, 3})).batch("data", 0).shape == nuq::Shape{2, 3});
}

TEST_CASE("arrays of three axes are lines for a network that declares its input so") {
  nuq::DatasetDescription description = batches_of(2);
  description.mean = {1, 10};
  const nuq::Dataset dataset = make(description, counting({2, 2, 3}));
  const nuq::Tensor lines = dataset.batch("data", 0, {1, 2, 3});
  CHECK(lines.shape == nuq::Shape{2, 2, 3});
  CHECK(lines.values == std::vector<float>{-1, 0, 1, -7, -6, -5, 5, 6, 7, -1, 0, 1});
  CHECK(dataset.batch(0, {{"data", {1, 2, 3}}}).at("data").shape == nuq::Shape{2, 2, 3});
  CHECK_THROWS_WITH_AS(static_cast<void>(dataset.batch(0)),
                       "nuq: d.json: key 'mean': 2 values, blob 'data' has 1 channels", nuq::FormatError);

  const nuq::Dataset images = make(batches_of(2), counting({2, 2, 3}));
  CHECK(images.batch(0, {{"other", {1, 2, 3}}}).at("data").shape == nuq::Shape{2, 1, 2, 3});
  CHECK(images.batch(0, {{"data", {1, 1, 2, 3}}}).at("data").shape == nuq::Shape{2, 1, 2, 3});
}

TEST_CASE("volumes have their channels along axis 1") {
  nuq::DatasetDescription description = batches_of(1);
  description.mean = {0, 4};
  const nuq::Tensor volume = make(description, counting({1, 2, 1, 2, 2})).batch("data", 0, {1, 2, 1, 2, 2});
  CHECK(volume.shape == nuq::Shape{1, 2, 1, 2, 2});
  CHECK(volume.values == std::vector<float>{0, 1, 2, 3, 0, 1, 2, 3});
}

TEST_CASE("a value is (x - mean) * scale, each step in float") {
  nuq::DatasetDescription description = batches_of(3);
  description.scale = 1.0F / 255.0F;
  description.mean = {0.1F, 117.3F};
  const nuq::Tensor batch = make(description, counting({3, 2, 2, 2})).batch("data", 0);
  for (std::size_t index = 0; index < batch.values.size(); ++index) {
    const volatile float centred = static_cast<float>(index) - (index / 4 % 2 == 0 ? 0.1F : 117.3F);
    const volatile float scaled = centred * (1.0F / 255.0F);
    CHECK(batch.values[index] == scaled);
  }
}

TEST_CASE("one mean value serves all channels") {
  nuq::DatasetDescription description = batches_of(1);
  description.mean = {1.0F};
  CHECK(make(description, counting({1, 2, 1, 2})).batch("data", 0).values == std::vector<float>{-1, 0, 1, 2});
}

TEST_CASE("a mean array is subtracted from every sample, whatever its leading ones") {
  for (const nuq::Shape& shape : {nuq::Shape{1, 2, 2}, nuq::Shape{2, 2}, nuq::Shape{1, 1, 2, 2}}) {
    const nuq::Dataset dataset(batches_of(2), {{{"data", counting({2, 2, 2})}}, floats(shape, {0.5F, 1, 2, 3}), {}, {}},
                               "x");
    CHECK(dataset.batch("data", 0).values == std::vector<float>{-0.5F, 0, 0, 0, 3.5F, 4, 4, 4});
  }
}

TEST_CASE("all element types are inputs") {
  CHECK(make(batches_of(2), floats({2, 1}, {0.25F, -3e38F})).batch("data", 0).values ==
        std::vector<float>{0.25F, -3e38F});
  const nuq::NumericArray signed_bytes{nuq::NumericType::int8, {2, 1}, "\x80\x7f"s};
  CHECK(make(batches_of(2), signed_bytes).batch("data", 0).values == std::vector<float>{-128.0F, 127.0F});
}

TEST_CASE("several inputs are batched together") {
  const nuq::Dataset dataset(batches_of(1), {{{"a", counting({2, 1})}, {"b", counting({2, 3})}}, {}, {}, {}}, "x");
  const std::map<std::string, nuq::Tensor> batch = dataset.batch(1);
  CHECK(batch.size() == 2);
  CHECK(batch.at("a").values == std::vector<float>{1});
  CHECK(batch.at("b").values == std::vector<float>{3, 4, 5});
}

TEST_CASE("labels and targets go with their samples") {
  nuq::DatasetDescription description = batches_of(2);
  description.first = 1;
  const nuq::Dataset dataset(description, {{{"data", counting({4, 1})}}, {}, counting({4, 1}), counting({4, 2})}, "x");
  CHECK(std::vector<std::int64_t>(dataset.labels(0).begin(), dataset.labels(0).end()) ==
        std::vector<std::int64_t>{1, 2});
  CHECK(std::vector<std::int64_t>(dataset.labels(1).begin(), dataset.labels(1).end()) == std::vector<std::int64_t>{3});
  CHECK(dataset.targets(1).values == std::vector<float>{6, 7});
}

TEST_CASE("labels may be given later, for as many samples as there are predictions") {
  nuq::Dataset dataset = make(batches_of(2), counting({4, 1}));
  CHECK_THROWS_WITH_AS(static_cast<void>(dataset.labels(0)), "nuq: d.json: no labels for batch 0",
                       nuq::EvaluationError);
  dataset.set_labels({7, 8});
  CHECK(dataset.labels(0)[1] == 8);
  CHECK_THROWS_AS(static_cast<void>(dataset.labels(1)), nuq::EvaluationError);
  CHECK_THROWS_AS(static_cast<void>(dataset.targets(0)), nuq::EvaluationError);
}

TEST_CASE("blobs and batches that do not exist are named") {
  const nuq::Dataset dataset = make(batches_of(2), counting({4, 1}));
  CHECK_THROWS_WITH_AS(static_cast<void>(dataset.batch("image", 0)), "nuq: d.json: no input for blob 'image'",
                       nuq::ConfigError);
  CHECK_THROWS_WITH_AS(static_cast<void>(dataset.batch("data", 2)), "nuq: d.json: batch 2, the dataset has 2",
                       nuq::ConfigError);
  CHECK_THROWS_AS(static_cast<void>(dataset.batch(-1)), nuq::ConfigError);
}

TEST_CASE("samples beyond the arrays are refused") {
  nuq::DatasetDescription description = batches_of(1);
  const nuq::DatasetArrays arrays{{{"data", counting({4, 1})}}, {}, {}, {}};
  description.count = 5;
  CHECK(message_of(description, arrays) == "nuq: d.json: samples 0 to 5: are wanted, the arrays hold 4");
  description.first = 2;
  description.count = 3;
  CHECK_FALSE(message_of(description, arrays).empty());
  description.first = 4;
  description.count.reset();
  CHECK_FALSE(message_of(description, arrays).empty());
}

TEST_CASE("arrays that do not fit together are refused") {
  const nuq::DatasetDescription plain = batches_of(1);
  const nuq::NumericArray input = counting({4, 2, 1, 3});
  CHECK(message_of(plain, {{{"data", input}}, {}, counting({3}), {}}) ==
        "nuq: d.json: labels: shape [3], the first input holds 4 samples");
  CHECK(message_of(plain, {{{"data", input}}, {}, counting({4, 2}), {}}).find("wanted one per sample") !=
        std::string::npos);
  CHECK(message_of(plain, {{{"data", input}}, {}, floats({4}, {0, 1, 2, 3}), {}}).find("wanted integers") !=
        std::string::npos);
  CHECK(message_of(plain, {{{"data", input}}, {}, {}, counting({5, 1})}).find("targets: shape [5,1]") !=
        std::string::npos);
  CHECK(message_of(plain, {{{"a", input}, {"b", counting({5, 1})}}, {}, {}, {}}).find("input 'b': shape [5,1]") !=
        std::string::npos);
  CHECK(message_of(plain, {{{"data", input}}, counting({2, 3}), {}, {}}) ==
        "nuq: d.json: mean_file: shape [2,3], a sample of 'data' has [2,1,3]");
  CHECK(message_of(plain, {{{"data", counting({})}}, {}, {}, {}}).find("the arrays hold 0") != std::string::npos);
  CHECK(message_of(plain, {{{"data", counting({4, 0})}}, {}, {}, {}}).find("has no elements") != std::string::npos);
  CHECK(message_of(plain, {}).find("inputs: none given") != std::string::npos);
  CHECK(message_of(batches_of(0), {{{"data", input}}, {}, {}, {}}).find("batch_size: 0") != std::string::npos);

  nuq::DatasetDescription three_channels = plain;
  three_channels.mean = {1, 2, 3};
  CHECK(message_of(three_channels, {{{"data", input}}, {}, {}, {}}) ==
        "nuq: d.json: key 'mean': 3 values, blob 'data' has 2 channels");
}

TEST_CASE("a mean that is not finite is refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(message_of(batches_of(1), {{{"data", counting({1, 2})}}, floats({2}, {0, nan}), {}, {}}).find("NaN") !=
        std::string::npos);
}

TEST_CASE("a dataset is loaded with its files found beside the description") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "arrays");
  nuq::write_npy(folder / "arrays/images.npy", nuq::Tensor({2, 1, 1, 2}, {1, 2, 3, 4}).view());
  nuq::write_npy(folder / "mean.npy", nuq::Tensor({1, 1, 2}, {1, 1}).view());
  folder.write("labels-idx1-ubyte", "\0\0\x08\x01\0\0\0\x02\x05\x06"s);
  const std::string path =
      folder.write("d.json", R"({"inputs": {"data": "arrays/images.npy"}, "labels": "labels-idx1-ubyte",
      "mean_file": "mean.npy", "scale": 2, "batch_size": 2, "output": "prob", "metric": "top1"})");
  const nuq::Dataset dataset = nuq::load_dataset(path);
  CHECK(dataset.file() == path);
  CHECK(dataset.batch("data", 0).values == std::vector<float>{0, 2, 4, 6});
  CHECK(dataset.labels(0)[1] == 6);
}

TEST_CASE("an absolute file name is taken as it is, and files of other metrics are not read") {
  const TemporaryFolder folder;
  nuq::write_npy(folder / "t.npy", nuq::Tensor({1, 2}, {1, 2}).view());
  const std::string path = folder.write(
      "d.json", R"({"inputs": {"data": ")" + (folder / "t.npy") + R"("}, "targets": "t.npy", "labels": "absent.npy",
      "batch_size": 1, "output": "out", "metric": "psnr"})");
  CHECK(nuq::load_dataset(path).targets(0).values == std::vector<float>{1, 2});
}

TEST_CASE("a missing or broken file of a dataset is named") {
  const TemporaryFolder folder;
  const std::string path = folder.write("d.json", R"({"inputs": {"data": "images.npy"}, "batch_size": 1})");
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::load_dataset(path)),
                       ("nuq: " + (folder / "images.npy") + ": cannot read: No such file or directory").c_str(),
                       nuq::FormatError);
  folder.write("images.npy", "no array");
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::load_dataset(path)),
                       ("nuq: " + (folder / "images.npy") + ": neither an npy nor an idx file").c_str(),
                       nuq::FormatError);
  CHECK_THROWS_AS(static_cast<void>(nuq::load_dataset(folder / "absent.json")), nuq::FormatError);
}

TEST_CASE("the user's file reader gives the bytes of the arrays") {
  struct Reversed {
    std::string read(const std::string& path) const {
      const std::string bytes = nuq::PlainFileReader{}.read(path);
      return {bytes.rbegin(), bytes.rend()};
    }
  };
  const TemporaryFolder folder;
  const std::string bytes = "\0\0\x08\x01\0\0\0\x01\x2a"s;
  folder.write("backwards", std::string(bytes.rbegin(), bytes.rend()));
  const std::string path = folder.write("d.json", R"({"inputs": {"data": "backwards"}, "batch_size": 1})");
  CHECK(nuq::load_dataset(path, Reversed{}).batch("data", 0).values == std::vector<float>{42});
}

TEST_CASE("a dataset's files are those that loading it reads, and its digest is of their content") {
  const TemporaryFolder folder;
  folder.write("x.npy", "x");
  folder.write("y.npy", "y");
  const std::string path = folder.write("d.json", R"({"inputs": {"data": "x.npy"}, "labels": "y.npy",
    "targets": "none", "mean_file": "x.npy", "batch_size": 1, "output": "prob", "metric": "top1"})");
  CHECK(nuq::dataset_files(path) ==
        std::vector<std::string>{path, folder / "x.npy", folder / "x.npy", folder / "y.npy"});
  const std::string digest = nuq::sha256_of_dataset(path);
  folder.write("y.npy", "z");
  CHECK(nuq::sha256_of_dataset(path) != digest);
  folder.write("y.npy", "y");
  CHECK(nuq::sha256_of_dataset(path) == digest);
}

/// The bytes of a file are its pixels: a channel for each line.
struct LinesAsChannels {
  nuq::NumericArray decode(std::string_view bytes, const std::string& file, const nuq::ImageInput& wanted,
                           const nuq::ResourceLimits&) const {
    decoded.push_back(file);
    const auto channels = static_cast<std::int64_t>(std::count(bytes.begin(), bytes.end(), '\n') + 1);
    const auto width = static_cast<std::int64_t>(bytes.find('\n'));
    std::string pixels(bytes);
    pixels.erase(std::remove(pixels.begin(), pixels.end(), '\n'), pixels.end());
    if (wanted.channels == nuq::ChannelOrder::rgb) std::reverse(pixels.begin(), pixels.end());
    return {nuq::NumericType::uint8, {channels, 1, width}, pixels};
  }
  mutable std::vector<std::string> decoded;
};

TEST_CASE("images are decoded, those that count alone, and what stands beside them is cut alike") {
  const TemporaryFolder folder;
  for (const std::string name : {"a", "b", "c", "d"}) folder.write(name + ".png", name + "1\n" + name + "2");
  folder.write("list.txt", "d.png\nb.png\na.png\nc.png\n");
  folder.write("labels.txt", "a.png 10\nb.png 11\nc.png 12\nd.png 13\n");
  nuq::write_npy(folder / "more.npy", nuq::Tensor({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}).view());
  const auto load = [&folder](const std::string& input, const std::string& rest, const LinesAsChannels& images) {
    folder.write("d.json", R"({"inputs": {"data": )" + input +
                               R"(, "more": "more.npy"}, "labels": "labels.txt", "batch_size": 2,
        "output": "prob", "metric": "top1")" +
                               rest + "}");
    return nuq::load_dataset(folder / "d.json", nuq::PlainFileReader{}, images);
  };
  const LinesAsChannels images;
  const nuq::Dataset dataset = load(R"({"images": "list.txt"})", R"(, "first": 1, "count": 2)", images);
  CHECK(images.decoded == std::vector<std::string>{folder / "b.png", folder / "a.png"});
  CHECK(dataset.samples() == 2);
  const nuq::Tensor batch = dataset.batch("data", 0);
  CHECK(batch.shape == nuq::Shape{2, 2, 1, 2});
  CHECK(batch.values == std::vector<float>{'b', '1', 'b', '2', 'a', '1', 'a', '2'});
  CHECK(dataset.batch("more", 0).values == std::vector<float>{3, 4, 5, 6});
  CHECK(dataset.labels(0)[0] == 11);
  CHECK(dataset.labels(0)[1] == 10);
  CHECK(nuq::dataset_files(folder / "d.json") == std::vector<std::string>{folder / "d.json", folder / "more.npy",
                                                                          folder / "list.txt", folder / "b.png",
                                                                          folder / "a.png", folder / "labels.txt"});

  const nuq::Dataset of_folder =
      load(R"({"images": ".", "channels": "rgb"})", R"(, "mean": [49, 50], "std": [2, 4])", images);
  CHECK(of_folder.samples() == 4);
  CHECK(of_folder.labels(1)[1] == 13);
  const std::vector<float> reversed = {('2' - 49) / 2.0F, ('c' - 49) / 2.0F, ('1' - 50) / 4.0F, ('c' - 50) / 4.0F};
  const nuq::Tensor last = of_folder.batch("data", 1);
  CHECK(std::vector<float>(last.values.begin(), last.values.begin() + 4) == reversed);

  const auto problem_of = [&](const std::string& input, const std::string& rest) {
    return error_of<nuq::FormatError>([&] { static_cast<void>(load(input, rest, images)); });
  };
  const std::string list = R"({"images": "list.txt"})";
  CHECK(problem_of(list, R"(, "first": 3, "count": 2)").says("samples 3 to 5 are wanted, there are 4 images"));
  CHECK(problem_of(list, R"(, "std": [1, 2, 3])").says("key 'std': 3 values, blob 'data' has 2 channels"));
  folder.write("a.png", "a10\na20");
  CHECK(problem_of(list, "").says("a.png: an image of shape [2,1,3], the first one has [2,1,2], wanted 'resize'"));
  folder.write("labels.txt", "1\n2\n3\n");
  CHECK(problem_of(list, R"(, "count": 1)").says("labels.txt: holds 3 labels, there are 4 images"));
  nuq::write_npy(folder / "more.npy", nuq::Tensor({3, 1}, {1, 2, 3}).view());
  CHECK(problem_of(list, R"(, "count": 1)").says("input 'more': shape [3,1], there are 4 images"));
}

TEST_CASE("labels of arrays may stand in a text, too, and images need a decoder") {
  const TemporaryFolder folder;
  nuq::write_npy(folder / "x.npy", nuq::Tensor({2, 1}, {1, 2}).view());
  folder.write("labels.txt", "7\n8");
  const std::string path = folder.write("d.json", R"({"inputs": {"data": "x.npy"}, "labels": "labels.txt",
      "batch_size": 2, "output": "prob", "metric": "top1"})");
  CHECK(nuq::load_dataset(path).labels(0)[1] == 8);
  folder.write("labels.txt", "a 7\nb 8");
  CHECK(error_of<nuq::FormatError>([&] { static_cast<void>(nuq::load_dataset(path)); }).says("names samples ('a')"));

  folder.write("p.png", "x");
  const std::string images = folder.write("i.json", R"({"inputs": {"data": {"images": "."}}, "batch_size": 2})");
  CHECK(error_of<nuq::FormatError>([&] {
          static_cast<void>(nuq::load_dataset(images));
        }).says("p.png: this program reads no image files"));
}

TEST_CASE("values that are no finite float are refused with array, sample and value") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  nuq::DatasetDescription description = batches_of(2);
  description.inputs["data"] = "images.npy";
  description.targets = "targets.npy";
  const auto with_inputs = [&](const nuq::NumericArray& input) {
    return message_of(description, {{{"data", input}}, {}, {}, {}});
  };
  const std::string place = "nuq: d.json: input 'data' (images.npy): sample ";
  const std::string wanted = ", wanted a finite number within float's range";
  CHECK(with_inputs(floats({3, 2}, {1, 2, 3, nan, nan, 6})) == place + "1 holds nan" + wanted);
  CHECK(with_inputs(floats({3, 2}, {1, 2, 3, 4, -infinity, 6})) == place + "2 holds -inf" + wanted);
  const double large = 1e300;
  nuq::NumericArray doubles{nuq::NumericType::float64, {1, 1}, std::string(8, '\0')};
  std::memcpy(doubles.bytes.data(), &large, sizeof large);
  CHECK(with_inputs(doubles) == place + "0 holds 1e+300" + wanted);
  CHECK(message_of(description, {{{"data", counting({2, 1})}}, {}, {}, floats({2, 1}, {0, infinity})}) ==
        "nuq: d.json: targets (targets.npy): sample 1 holds inf" + wanted);

  description.first = 2;  // those left out may hold anything, and are counted
  CHECK(with_inputs(floats({3, 2}, {nan, 2, 3, nan, 5, 6})).empty());
  CHECK(with_inputs(floats({4, 2}, {1, 2, 3, 4, 5, 6, 7, nan})) == place + "3 holds nan" + wanted);
  CHECK(with_inputs(floats({3, 1}, {1, 2, std::numeric_limits<float>::max()})).empty());
}

}  // namespace dataset_dataset_test
