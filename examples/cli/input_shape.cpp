#include "input_shape.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "nuq/core/error.hpp"

namespace {

[[noreturn]] void fail(const std::string& argument) {
  nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument,
                                     "--input-shape '" + argument + "': wanted NAME=EXTENTS, as in x=1x3x224x224"));
}

/// Of `argument` from a place on.
nuq::Shape extents_from(std::size_t begin, const std::string& argument) {
  nuq::Shape shape;
  const char* at = argument.data() + begin;
  const char* const end = argument.data() + argument.size();
  while (true) {
    std::int64_t extent = 0;
    const auto [behind, error] = std::from_chars(at, end, extent);
    if (error != std::errc() || extent < 1) fail(argument);
    shape.push_back(extent);
    if (behind == end) return shape;
    if (*behind != 'x') fail(argument);
    at = behind + 1;
  }
}

}  // namespace

void add_input_shape(CLI::App& command, nuq::ReadOptions& options) {
  const auto take = [&options](const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
      const std::size_t equals = argument.rfind('=');
      if (equals == std::string::npos) fail(argument);
      options.input_shapes[argument.substr(0, equals)] = extents_from(equals + 1, argument);
    }
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--input-shape", take,
          "shape of an .onnx model's input whose extents the file leaves open; may be given more than once")
      ->type_name("NAME=1x3x224x224")
      ->expected(1)
      ->take_all();
}
