#include "nuq/engine/layers/concat.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../layer_alone.hpp"

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
