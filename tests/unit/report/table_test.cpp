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
        "layer  type          shape       weights  levels  bits/weight  bytes  reason\n"
        "conv1  Convolution   [20,1,5,5]      500      32         5.25    328\n"
        "ip     InnerProduct  [10,500]       5000   float        32.00  20000  skipped by the configuration\n"
        "\n"
        "weights: 20328 bytes, 7.12x smaller than float32, 1.75x smaller than int8\n"
        "metric:  0.9914 original, 0.9915 int8, 0.9905 result (satisfied), evaluations: 4\n"
        "note:    no time for uniform 8\n"
        "warning: 12 levels are not accepted by the vendor's tools\n");
}

TEST_CASE("a run without evaluator has no line about metrics") {
  CHECK(nuq::result_table(nuq::RunReport{}) ==
        "layer  type  shape  weights  levels  bits/weight  bytes  reason\n"
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

TEST_CASE("the largest numbers are shown in full") {
  CHECK(nuq::detail::two_decimals(-(std::numeric_limits<double>::max)()).size() == 1 + 309 + 3);
}
