#include "nuq/engine/layers/slicing.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Node;
using nuq::Shape;
using nuq::Tensor;

TEST_CASE("concat lines inputs up along its axis") {
  const Tensor left({2, 1, 2}, {1, 2, 3, 4});
  const Tensor right({2, 2, 2}, {5, 6, 7, 8, 9, 10, 11, 12});
  const Tensor joined = computed<nuq::detail::ConcatLayer>(layer_alone("Concat", "", {}, 2), {left, right});
  CHECK(joined.shape == nuq::Shape{2, 3, 2});
  CHECK(joined.values == std::vector<float>{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});

  const Tensor stacked =
      computed<nuq::detail::ConcatLayer>(layer_alone("Concat", "concat_param { axis: 0 }", {}, 2), {left, left});
  CHECK(stacked.shape == nuq::Shape{4, 1, 2});
  CHECK(stacked.values == std::vector<float>{1, 2, 3, 4, 1, 2, 3, 4});

  const Tensor old_name =
      computed<nuq::detail::ConcatLayer>(layer_alone("Concat", "concat_param { concat_dim: 2 }", {}, 2), {left, left});
  CHECK(old_name.values == std::vector<float>{1, 2, 1, 2, 3, 4, 3, 4});
}

TEST_CASE("crop takes the second input's extents out of the first, at its offsets") {
  const Tensor input = random_tensor({2, 3, 5, 6}, 1);
  struct Case {
    std::string parameters;
    Shape like;
    std::vector<std::size_t> offsets;
  };
  for (const Case& test : {Case{"offset: 1", {2, 7, 3, 4}, {0, 0, 1, 1}}, Case{"", {1, 1, 2, 6}, {0, 0, 0, 0}},
                           Case{"offset: 0 offset: 2", {2, 3, 5, 4}, {0, 0, 0, 2}},
                           Case{"axis: 0 offset: 1 offset: 0 offset: 2 offset: 3", {1, 2, 3, 2}, {1, 0, 2, 3}},
                           Case{"axis: -1 offset: 4", {9, 9, 9, 2}, {0, 0, 0, 4}}}) {
    CAPTURE(test.parameters);
    const auto node = layer_alone("Crop", "crop_param { " + test.parameters + " }", {}, 2);
    const Tensor output = computed<nuq::detail::CropLayer>(node, {input, Tensor(test.like)});
    std::vector<std::size_t> extents(output.shape.begin(), output.shape.end());
    bool agrees = true;
    for (std::size_t index = 0; index < output.values.size(); ++index) {
      const std::size_t x = index % extents[3] + test.offsets[3];
      const std::size_t y = index / extents[3] % extents[2] + test.offsets[2];
      const std::size_t c = index / (extents[3] * extents[2]) % extents[1] + test.offsets[1];
      const std::size_t n = index / (extents[3] * extents[2] * extents[1]) + test.offsets[0];
      agrees = agrees && output.values[index] == input.values[((n * 3 + c) * 5 + y) * 6 + x];
    }
    CHECK(agrees);
  }
}

namespace engine_layers_slice_test {

std::vector<Tensor> sliced(const std::string& parameters, std::size_t outputs, const Tensor& input) {
  Node node = layer_alone("Slice", "slice_param { " + parameters + " }");
  node.outputs.assign(outputs, 1);
  nuq::Workspace workspace(1);
  return all_computed<nuq::detail::SliceLayer>(node, {input}, workspace);
}

TEST_CASE("slice cuts its axis at the slice points or into equal pieces") {
  const Tensor input({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  std::vector<Tensor> pieces = sliced("slice_point: 1", 2, input);
  CHECK(pieces[0].shape == Shape{2, 1, 2});
  CHECK(pieces[0].values == std::vector<float>{1, 2, 7, 8});
  CHECK(pieces[1].shape == Shape{2, 2, 2});
  CHECK(pieces[1].values == std::vector<float>{3, 4, 5, 6, 9, 10, 11, 12});

  pieces = sliced("axis: -1", 2, input);
  CHECK(pieces[0].values == std::vector<float>{1, 3, 5, 7, 9, 11});
  CHECK(pieces[1].values == std::vector<float>{2, 4, 6, 8, 10, 12});

  pieces = sliced("slice_dim: 0", 2, input);
  CHECK(pieces[1].values == std::vector<float>{7, 8, 9, 10, 11, 12});
}

TEST_CASE("one piece is the whole input") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  CHECK(sliced("", 1, input)[0].values == input.values);
}

}  // namespace engine_layers_slice_test

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

TEST_CASE("strided slices, places along an axis and pads") {
  const Tensor input({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7});
  const auto slice = [&](nuq::ops::StridedSlice operation) {
    return computed<nuq::detail::StridedSliceLayer>(operation_alone(std::move(operation)), {input});
  };
  CHECK(slice({{1}, {1}, {9}, {2}}).values == std::vector<float>{1, 3, 5, 7});
  CHECK(slice({{1, 0}, {-1, 1}, {-9, 2}, {-1, 1}}).values == std::vector<float>{7, 6, 5, 4});
  CHECK(slice({{-1}, {-3}, {-1}, {1}}).values == std::vector<float>{1, 2, 5, 6});
  CHECK_THROWS_AS(slice({{1}, {0}, {1}, {0}}), nuq::ModelError);
  CHECK_THROWS_AS(slice({{1}, {0}, {1}, {}}), nuq::ModelError);

  const auto take = [&](nuq::ops::Take operation) {
    return computed<nuq::detail::TakeLayer>(operation_alone(std::move(operation)), {input});
  };
  CHECK(take({1, {3, -4, 3}, true}).values == std::vector<float>{3, 0, 3, 7, 4, 7});
  CHECK(take({0, {1}, false}).shape == nuq::Shape{4});
  CHECK_THROWS_AS(take({0, {2}, true}), nuq::ModelError);

  const auto pad = [&](nuq::ops::PadMode mode, std::vector<std::int64_t> begin, std::vector<std::int64_t> end) {
    const nuq::ops::Pad operation{mode, std::move(begin), std::move(end), 9.0F};
    return computed<nuq::detail::PadLayer>(operation_alone(operation), {input});
  };
  const Tensor padded = pad(nuq::ops::PadMode::constant, {0, 1}, {1, -1});
  CHECK(padded.shape == nuq::Shape{3, 4});
  CHECK(padded.values == std::vector<float>{9, 0, 1, 2, 9, 4, 5, 6, 9, 9, 9, 9});
  CHECK(pad(nuq::ops::PadMode::edge, {0, 2}, {0, 0}).values == std::vector<float>{0, 0, 0, 1, 2, 3, 4, 4, 4, 5, 6, 7});
  CHECK(pad(nuq::ops::PadMode::reflect, {1, 2}, {0, 1}).values ==
        std::vector<float>{6, 5, 4, 5, 6, 7, 6, 2, 1, 0, 1, 2, 3, 2, 6, 5, 4, 5, 6, 7, 6});
  CHECK_THROWS_AS(pad(nuq::ops::PadMode::reflect, {2, 0}, {0, 0}), nuq::ModelError);
}
