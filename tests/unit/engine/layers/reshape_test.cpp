#include "nuq/engine/layers/reshape.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "../../error_of.hpp"
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

TEST_CASE("the first channels of all groups come first, then the second ones") {
  const Tensor input({2, 6, 2}, {0,  1,  10, 11, 20, 21, 30, 31, 40, 41, 50, 51,  //
                                 60, 61, 70, 71, 80, 81, 90, 91, 92, 93, 94, 95});
  const Tensor output = computed<nuq::detail::ShuffleChannelLayer>(
      layer_alone("ShuffleChannel", "shuffle_channel_param { group: 2 }"), {input});
  CHECK(output.shape == input.shape);
  CHECK(output.values == std::vector<float>{0,  1,  30, 31, 10, 11, 40, 41, 20, 21, 50, 51,  //
                                            60, 61, 90, 91, 70, 71, 92, 93, 80, 81, 94, 95});
}

TEST_CASE("groups and then members as groups restore the order") {
  const Tensor input = random_tensor({2, 12, 3, 4}, 1);
  const Tensor shuffled = computed<nuq::detail::ShuffleChannelLayer>(
      layer_alone("ShuffleChannel", "shuffle_channel_param { group: 3 }"), {input});
  CHECK(shuffled.values != input.values);
  CHECK(computed<nuq::detail::ShuffleChannelLayer>(layer_alone("ShuffleChannel", "shuffle_channel_param { group: 4 }"),
                                                   {shuffled})
            .values == input.values);
}

TEST_CASE("a group that does not divide the channels is refused by name") {
  for (const std::string group : {"0", "4"}) {
    const auto node = layer_alone("ShuffleChannel", "shuffle_channel_param { group: " + group + " }");
    const CaughtError error = error_of<nuq::ModelError>([&] {
      computed<nuq::detail::ShuffleChannelLayer>(node, {Tensor(nuq::Shape{1, 6, 2, 2})});
    });
    CHECK(error.says("layer 'layer1': group is " + group + ", wanted a divisor of 6 channels"));
  }
}

TEST_CASE("axes of extent 1 come and go, and values are repeated") {
  const auto shape_of = [](nuq::Operation operation, const nuq::Shape& input) {
    return nuq::output_shapes(operation_alone(std::move(operation)), {input}).front();
  };
  CHECK(shape_of(nuq::ops::Squeeze{{1, -1}}, {2, 1, 3, 1}) == nuq::Shape{2, 3});
  CHECK(shape_of(nuq::ops::Squeeze{}, {1, 3, 1}) == nuq::Shape{3});
  CHECK(shape_of(nuq::ops::Squeeze{}, {1, 1}) == nuq::Shape{1});
  CHECK_THROWS_AS(shape_of(nuq::ops::Squeeze{{0}}, {2, 1}), nuq::ModelError);
  CHECK(shape_of(nuq::ops::Unsqueeze{{0, -1}}, {2, 3}) == nuq::Shape{1, 2, 3, 1});
  CHECK_THROWS_AS(shape_of(nuq::ops::Unsqueeze{{0, -4}}, {2, 3}), nuq::ModelError);

  const nuq::Tensor column({2, 1}, {1, 2});
  const nuq::Tensor wide = computed<nuq::detail::ExpandLayer>(operation_alone(nuq::ops::Expand{{2, 1, 3}}), {column});
  CHECK(wide.shape == nuq::Shape{2, 2, 3});
  CHECK(wide.values == std::vector<float>{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
}
