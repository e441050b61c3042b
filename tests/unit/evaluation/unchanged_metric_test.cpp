#include "nuq/evaluation/unchanged_metric.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace evaluation_unchanged_metric_test {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a metric that is the original's for every candidate is warned about, from the first on") {
  CHECK(nuq::unchanged_metric_warning(0.75, {0.75, 0.75}, 3) ==
        "the metric never changed: it is 0.75 for the original and all 2 configurations; either the data show no "
        "difference, or the evaluator never looks at the model and accepts anything");
  CHECK(contains(nuq::unchanged_metric_warning(0.75, {0.75}, 3), "0.75 for the original and the one configuration;"));
}

TEST_CASE("one metric for all candidates but the original's needs three of them") {
  CHECK(nuq::unchanged_metric_warning(0.75, {0.5, 0.5}, 0).empty());
  CHECK(contains(nuq::unchanged_metric_warning(0.75, {0.5, 0.5, 0.5}, 0),
                 "it is 0.5 for all 3 configurations, 0.75 for the original;"));
}

TEST_CASE("metrics that differ, or none, are no reason to warn") {
  CHECK(nuq::unchanged_metric_warning(0.75, {0.75, 0.75, 0.7499}, 0).empty());
  CHECK(nuq::unchanged_metric_warning(0.75, {0.74}, 0).empty());
  CHECK(nuq::unchanged_metric_warning(0.75, {}, 0).empty());
}

TEST_CASE("nothing but 0 from an evaluator called with 0 batches points at evaluate_batch_num") {
  CHECK(contains(nuq::unchanged_metric_warning(0.0, {0.0, 0.0}, 0), "has to set evaluate_batch_num"));
  CHECK_FALSE(contains(nuq::unchanged_metric_warning(0.0, {0.0, 0.0}, 5), "evaluate_batch_num"));
  CHECK_FALSE(contains(nuq::unchanged_metric_warning(0.5, {0.5, 0.5}, 0), "evaluate_batch_num"));
}

}  // namespace evaluation_unchanged_metric_test
