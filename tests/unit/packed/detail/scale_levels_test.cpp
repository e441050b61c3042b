#include "nuq/packed/detail/scale_levels.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../coding_cases.hpp"

namespace packed_detail_scale_levels_test {

TEST_CASE("levels become floats in place, whatever the lengths") {
  for (const nuq::InstructionSet instructions : instruction_sets()) {
    for (std::size_t count = 1; count < 70; ++count) {
      for (const std::size_t run : {std::size_t{1}, std::size_t{5}, std::size_t{17}, count}) {
        const std::vector<std::int8_t> levels = uniform_levels(count, 256, 1, count);
        std::vector<float> out(count);
        const nuq::ArrayView<std::int8_t> place = nuq::detail::levels_behind(out);
        REQUIRE(place.size() == count);
        std::copy(levels.begin(), levels.end(), place.begin());
        for (std::size_t begin = 0; begin < count; begin += run) {
          nuq::detail::scale_levels(place.data() + begin, 0.125F * static_cast<float>(begin + 1), out.data() + begin,
                                    (std::min)(run, count - begin), instructions);
        }
        bool equal = true;
        for (std::size_t index = 0; index < count; ++index) {
          const float scale = 0.125F * static_cast<float>(index / run * run + 1);
          const float wanted = static_cast<float>(levels[index]) * scale;
          equal &= !(out[index] < wanted) && !(out[index] > wanted);
        }
        REQUIRE(equal);
      }
    }
  }
}

}  // namespace packed_detail_scale_levels_test
