#include "nuq/engine/layers/permute.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("permute shows the input's axes in every order") {
  const std::array<std::size_t, 4> extents = {2, 3, 4, 5};
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  std::array<std::size_t, 4> order = {0, 1, 2, 3};
  do {
    std::string parameters;
    for (const std::size_t axis : order) parameters += " order: " + std::to_string(axis);
    CAPTURE(parameters);
    const Tensor output =
        computed<nuq::detail::PermuteLayer>(layer_alone("Permute", "permute_param {" + parameters + " }"), {input});
    bool agrees = true;
    for (std::size_t index = 0; index < output.values.size(); ++index) {
      std::array<std::size_t, 4> place = {};  // of the value, along the input's axes
      std::size_t rest = index;
      for (std::size_t axis = 4; axis-- > 0;) {
        place[order[axis]] = rest % extents[order[axis]];
        rest /= extents[order[axis]];
      }
      const std::size_t source = ((place[0] * 3 + place[1]) * 4 + place[2]) * 5 + place[3];
      agrees = agrees && output.values[index] == input.values[source];
    }
    CHECK(agrees);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a vector stays as it is") {
  const Tensor input({3}, {1.0F, 2.0F, 3.0F});
  CHECK(computed<nuq::detail::PermuteLayer>(layer_alone("Permute", "permute_param { order: 0 }"), {input}).values ==
        input.values);
}
