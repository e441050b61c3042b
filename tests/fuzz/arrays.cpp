// Array files: npy and IDX, or either within gzip.

#include <cmath>

#include "nuq/adapters/gzip.hpp"
#include "nuq/io/array_file.hpp"
#include "nuq/io/npy.hpp"
#include "nuq/io/numeric_array.hpp"
#include "target.hpp"

NUQ_FUZZ_TARGET(arrays) {
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 22U;
  const bool is_gzip = bytes.substr(0, 2) == "\x1f\x8b";
  const std::string content = is_gzip ? nuq::gunzip(bytes, "x.gz", most_bytes) : std::string(bytes);
  const nuq::NumericArray array = nuq::parse_array(content, "x");
  const nuq::Tensor tensor = nuq::to_tensor(array);
  require(tensor.values.size() == nuq::element_count(array.shape), "values are missing");
  if (nuq::is_integer(array.type))
    require(nuq::to_integers(array).size() == tensor.values.size(), "integers are missing");
  bool is_finite = true;
  for (const float value : tensor.values) is_finite = is_finite && std::isfinite(value);
  require(is_finite == !nuq::first_beyond_float(array), "what is no finite float is not found");
  const nuq::NumericArray written = nuq::parse_npy(nuq::npy_bytes(tensor.view()), "x");
  require(written.shape == tensor.shape, "the shape changes when written");
}
