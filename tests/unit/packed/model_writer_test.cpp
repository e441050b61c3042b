#include "nuq/packed/model_writer.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "nuq/packed/crc32.hpp"
#include "nuq/packed/model_view.hpp"
#include "small_model.hpp"

namespace packed_model_writer_test {

using Bytes = std::vector<std::uint8_t>;

TEST_CASE("the smallest file, byte for byte") {
  nuq::PackedModelWriter writer("ab");
  writer.add_layer("c", "T");
  const std::vector<std::int8_t> levels(6, 7);
  const std::vector<float> scales = {1.0F, 2.0F};
  writer.add_levels({2, 3}, nuq::ScaledLevels{levels, scales, {}});
  const Bytes file = writer.finish();
  REQUIRE(file.size() == 48 + 3 + 4 + 19 + 11);
  CHECK(Bytes(file.begin(), file.begin() + 24) ==
        Bytes{'N', 'U', 'Q', '1', 2, 0, 0, 0, 85, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0});
  CHECK(nuq::detail::load_u32(file.data() + 24) == nuq::crc32({file.data() + 48, 3}));
  CHECK(Bytes(file.begin() + 28, file.begin() + 40) == Bytes{1, 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0});
  // Text, where the record begins, name, type, data, one blob: float32, palette, two axes, two scales by row, 3 bytes.
  CHECK(Bytes(file.begin() + 48, file.begin() + 70) ==
        Bytes{2, 'a', 'b', 0, 0, 0, 0, 1, 'c', 0, 1, 'T', 0, 1, 0, 2, 2, 2, 3, 2, 0, 3});
  CHECK(Bytes(file.end() - 11, file.end()) == Bytes{0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 7, 7});
}

TEST_CASE("beside data and text a file has at most 0.5 % and 2 KiB") {
  nuq::PackedModelWriter writer("");
  std::size_t data = 0;
  const std::vector<std::int8_t> levels = bell_levels(64 * 576, 4.0F, 1);
  const std::vector<float> scales = random_values(64, 2);
  const nuq::CodedLevels coded = nuq::encode_levels({levels.data(), 64, 576});
  for (int layer = 0; layer < 50; ++layer) {
    writer.add_layer("res2a_branch2_" + std::to_string(layer), "Convolution");
    writer.add_coded_levels({64, 64, 3, 3}, nuq::ScaledLevels{levels, scales, {}}, coded);
    writer.add_values(nuq::ElementType::float32, {64}, Bytes(4 * 64));
    data += coded.bytes.size() + 4 * 64 + 4 * 64;
  }
  CHECK(static_cast<double>(writer.finish().size() - data) <= 0.005 * static_cast<double>(data) + 2048.0);
}

TEST_CASE("scales that are all the same take the place of one, whatever their layout") {
  const std::vector<std::int8_t> levels = bell_levels(4 * 6 * 5, 6.0F, 1);
  const auto file_of = [&](const std::vector<float>& scales, nuq::ScaleLayout layout) {
    nuq::PackedModelWriter writer("");
    writer.add_layer("layer", "T");
    writer.add_levels({4, 6, 5}, nuq::ScaledLevels{levels, scales, layout});
    const Bytes file = writer.finish();
    nuq::PackedModelView model;
    REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
    const nuq::PackedBlob blob = model.layer(0).blob(0);
    std::vector<float> values(levels.size());
    REQUIRE(nuq::decode_floats(blob, values) == nuq::DecodeStatus::ok);
    const auto run = static_cast<std::size_t>(layout.run != 0 ? layout.run : levels.size() / scales.size());
    for (std::size_t index = 0; index < levels.size(); ++index)
      CHECK(values[index] == static_cast<float>(levels[index]) * scales[index / run % scales.size()]);
    return file;
  };
  const Bytes one = file_of({0.375F}, {});
  CHECK(file_of({0.375F, 0.375F, 0.375F, 0.375F}, {}) == one);
  CHECK(file_of({0.375F, 0.375F, 0.375F, 0.375F, 0.375F, 0.375F}, {5, 6}) == one);
  CHECK(file_of({0.375F, 0.375F, 0.375F, 0.5F}, {}).size() == one.size() + 3 * 4);
  CHECK(file_of({0.5F, 0.375F, 0.375F, 0.375F}, {}).size() == one.size() + 3 * 4);
  CHECK(file_of({0.0F, -0.0F}, {}).size() == one.size() + 4);
}

TEST_CASE("the coding follows the choice") {
  const std::vector<std::int8_t> levels = bell_levels(30000, 5.0F, 1);
  const auto size = [&](nuq::CodingChoice choice) {
    nuq::PackedModelWriter writer("", choice);
    writer.add_layer("layer", "InnerProduct");
    writer.add_levels({10, 3000}, nuq::ArrayView<const std::int8_t>(levels));
    return writer.finish().size();
  };
  CHECK(size(nuq::CodingChoice::smallest()) < size(nuq::CodingChoice::fastest_within(0.5)));
  CHECK(size(nuq::CodingChoice::fastest_within(0.5)) < size(nuq::CodingChoice::fastest_within(5.0)));
}

TEST_CASE("a matrix in the older form of blobs is coded row by row too") {
  std::vector<std::int8_t> levels;
  for (std::size_t row = 0; row < 64; ++row) {
    const auto more = bell_levels(1500, row % 2 == 0 ? 1.0F : 9.0F, static_cast<std::uint32_t>(row));
    levels.insert(levels.end(), more.begin(), more.end());
  }
  const auto size = [&](const nuq::Shape& shape) {
    nuq::PackedModelWriter writer("");
    writer.add_layer("fc", "InnerProduct");
    writer.add_levels(shape, nuq::ArrayView<const std::int8_t>(levels));
    const Bytes file = writer.finish();
    nuq::PackedModelView model;
    REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
    std::vector<std::int8_t> out(levels.size());
    REQUIRE(nuq::decode_levels(model.layer(0).blob(0), out) == nuq::DecodeStatus::ok);
    CHECK(out == levels);
    return file.size();
  };
  CHECK(size({1, 1, 64, 1500}) == size({64, 1500}) + 2);  // two extents more
  CHECK(size({64, 1500}) < size({96000}) - 6000);
}

TEST_CASE("a text is coded where that is smaller, up to a size, and a type is written once") {
  const auto size = [](const std::string& text) {
    const Bytes file = nuq::PackedModelWriter(text).finish();
    nuq::PackedModelView model;
    REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
    std::string out(model.text().size, '?');
    REQUIRE(nuq::decode_text(model.text(), {out.data(), out.size()}) == nuq::DecodeStatus::ok);
    CHECK(out == text);
    return file.size() - 48;
  };
  CHECK(size("") == 1);
  CHECK(size("ab") == 3);
  CHECK(size(std::string(1000, 'x')) < 20);
  CHECK(size(std::string(nuq::max_coded_text, 'x')) < 20);
  CHECK(size(std::string(nuq::max_coded_text + 1, 'x')) == nuq::max_coded_text + 1 + 4);
  nuq::PackedModelWriter writer("");
  for (int layer = 0; layer < 10; ++layer) writer.add_layer("x", layer % 2 == 0 ? "Convolution" : "Pooling");
  CHECK(writer.finish().size() == 48 + 1 + 10 * (4 + 2 + 1 + 1 + 1) + 12 + 8);
}

TEST_CASE("what contradicts itself is refused, and nothing is added") {
  nuq::PackedModelWriter writer("");
  const std::vector<std::int8_t> levels(12, 1);
  const std::vector<float> values = {1.0F, 2.0F, 3.0F, 4.0F, 5.0F};
  const nuq::ArrayView<const float> five(values);
  CHECK(error_of<nuq::FormatError>([&] { writer.add_values({5}, five); }).code == nuq::ErrorCode::invalid_argument);
  writer.add_layer("one", "T");
  const Bytes before = writer.finish();
  const auto refused = [&](auto&& action) { return error_of<nuq::FormatError>(action); };
  CHECK(refused([&] { writer.add_values({6}, five); }).says("layer 'one': blob 0 has 5 values, its shape needs 6"));
  CHECK(refused([&] { writer.add_values({-5}, five); }).code == nuq::ErrorCode::invalid_argument);
  CHECK(refused([&] { writer.add_values({1, 1, 1, 1, 1, 1, 1, 1, 5}, five); }).says("8 axes"));
  CHECK(refused([&] { writer.add_values(nuq::ElementType::float64, {1}, Bytes(7)); }).says("has 7 bytes"));
  CHECK(refused([&] { writer.add_levels({13}, nuq::ScaledLevels{levels, {values.data(), 1}, {}}); }).says("12 levels"));
  CHECK(refused([&] { writer.add_levels({12}, nuq::ScaledLevels{levels, five, {}}); }).says("5 scales for 12 levels"));
  CHECK(refused([&] { writer.add_levels({12}, nuq::ScaledLevels{levels, {}, {}}); }).says("0 scales"));
  const std::vector<float> infinite = {std::numeric_limits<float>::infinity()};
  CHECK(refused([&] {
          writer.add_levels({12}, nuq::ScaledLevels{levels, infinite, {}});
        }).code == nuq::ErrorCode::non_finite_value);
  CHECK(writer.finish() == before);
}

}  // namespace packed_model_writer_test
