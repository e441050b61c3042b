#include "nuq/report/packed_contents.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "../packed/small_model.hpp"

namespace report_packed_contents_test {

std::string_view bytes_of(const std::vector<std::uint8_t>& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

nuq::Json report_of(const char* layer) {
  const nuq::Json entry = nuq::Json::object({{"name", layer}});
  return nuq::Json::object({{"layers", nuq::Json::array({entry})}});
}

TEST_CASE("the parts of a packed file are all of it, and those of a layer are its own") {
  const std::vector<std::uint8_t> file = SmallModel().file();
  nuq::Json report = report_of("deconv");
  nuq::add_packed_contents(report, bytes_of(file));
  const nuq::Json& parts = *report.find("packed_file");
  std::int64_t sum = 0;
  for (const char* const key : {"indices", "tables", "scales", "float_weights", "biases", "text", "directory"})
    sum += parts.find(key)->integer();
  CHECK(sum == static_cast<std::int64_t>(file.size()));
  CHECK(parts.find("bytes")->integer() == sum);
  CHECK(parts.find("scales")->integer() == 4 * (8 + 6 + 1));
  CHECK(parts.find("text")->integer() > 0);
  const nuq::Json& stored = *(*report.find("layers"))[0].find("stored");
  CHECK(stored.find("scales")->integer() == 24);
  CHECK(stored.find("indices")->integer() > 0);
}

TEST_CASE("nothing is told of layers that a file does not have, and of what is no packed file") {
  const std::vector<std::uint8_t> file = SmallModel().file();
  nuq::Json report = report_of("other");
  nuq::add_packed_contents(report, bytes_of(file));
  CHECK((*report.find("layers"))[0].find("stored") == nullptr);
  nuq::Json untouched = report_of("conv");
  nuq::add_packed_contents(untouched, "no packed file");
  nuq::add_packed_contents(untouched, bytes_of(file).substr(0, file.size() / 2));
  CHECK(untouched == report_of("conv"));
}

}  // namespace report_packed_contents_test
