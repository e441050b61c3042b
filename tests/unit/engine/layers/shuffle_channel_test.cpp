#include "nuq/engine/layers/shuffle_channel.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Tensor;

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
