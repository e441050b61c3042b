// expect: [nuq] RateModel::code_classes must be: static constexpr std::array<CodeClass, N> code_classes
#include <array>

#include "nuq/quantize/codebook/entropy_constrained.hpp"

struct LengthsAlone : nuq::EntropyRate {
  static constexpr std::array<int, 2> code_classes = {3, 6};
};

int main() {
  return static_cast<int>(nuq::EntropyConstrainedCodebook<LengthsAlone>{}.select({}, 4).size());
}
