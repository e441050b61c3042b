#include "nuq/report/report.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "../temporary_folder.hpp"

namespace report_report_test {

nuq::RunReport example() {
  nuq::RunReport report;
  report.original_metric = 0.75;
  report.int8_metric = 0.5;
  report.metric = 0.625;
  report.metric_error = 0.0625;
  report.confidence = 0.75;
  report.satisfied = true;
  report.weights_only = true;
  report.evaluations = 3;
  report.seconds = 1.5;
  report.bytes = 1000;
  report.ratio_float32 = 8.0;
  report.ratio_int8 = 2.0;
  report.target = "packed";
  report.sizes = {1000, 1200};
  report.warnings = {"careful"};
  report.files = {{"m.nuq", "ab", 7}};
  report.layers = {{"conv1", "Convolution", {20, 1, 5, 5}, 500, 32, 5.25, 328, true, ""},
                   {"ip", "InnerProduct", {10, 500}, 5000, std::nullopt, 32.0, 20000, false, "skipped"}};
  report.trials = {
      {{0.625, true, false, 0.03125}, "uniform 32", 1000, {{"ip", 31}, {"conv1", 32}}, true, "m_pareto/1", 0.5}};
  return report;
}

TEST_CASE("the report's keys are the names of the fields, in their order") {
  CHECK(nuq::to_json(example()) == R"({
  "schema": 2,
  "version": "0.1.0",
  "original_metric": 0.75,
  "int8_metric": 0.5,
  "metric": 0.625,
  "metric_error": 0.0625,
  "confidence": 0.75,
  "satisfied": true,
  "weights_only": true,
  "evaluations": 3,
  "seconds": 1.5,
  "bytes": 1000,
  "ratio_float32": 8.0,
  "ratio_int8": 2.0,
  "target": "packed",
  "search_note": "",
  "warnings": [
    "careful"
  ],
  "files": [
    {
      "path": "m.nuq",
      "sha256": "ab",
      "bytes": 7
    }
  ],
  "layers": [
    {
      "name": "conv1",
      "type": "Convolution",
      "shape": [20, 1, 5, 5],
      "weights": 500,
      "levels": 32,
      "bits_per_weight": 5.25,
      "bytes": 328,
      "taken": true,
      "reason": ""
    },
    {
      "name": "ip",
      "type": "InnerProduct",
      "shape": [10, 500],
      "weights": 5000,
      "levels": null,
      "bits_per_weight": 32.0,
      "bytes": 20000,
      "taken": false,
      "reason": "skipped"
    }
  ],
  "trials": [
    {
      "configuration": "uniform 32",
      "bytes": 1000,
      "metric": 0.625,
      "satisfied": true,
      "ended_early": false,
      "error": 0.03125,
      "price": 0.5,
      "levels": {
        "ip": 31,
        "conv1": 32
      },
      "non_dominated": true,
      "files": "m_pareto/1"
    }
  ],
  "sizes": {
    "packed": 1000,
    "ascend": 1200
  }
}
)");
}

TEST_CASE("absent metrics are null and absent lists are empty") {
  const nlohmann::json json = nlohmann::json::parse(nuq::to_json(nuq::RunReport{}));
  for (const char* key : {"original_metric", "int8_metric", "metric", "metric_error", "confidence"})
    CHECK(json.at(key).is_null());
  CHECK(json.count("sizes") == 0);
  for (const char* key : {"warnings", "files", "layers", "trials"}) CHECK(json.at(key) == nlohmann::json::array());
}

TEST_CASE("numbers and names that JSON cannot hold still give a report that parses") {
  nuq::RunReport report = example();
  report.metric = std::numeric_limits<double>::quiet_NaN();
  report.layers[0].name = "bad \xff\" name\n";
  const nlohmann::json json = nlohmann::json::parse(nuq::to_json(report));
  CHECK(json.at("metric").is_null());
  CHECK(json.at("layers").at(0).at("name") == "bad \xEE\xBF\xBF\" name\n");
}

TEST_CASE("what is known of a layer besides stands in its entry") {
  nuq::RunReport report = example();
  report.layers[0].details = nuq::Json::object({{"weight_snr_db", 20.5}, {"level_values", nuq::Json::array({-1, 2})}});
  const nlohmann::json json = nlohmann::json::parse(nuq::to_json(report));
  CHECK(json.at("layers").at(0).at("weight_snr_db") == 20.5);
  CHECK(json.at("layers").at(0).at("level_values") == nlohmann::json::array({-1, 2}));
  CHECK(json.at("layers").at(1).count("weight_snr_db") == 0);
}

TEST_CASE("a metric keeps every bit in the report") {
  nuq::RunReport report;
  report.metric = 1.0 / 3.0;
  CHECK(nlohmann::json::parse(nuq::to_json(report)).at("metric").get<double>() == 1.0 / 3.0);
}

TEST_CASE("a file is reported with its digest and size") {
  const TemporaryFolder folder;
  const nuq::FileReport file = nuq::file_report(folder.write("abc", "abc"));
  CHECK(file.path == folder / "abc");
  CHECK(file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(file.bytes == 3);
}

}  // namespace report_report_test
