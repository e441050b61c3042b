#include "nuq/engine/layers/tile.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("tile repeats along its axis") {
  const Tensor input({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor channels = computed<nuq::detail::TileLayer>(layer_alone("Tile", "tile_param { tiles: 2 }"), {input});
  CHECK(channels.shape == nuq::Shape{2, 4, 2});
  CHECK(channels.values == std::vector<float>{1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8});
  const Tensor last = computed<nuq::detail::TileLayer>(layer_alone("Tile", "tile_param { axis: -1 tiles: 3 }"),
                                                       {Tensor({2, 2}, {1, 2, 3, 4})});
  CHECK(last.shape == nuq::Shape{2, 6});
  CHECK(last.values == std::vector<float>{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4});
}

TEST_CASE("tile needs the number of copies") {
  for (const std::string parameters : {"", "tile_param { tiles: 0 }", "tile_param { tiles: -1 }"}) {
    const CaughtError error = error_of<nuq::ModelError>([&] {
      computed<nuq::detail::TileLayer>(layer_alone("Tile", parameters), {Tensor(nuq::Shape{2, 2})});
    });
    CHECK(error.says("layer 'layer1': tiles is "));
  }
}
