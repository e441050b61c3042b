#include "nuq/core/scale.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "../error_of.hpp"

TEST_CASE("the dominant side decides between 127 and 128 steps") {
  CHECK(nuq::max_abs_scale(-1.0F, 2.54F) == 2.54F / 127.0F);
  CHECK(nuq::max_abs_scale(-2.56F, 1.0F) == 2.56F / 128.0F);
  CHECK(nuq::max_abs_scale(-3.0F, 3.0F) == 3.0F / 127.0F);
  CHECK(nuq::max_abs_scale(0.0F, 0.0F) == 0.0F);
}

TEST_CASE("a scale below FLT_EPSILON becomes 1, FLT_EPSILON itself stays") {
  constexpr float epsilon = (std::numeric_limits<float>::epsilon)();
  CHECK(nuq::checked_scale(0.0F, "row 0") == 1.0F);
  CHECK(nuq::checked_scale(std::nextafter(epsilon, 0.0F), "row 0") == 1.0F);
  CHECK(nuq::checked_scale(epsilon, "row 0") == epsilon);
}

TEST_CASE("a scale whose reciprocal is below FLT_EPSILON is refused and its owner named") {
  CHECK(nuq::checked_scale(8388608.0F, "row 3") == 8388608.0F);
  const CaughtError error = error_of<nuq::ModelError>([] { (void)nuq::checked_scale(8388609.0F, "row 3"); });
  CHECK(error.code == nuq::ErrorCode::scale_out_of_range);
  CHECK(error.says("row 3: the quantization scale is 8388609, wanted at most 8388608"));
  CHECK(error_of<nuq::ModelError>([] {
          (void)nuq::checked_scale((std::numeric_limits<float>::infinity)(), "row 3");
        }).code == nuq::ErrorCode::scale_out_of_range);
}

TEST_CASE("legal scales are the finite ones between FLT_EPSILON and its reciprocal") {
  CHECK(nuq::is_legal_scale(1.0F));
  CHECK(nuq::is_legal_scale(nuq::min_scale));
  CHECK(nuq::is_legal_scale(nuq::max_scale));
  CHECK_FALSE(nuq::is_legal_scale(0.0F));
  CHECK_FALSE(nuq::is_legal_scale(-1.0F));
  CHECK_FALSE(nuq::is_legal_scale(8388609.0F));
  CHECK_FALSE(nuq::is_legal_scale((std::numeric_limits<float>::quiet_NaN)()));
}
