#include "nuq/workflow/rate_point.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate_quantizer.hpp"
#include "nuq/report/report.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "tiny_network.hpp"
#include "written_network.hpp"

namespace workflow_rate_point_test {

/// Runs on a network of 12,000 weights, of 8 levels by its configuration.
struct Runs {
  TemporaryFolder folder;
  TinyNetwork network{folder, 32};
  nuq::StaticNuqOptions options;

  Runs() {
    nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 1, true,
                             folder.write("levels.cfg", "common_config { nuq_quantize { num_steps: 8 } }"));
    options.weights_only = true;
  }
  template <class Quantizer = nuq::RateQuantizer>
  [[nodiscard]] nuq::RunReport at(const nuq::RatePoint& point, const Quantizer& quantizer = Quantizer{}) {
    options.point = point;
    const auto batch = [](int index) { return nuq::InputBatch{{"data", TinyNetwork::batch(index)}}; };
    return nuq::static_nuq(network.model, network.weights, batch, folder / "config.json", folder / "record.txt",
                           folder / "net", options, quantizer);
  }
};

double bits_of(const nuq::RunReport& report) {
  double weights = 0.0;
  for (const nuq::LayerReport& layer : report.layers) weights += static_cast<double>(layer.weights);
  return 8.0 * static_cast<double>(report.bytes) / weights;
}

int most_levels(const nuq::RunReport& report) {
  int most = 0;
  for (const nuq::LayerReport& layer : report.layers) most = (std::max)(most, layer.levels.value());
  return most;
}

TEST_CASE("a higher price takes fewer bytes, and the report says the price") {
  Runs runs;
  std::uint64_t before = (std::numeric_limits<std::uint64_t>::max)();
  for (const double price : {1e-9, 1e-7, 1e-5, 1e-3}) {
    const nuq::RunReport report = runs.at(nuq::PricePerBit{price});
    CHECK(report.price == price);
    CHECK(report.bytes < before);
    before = report.bytes;
  }
  CHECK(runs.folder.read("net_report.json").find("\"price\": 0.001") != std::string::npos);
}

TEST_CASE("so many bits per weight are had to a hundredth or so") {
  Runs runs;
  for (const double bits : {5.0, 3.0, 2.0})
    CHECK(bits_of(runs.at(nuq::BitsPerWeight{bits})) == doctest::Approx(bits).epsilon(0.01));
}

TEST_CASE("a greatest size is held, and nearly used up") {
  Runs runs;
  for (const std::uint64_t bytes : {6000U, 3000U, 1800U}) {
    const nuq::RunReport report = runs.at(nuq::BytesAtMost{bytes});
    CHECK(report.bytes <= bytes);
    CHECK(report.bytes >= bytes - bytes / 50);
  }
}

TEST_CASE("a size that no price reaches is refused, and nothing is written") {
  Runs runs;
  const CaughtError refused = error_of<nuq::ConfigError>([&] { static_cast<void>(runs.at(nuq::BytesAtMost{10})); });
  CHECK(refused.code == nuq::ErrorCode::out_of_reach);
  CHECK(refused.says("10 bytes at most"));
  CHECK_FALSE(std::filesystem::exists(runs.folder / "net.nuq"));
}

/// Squared difference of the outputs of two models.
double distance(const std::string& model, const std::string& weights, const std::string& other_model,
                const std::string& other_weights) {
  nuq::Net net(model, weights);
  nuq::Net other(other_model, other_weights);
  double sum = 0.0;
  for (int batch = 0; batch < 20; ++batch) {
    for (nuq::Net* const each : {&net, &other}) {
      each->set_input("data", TinyNetwork::batch(batch).view());
      each->forward();
    }
    const nuq::TensorView output = net.output("prob");
    const nuq::TensorView same = other.output("prob");
    for (std::size_t at = 0; at < output.values.size(); ++at) {
      const auto difference = static_cast<double>(output.values[at] - same.values[at]);
      sum += difference * difference;
    }
  }
  return sum;
}

