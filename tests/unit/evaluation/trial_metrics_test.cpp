#include "nuq/evaluation/trial_metrics.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/evaluation/journal.hpp"

namespace evaluation_trial_metrics_test {

TEST_CASE("the original's batches are recalled from the journal") {
  const TemporaryFolder folder;
  {
    nuq::detail::TrialMetrics metrics(folder / "journal", "key");
    metrics.remember_original_batches({{0.5, 40}, {0.75, 10}});
  }
  const nuq::detail::TrialMetrics metrics(folder / "journal", "key");
  REQUIRE(metrics.original_batches().size() == 2);
  CHECK(metrics.original_batches()[0].samples == 40);
  CHECK(metrics.original_batches()[1].metric == 0.75);
}

TEST_CASE("a batch without a number of samples is refused with the journal's name") {
  for (const std::string samples : {"abc", "", "-3", "4x", "0", "99999999999999999999"}) {
    const TemporaryFolder folder;
    nuq::EvaluationJournal(folder / "journal", "key").append("original:batch:" + samples, 0.5, 0.0);
    const CaughtError error = error_of<nuq::FormatError>([&] { nuq::detail::TrialMetrics(folder / "journal", "key"); });
    CHECK(error.code == nuq::ErrorCode::malformed_file);
    CHECK(error.says(folder / "journal"));
    CHECK(error.says("evaluation of 'original:batch:" + samples + "': wanted a number of samples at its end"));
  }
}

}  // namespace evaluation_trial_metrics_test
