#include "nuq/engine/layers/elementwise.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "../../error_of.hpp"
#include "../layer_alone.hpp"

using nuq::Shape;
using nuq::Tensor;

TEST_CASE("Axpy weighs the channels of one tensor and adds another") {
  const Tensor x = random_tensor({2, 3, 4, 5}, 1);
  const Tensor y = random_tensor({2, 3, 4, 5}, 2);
  for (const Shape& shape : {Shape{2, 3}, Shape{2, 3, 1, 1}}) {
    const Tensor factors = random_tensor(shape, 3);
    std::vector<double> expected;
    for (std::size_t index = 0; index < x.values.size(); ++index) {
      expected.push_back(static_cast<double>(factors.values[index / 20]) * static_cast<double>(x.values[index]) +
                         static_cast<double>(y.values[index]));
    }
    CHECK(relative_error(computed<nuq::detail::AxpyLayer>(layer_alone("Axpy", "", {}, 3), {factors, x, y}).values,
                         expected) < 1e-6);
  }
}

TEST_CASE("inputs that do not fit each other are refused by name") {
  const auto problem = [](const std::vector<Shape>& shapes) {
    std::vector<Tensor> inputs(shapes.begin(), shapes.end());
    return error_of<nuq::ModelError>(
        [&] { computed<nuq::detail::AxpyLayer>(layer_alone("Axpy", "", {}, shapes.size()), inputs); });
  };
  const Shape image = {2, 3, 4, 5};
  CHECK(problem({{2, 3}, image, {2, 3, 5, 4}})
            .says("layer 'layer1': Axpy has the inputs [2,3], [2,3,4,5] and [2,3,5,4]"));
  CHECK(problem({{3, 2}, image, image}).says("layer 'layer1': Axpy has the inputs [3,2]"));
  CHECK(problem({{2}, image, image}).says("layer 'layer1': Axpy has the inputs [2]"));
  CHECK(problem({{2, 3, 4, 1}, image, image}).says("layer 'layer1': Axpy has the inputs [2,3,4,1]"));
  CHECK(problem({{2, 3}, image}).says("layer 'layer1': Axpy has 2 inputs, wanted 3"));
}