TEST_CASE("unless told otherwise a network is harmed as by the configured levels, in fewer bytes") {
  Runs runs;
  runs.options.cap_levels = false;
  runs.options.statistics_batches = 20;
  const auto harm = [&runs] {
    return distance(runs.network.model, runs.network.weights, runs.folder / "net_fake_quant_model.prototxt",
                    runs.folder / "net_fake_quant_weights.caffemodel");
  };
  const nuq::RunReport levels = runs.at(nuq::HarmOfLevels{}, nuq::NonUniformQuantizer<>{});
  CHECK(levels.target == "palette");
  CHECK_FALSE(levels.price.has_value());
  const double of_levels = harm();
  const nuq::RunReport priced = runs.at(nuq::HarmOfLevels{});
  CHECK(harm() < 2.0 * of_levels);
  CHECK(harm() > 0.5 * of_levels);
  CHECK(priced.bytes < levels.bytes);
  const std::string weights = runs.folder.read("net_fake_quant_weights.caffemodel");
  CHECK(runs.at(nuq::PricePerBit{priced.price.value()}).bytes == priced.bytes);
  CHECK(runs.folder.read("net_fake_quant_weights.caffemodel") == weights);
}

TEST_CASE("a small layer that everything depends on takes more levels than configured, and the record lists them") {
  const TemporaryFolder folder;
  const WrittenNetwork network(folder, R"(name: "narrow"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 3 bias_term: false } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 300 bias_term: false } }
)",
                               {{"conv", {{2, 1, 3, 3}}}, {"fc", {{300, 32}}}});
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, {}, 1, true,
                           folder.write("levels.cfg", "common_config { nuq_quantize { num_steps: 4 } }"));
  nuq::StaticNuqOptions options;
  options.cap_levels = false;
  const nuq::RunReport report =
      nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                      folder / "net", options, nuq::RateQuantizer{});
  REQUIRE(report.layers.size() == 2);
  CHECK(report.layers[0].levels.value() > 8);
  const auto entry = nuq::read_record(folder / "record.txt").record(0);
  CHECK(entry.key() == "conv");
  CHECK(entry.value().cluster_size() >= report.layers[0].levels.value());
}

TEST_CASE("levels that a definition names are caps at the point of these levels, unless that is overruled") {
  Runs runs;
  CHECK(most_levels(runs.at(nuq::HarmOfLevels{})) == 8);
  runs.options.cap_levels = false;
  CHECK(most_levels(runs.at(nuq::HarmOfLevels{})) > 8);
}

TEST_CASE("the configured levels are no caps at other points, unless they are asked to be or the target is another") {
  Runs runs;
  const nuq::RunReport free = runs.at(nuq::PricePerBit{1e-8});
  CHECK(free.target == "packed");
  CHECK(most_levels(free) > 8);
  runs.options.cap_levels = true;
  CHECK(most_levels(runs.at(nuq::PricePerBit{1e-8})) == 8);
  runs.options.cap_levels = false;
  for (const nuq::Target target : {nuq::Target::palette, nuq::Target::ascend}) {
    runs.options.target = target;
    CHECK(most_levels(runs.at(nuq::PricePerBit{1e-8})) == 8);
  }
}

TEST_CASE("points that a quantizer cannot be set to are refused") {
  Runs runs;
  const auto is_refused = [&](const nuq::RatePoint& point, const auto& quantizer) {
    CHECK_THROWS_AS(static_cast<void>(runs.at(point, quantizer)), nuq::ConfigError);
  };
  is_refused(nuq::BitsPerWeight{3.0}, nuq::NonUniformQuantizer<>{});
  is_refused(nuq::PricePerBit{1e-6}, nuq::NonUniformQuantizer<>{});
  is_refused(nuq::BytesAtMost{3000}, nuq::NonUniformQuantizer<>{});
  is_refused(nuq::BitsPerWeight{0.0}, nuq::RateQuantizer{});
  is_refused(nuq::PricePerBit{-1.0}, nuq::RateQuantizer{});
  is_refused(nuq::PricePerBit{std::numeric_limits<double>::infinity()}, nuq::RateQuantizer{});
  runs.options.sequential = true;
  is_refused(nuq::BytesAtMost{3000}, nuq::RateQuantizer{});
  is_refused(nuq::BitsPerWeight{3.0}, nuq::RateQuantizer{});
  CHECK(runs.at(nuq::PricePerBit{1e-6}).price == 1e-6);
}

}  // namespace workflow_rate_point_test
