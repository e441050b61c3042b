#include "nuq/report/table.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

TEST_CASE("the table aligns names to the left, numbers to the right, and ends with the result") {
  nuq::RunReport report;
  report.original_metric = 0.9914;
  report.int8_metric = 0.9915;
  report.metric = 0.9905;
  report.satisfied = true;
  report.evaluations = 4;
  report.bytes = 20328;
  report.ratio_float32 = 7.125;
  report.ratio_int8 = 1.75;
  report.search_note = "no time for uniform 8";
  report.warnings = {"12 levels are not accepted by the vendor's tools"};
  report.layers = {
      {"conv1", "Convolution", {20, 1, 5, 5}, 500, 32, 5.25, 328, true, ""},
      {"ip", "InnerProduct", {10, 500}, 5000, std::nullopt, 32.0, 20000, false, "skipped by the configuration"}};
  CHECK(nuq::result_table(report) ==
        "layer  type          shape       weights  levels  bits/wt  bytes\n"
        "conv1  Convolution   [20,1,5,5]      500      32     5.25    328\n"
        "ip     InnerProduct  [10,500]       5000   float    32.00  20000\n"
        "\n"
        "ip: skipped by the configuration\n"
        "\n"
        "weights: 20328 bytes, 7.12x smaller than float32, 1.75x smaller than int8\n"
        "metric:  0.9914 original, 0.9915 int8, 0.9905 result (satisfied), evaluations: 4\n"
        "note:    no time for uniform 8\n"
        "warning: 12 levels are not accepted by the vendor's tools\n");
}

TEST_CASE("a run without evaluator has no line about metrics") {
  CHECK(nuq::result_table(nuq::RunReport{}) ==
        "layer  type  shape  weights  levels  bits/wt  bytes\n"
        "\n"
        "weights: 0 bytes, 0.00x smaller than float32, 0.00x smaller than int8\n");
}

TEST_CASE("an unmet target says so and a missing metric is a dash") {
  nuq::RunReport report;
  report.original_metric = 31.5;
  report.evaluations = 1;
  CHECK(nuq::result_table(report).find("metric:  31.5 original, - int8, - result (not satisfied), evaluations: 1\n") !=
        std::string::npos);
}

TEST_CASE("a search that found nothing has no sizes to show") {
  nuq::RunReport report;
  report.evaluations = 2;
  report.bytes = 4;
  report.layers = {{"conv1", "Convolution", {1}, 1, std::nullopt, 32.0, 4, false, "kept at int8 by the search"}};
  CHECK(nuq::result_table(report) == "metric:  - original, - int8, - result (not satisfied), evaluations: 2\n");
}

TEST_CASE("a table that is too wide leaves out what can be spared, then gives long names lines of their own") {
  const std::string name = "res5c_branch2c_with_a_long_name";
  nuq::detail::TextTable table({{"layer", false}, {"type", false, true}, {"bytes", true}});
  table.add({name, "Convolution", "12345"});
  table.add({"fc", "InnerProduct", "7"});
  CHECK(table.text(52) == "layer                            type          bytes\n" + name + "  Convolution   12345\n" +
                              "fc                               InnerProduct      7\n");
  CHECK(table.text(51) ==
        "layer                            bytes\n" + name + "  12345\n" + "fc                                   7\n");
  CHECK(table.text(37) == "layer                           bytes\n" + name + "\n" +
                              "                                12345\n"
                              "fc                                  7\n");
}

TEST_CASE("layers of one reason are named together, in lines that break between words") {
  nuq::RunReport report;
  for (int layer = 10; layer < 40; ++layer) {
    report.layers.push_back(
        {"conv_" + std::to_string(layer), "Convolution", {1}, 1, 256, 8.0, 1, false, "kept at int8 by the search"});
  }
  const std::string text = nuq::result_table(report);
  CHECK(text.find("conv_10, conv_11, conv_12, conv_13, conv_14, conv_15, conv_16, conv_17, conv_18,\n  conv_19,") !=
        std::string::npos);
  CHECK(text.find(" conv_39: kept at int8 by the search\n") != std::string::npos);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    CHECK(end - begin <= 80);
}
