#include "nuq/engine/layers/basic.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

TEST_CASE("Dropout hands its input on, times the share that it keeps where training left the values as they are") {
  const Tensor input({3}, {1.0F, -2.0F, 8.0F});
  CHECK(computed<nuq::detail::DropoutLayer>(layer_alone("Dropout", "dropout_param { dropout_ratio: 0.75 }"), {input})
            .values == input.values);
  const nuq::Node scaling = layer_alone("Dropout", "dropout_param { dropout_ratio: 0.75 scale_train: false }");
  CHECK(computed<nuq::detail::DropoutLayer>(scaling, {input}).values == std::vector<float>{0.25F, -0.5F, 2.0F});
}

TEST_CASE("AntiQuant hands its input on, Flatten in another shape") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  for (const std::string type : {"AntiQuant", "Flatten"}) {
    const Tensor output = computed<nuq::detail::CopyLayer>(layer_alone(type, ""), {input});
    CHECK(output.values == input.values);
    CHECK(output.shape == (type == "Flatten" ? nuq::Shape{2, 60} : input.shape));
  }
}

TEST_CASE("Reshape hands its input on in the shape that it names") {
  const Tensor input = random_tensor({2, 3, 4, 5}, 1);
  const Tensor output = computed<nuq::detail::CopyLayer>(
      layer_alone("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 10 } }"), {input});
  CHECK(output.values == input.values);
  CHECK(output.shape == nuq::Shape{2, 6, 10});
}

TEST_CASE("Split copies to every output") {
  const Tensor input({3}, {1.0F, 2.0F, 3.0F});
  std::vector<float> first(3);
  std::vector<float> second(3);
  const nuq::Node node = layer_alone("Split", "");
  const std::vector<nuq::TensorView> inputs = {input.view()};
  std::vector<nuq::TensorSpan> outputs = {{{3}, first}, {{3}, second}};
  nuq::Workspace workspace(1);
  nuq::detail::CopyLayer(node).forward({node, inputs, outputs, workspace});
  CHECK(first == input.values);
  CHECK(second == input.values);
}

TEST_CASE("SearchN hands its first input on where it has an output") {
  const Tensor first = random_tensor({2, 3, 1, 1}, 1);
  const Tensor second = random_tensor({4, 5}, 2);
  const Tensor output = computed<nuq::detail::CopyLayer>(layer_alone("SearchN", "", {}, 2), {first, second});
  CHECK(output.shape == first.shape);
  CHECK(output.values == first.values);
  nuq::Node marker = layer_alone("SearchN", "", {}, 2);
  marker.outputs.clear();
  CHECK(nuq::output_shapes(marker, {first.shape, second.shape}).empty());
}
