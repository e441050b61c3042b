#include "nuq/core/error.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace core_error_test {

template <class E>
void check_thrown_as_itself_and_as_root() {
  const E error(nuq::ErrorCode::size_mismatch, "lenet.prototxt: layer 'conv1': blob 0 has 36 values, wanted 108");
  CHECK_THROWS_AS(nuq::detail::fail(error), E);
  CHECK_THROWS_AS(nuq::detail::fail(error), nuq::Error);
  CHECK_THROWS_AS(nuq::detail::fail(error), std::runtime_error);
  try {
    nuq::detail::fail(error);
  } catch (const nuq::Error& caught) {
    CHECK(caught.code() == nuq::ErrorCode::size_mismatch);
    CHECK(std::string(caught.what()) == "nuq: lenet.prototxt: layer 'conv1': blob 0 has 36 values, wanted 108");
  }
}

TEST_CASE("every error is caught as its kind, as nuq::Error and as a runtime_error, with its code and message") {
  check_thrown_as_itself_and_as_root<nuq::ModelError>();
  check_thrown_as_itself_and_as_root<nuq::ConfigError>();
  check_thrown_as_itself_and_as_root<nuq::RecordError>();
  check_thrown_as_itself_and_as_root<nuq::FormatError>();
  check_thrown_as_itself_and_as_root<nuq::EvaluationError>();
}

}  // namespace core_error_test
