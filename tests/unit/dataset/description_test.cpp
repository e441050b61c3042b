#include "nuq/dataset/description.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace dataset_description_test {

using nlohmann::json;

const json classified = {{"inputs", {{"data", "images.npy"}}},
                         {"labels", "labels.npy"},
                         {"batch_size", 50},
                         {"output", "prob"},
                         {"metric", "top1"}};

nuq::DatasetDescription parse(const json& value) {
  return nuq::parse_dataset_description(value.dump(), "d.json");
}

std::string message_of(const json& value) {
  try {
    static_cast<void>(parse(value));
  } catch (const nuq::FormatError& error) {
    return error.what();
  }
  return "";
}

/// The message when `key` of a good description has another value.
std::string message_with(const std::string& key, const json& value) {
  json changed = classified;
  changed[key] = value;
  return message_of(changed);
}

std::string message_without(const std::string& key) {
  json changed = classified;
  changed.erase(key);
  return message_of(changed);
}

TEST_CASE("a description with all keys is read") {
  const nuq::DatasetDescription description = nuq::parse_dataset_description(R"({
    "inputs": {"data": "images.npy", "info": "info.npy"}, "labels": "labels.npy", "targets": "targets.npy", "first": 10,
    "count": 1000, "batch_size": 50, "scale": 0.00390625, "mean": [104, 117.5, 123], "output": "prob", "metric": "psnr", "peak": 255})",
                                                                             "x");
  CHECK(description.inputs == std::map<std::string, std::string>{{"data", "images.npy"}, {"info", "info.npy"}});
  CHECK(description.labels == "labels.npy");
  CHECK(description.targets == "targets.npy");
  CHECK(description.first == 10);
  CHECK(description.count == 1000U);
  CHECK(description.batch_size == 50);
  CHECK(description.scale == 0.00390625F);
  CHECK(description.mean == std::vector<float>{104.0F, 117.5F, 123.0F});
  CHECK(description.output == "prob");
  CHECK(description.metric == nuq::Metric::psnr);
  CHECK(description.peak == 255.0);
}

TEST_CASE("absent keys have their defaults") {
  const nuq::DatasetDescription description = parse({{"inputs", {{"data", "images.npy"}}}, {"batch_size", 1}});
  CHECK(description.first == 0);
  CHECK_FALSE(description.count);
  CHECK(description.scale == 1.0F);
  CHECK(description.mean.empty());
  CHECK(description.mean_file.empty());
  CHECK_FALSE(description.metric);
  CHECK(description.peak == 1.0);
}

TEST_CASE("every metric has a name") {
  json description = classified;
  description["targets"] = "targets.npy";
  for (const auto& [name, metric] :
       {std::pair{"top1", nuq::Metric::top1}, std::pair{"top5", nuq::Metric::top5},
        std::pair{"psnr", nuq::Metric::psnr}, std::pair{"agreement", nuq::Metric::agreement},
        std::pair{"kl", nuq::Metric::kl}, std::pair{"cosine", nuq::Metric::cosine}}) {
    description["metric"] = name;
    CHECK(parse(description).metric == metric);
  }
}

TEST_CASE("a wrong value is reported with file, key, value and what was wanted") {
  CHECK(message_with("batch_size", 0) ==
        "nuq: d.json: key 'batch_size': got 0, wanted a whole number from 1 to 2147483647");
  CHECK(message_with("batch_size", 2.5).find("got 2.5, wanted a whole number") != std::string::npos);
  CHECK(message_with("batch_size", "50").find("got \"50\", wanted a whole number") != std::string::npos);
  CHECK(message_with("first", -1).find("key 'first': got -1, wanted a whole number from 0") != std::string::npos);
  CHECK(message_with("count", 0).find("key 'count': got 0, wanted a whole number from 1") != std::string::npos);
  CHECK(message_with("count", 18446744073709551615U).find("key 'count'") != std::string::npos);
  CHECK(message_with("scale", 0).find("key 'scale': got 0, wanted a number other than 0") != std::string::npos);
  CHECK(message_with("scale", 1e-60).find("key 'scale'") != std::string::npos);
  CHECK(message_with("scale", 1e60).find("key 'scale': got 1e+60, wanted a number within float's range") !=
        std::string::npos);
  CHECK(message_with("mean", 104).find("key 'mean': got 104, wanted an array") != std::string::npos);
  CHECK(message_with("mean", json::array()).find("key 'mean'") != std::string::npos);
  CHECK(message_with("mean", {1, "2"}).find("key 'mean'") != std::string::npos);
  CHECK(message_with("mean_file", true).find("key 'mean_file': got true, wanted a name") != std::string::npos);
  CHECK(message_with("labels", "").find("key 'labels': got \"\", wanted a name") != std::string::npos);
  CHECK(message_with("output", 1).find("key 'output'") != std::string::npos);
  CHECK(message_with("metric", "top2")
            .find("key 'metric': got \"top2\", wanted top1, top5, psnr, agreement, kl or cosine") != std::string::npos);
  CHECK(message_with("peak", 0).find("key 'peak': got 0, wanted a number greater than 0") != std::string::npos);
  CHECK(message_with("inputs", "images.npy").find("key 'inputs': got \"images.npy\", wanted an object") !=
        std::string::npos);
  CHECK(message_with("inputs", json::object()).find("key 'inputs'") != std::string::npos);
  CHECK(message_with("inputs", {{"data", 1}}).find("wanted a file name for each blob") != std::string::npos);
  CHECK(message_with("inputs", std::string(1000, 'x')).size() < 300);
}

