#include "nuq/quantize/codebook/contracts.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "nuq/quantize/codebook/lloyd.hpp"
#include "nuq/quantize/codebook/optimal.hpp"
#include "nuq/quantize/codebook/uniform_step.hpp"

namespace quantize_codebook_contracts_test {

struct OneLevel {
  nuq::Codebook select(const nuq::LevelHistogram&, int num_steps) const { return level(num_steps); }
  static nuq::Codebook level(int value) {
    const std::vector<int> levels{value};
    return {levels.begin(), levels.end()};
  }
};
struct WithIterations : OneLevel {
  using OneLevel::select;
  nuq::Codebook select(const nuq::LevelHistogram&, int, int num_of_iteration) const { return level(num_of_iteration); }
};
struct WrongResult {
  int select(const nuq::LevelHistogram&, int) const;
};
struct NotConst {
  nuq::Codebook select(const nuq::LevelHistogram&, int);
};
struct LooselyTyped {
  template <class Histogram>
  nuq::Codebook select(const Histogram&, long) const;
};
struct Nothing {};

TEST_CASE("a codebook selector is known by its call") {
  CHECK(nuq::is_codebook_selector_v<OneLevel>);
  CHECK(nuq::is_codebook_selector_v<LooselyTyped>);
  CHECK(nuq::is_codebook_selector_v<nuq::OptimalCodebook>);
  CHECK(nuq::is_codebook_selector_v<nuq::LloydCodebook>);
  CHECK(nuq::is_codebook_selector_v<nuq::UniformStepCodebook>);
  CHECK_FALSE(nuq::is_codebook_selector_v<WrongResult>);
  CHECK_FALSE(nuq::is_codebook_selector_v<NotConst>);
  CHECK_FALSE(nuq::is_codebook_selector_v<Nothing>);
}

TEST_CASE("num_of_iteration reaches the selectors that take it, and no other") {
  CHECK(nuq::takes_num_of_iteration_v<WithIterations>);
  CHECK(nuq::takes_num_of_iteration_v<nuq::LloydCodebook>);
  CHECK_FALSE(nuq::takes_num_of_iteration_v<OneLevel>);
  CHECK_FALSE(nuq::takes_num_of_iteration_v<nuq::OptimalCodebook>);
  CHECK(nuq::select_codebook(WithIterations{}, {}, 16, 3)[0] == 3);
  CHECK(nuq::select_codebook(OneLevel{}, {}, 16, 3)[0] == 16);
}

}  // namespace quantize_codebook_contracts_test