TEST_CASE("unknown keys are refused, also where only the case differs") {
  CHECK(message_with("batchsize", 1) == "nuq: d.json: unknown key 'batchsize'");
  CHECK(message_with("Metric", "top1") == "nuq: d.json: unknown key 'Metric'");
}

TEST_CASE("missing keys are named with who needs them") {
  CHECK(message_without("inputs") == "nuq: d.json: key 'inputs' is missing");
  CHECK(message_without("batch_size") == "nuq: d.json: key 'batch_size' is missing");
  CHECK(message_without("output") == "nuq: d.json: key 'output' is missing, which the metric is about");
  CHECK(message_without("labels") == "nuq: d.json: key 'labels' is missing, which the metric needs");
  CHECK(message_with("metric", "top5").empty());
  CHECK(message_with("metric", "psnr") == "nuq: d.json: key 'targets' is missing, which the metric needs");
  for (const char* const metric : {"agreement", "kl", "cosine"}) CHECK(message_with("metric", metric).empty());
}

TEST_CASE("an input may be image files") {
  const nuq::DatasetDescription description =
      parse({{"inputs",
              {{"data", {{"images", "list.txt"}, {"resize", 256}, {"crop", {224, 192}}, {"channels", "rgb"}}},
               {"small", {{"images", "folder"}, {"resize", {30, 40}}, {"crop", 24}}},
               {"plain", "plain.npy"}}},
             {"std", {0.25, 0.5, 1}},
             {"batch_size", 1}});
  CHECK(description.inputs == std::map<std::string, std::string>{{"plain", "plain.npy"}});
  REQUIRE(description.images.size() == 2);
  const nuq::ImageInput& data = description.images[0];
  CHECK(data.blob == "data");
  CHECK(data.files == "list.txt");
  CHECK(data.resize.height == 256);
  CHECK(data.resize.width == 0);
  CHECK(data.crop.height == 224);
  CHECK(data.crop.width == 192);
  CHECK(data.channels == nuq::ChannelOrder::rgb);
  const nuq::ImageInput& small = description.images[1];
  CHECK(small.blob == "small");
  CHECK(small.resize.width == 40);
  CHECK(small.crop.width == 24);
  CHECK(small.channels == nuq::ChannelOrder::bgr);
  CHECK(description.deviation == std::vector<float>{0.25F, 0.5F, 1.0F});

  const auto message_of_image = [](const std::string& key, const json& value) {
    json image = {{"images", "list.txt"}};
    image[key] = value;
    return message_with("inputs", {{"data", image}});
  };
  const std::string place = "nuq: d.json: input 'data': ";
  CHECK(message_of_image("mean", 1) == place + "unknown key 'mean'");
  CHECK(message_of_image("images", 1).find("wanted {\"images\": ") != std::string::npos);
  for (const json& wrong : {json(0), json(-1), json(1.5), json({1, 2, 3}), json({1}), json("28"), json(65536)}) {
    CHECK(message_of_image("crop", wrong).find(place + "'crop': got ") == 0);
    CHECK(message_of_image("resize", wrong).find("wanted a number of pixels or [height, width]") != std::string::npos);
  }
  CHECK(message_of_image("channels", "BGR") == place + "'channels': got \"BGR\", wanted bgr, rgb or gray");
  CHECK(message_with("std", {0.5, 0}).find("key 'std': got [0.5,0], wanted numbers greater than 0") !=
        std::string::npos);
  CHECK(message_with("std", 2).find("wanted an array of one number per channel") != std::string::npos);
}

TEST_CASE("two kinds of mean exclude each other") {
  json description = classified;
  description["mean"] = {1};
  description["mean_file"] = "mean.npy";
  CHECK(message_of(description).find("key 'mean_file': got \"mean.npy\", wanted either 'mean' or 'mean_file'") !=
        std::string::npos);
}

TEST_CASE("anything but a JSON object is refused") {
  CHECK(message_of(json::array()) == "nuq: d.json: wanted a JSON object");
  CHECK_THROWS_AS(static_cast<void>(nuq::parse_dataset_description("", "d.json")), nuq::FormatError);
  CHECK_THROWS_AS(static_cast<void>(nuq::parse_dataset_description(R"({"first": 0, "first": 1})", "d.json")),
                  nuq::FormatError);
}

}  // namespace dataset_description_test
