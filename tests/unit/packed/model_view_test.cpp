#include "nuq/packed/model_view.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "nuq/packed/detail/byte_writer.hpp"
#include "small_model.hpp"

namespace packed_model_view_test {

using Bytes = std::vector<std::uint8_t>;

nuq::DecodeStatus open(const Bytes& file) {
  nuq::PackedModelView model;
  return model.open(file.data(), file.size());
}

/// The file with checksums and size that fit its other bytes: as an attacker would send it.
Bytes with_checksums(Bytes file) {
  const auto put = [&file](std::size_t place, std::uint64_t value, unsigned count) {
    Bytes number;
    nuq::detail::append_number(number, value, count);
    std::copy(number.begin(), number.end(), file.begin() + static_cast<std::ptrdiff_t>(place));
  };
  if (file.size() < 48) return file;
  put(8, file.size(), 8);
  const std::uint64_t text = nuq::detail::load_u64(file.data() + 16);
  const std::uint64_t directory = nuq::detail::load_u64(file.data() + 32);
  if (text <= file.size() - 48 && directory <= file.size() - 48 - text)
    put(40, nuq::crc32({file.data() + 48 + text, static_cast<std::size_t>(directory)}), 4);
  put(44, nuq::crc32({file.data(), 44}), 4);
  return file;
}

std::string text_of(const nuq::PackedModelView& model) {
  std::string text(model.text().size, '?');
  CHECK(nuq::decode_text(model.text(), {text.data(), text.size()}) == nuq::DecodeStatus::ok);
  return text;
}

/// Decodes whatever the view offers; true where all of it is well.
bool decode_all(const nuq::PackedModelView& model) {
  std::vector<char> text(model.text().size < 100000 ? model.text().size : 0);
  bool well = nuq::decode_text(model.text(), text) == nuq::DecodeStatus::ok;
  for (std::size_t index = 0; index < model.layer_count(); ++index) {
    model.layer(index).visit_blobs([&](std::size_t, const nuq::PackedBlob& blob) {
      if (blob.count > 100000) return true;
      std::vector<std::int8_t> levels(blob.count);
      std::vector<float> values(blob.count);
      if (blob.is_coded) well &= nuq::decode_levels(blob, levels) == nuq::DecodeStatus::ok;
      if (blob.type == nuq::ElementType::float32) well &= nuq::decode_floats(blob, values) == nuq::DecodeStatus::ok;
      return true;
    });
  }
  return well;
}

TEST_CASE("text, layers and blobs are as they were written") {
  const SmallModel small;
  const Bytes file = small.file();
  nuq::PackedModelView model;
  REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  CHECK(model.verify() == nuq::DecodeStatus::ok);
  CHECK(text_of(model) == small.prototxt);
  REQUIRE(model.layer_count() == 5);
  CHECK(model.layer(0).name() == "conv");
  CHECK(model.layer(0).type() == "Convolution");
  CHECK(model.layer(1).blob_count() == 0);
  CHECK(model.layer(2).type() == "Deconvolution");
  CHECK(model.layer(4).type() == "Convolution");
  CHECK(model.find("fc") == 3);
  CHECK(model.find("fc2") == 5);
  CHECK(model.layer(5).name().empty());
  CHECK(model.layer(0).blob(2).count == 0);

  const nuq::PackedBlob conv = model.layer(0).blob(0);
  CHECK(conv.shape.axes == 4);
  CHECK(conv.shape.extents[3] == 5);
  CHECK(conv.coding == nuq::LevelCoding::adaptive);
  std::vector<std::int8_t> levels(conv.count);
  REQUIRE(nuq::decode_levels(conv, levels) == nuq::DecodeStatus::ok);
  CHECK(levels == small.conv);

  const nuq::PackedBlob deploy = model.layer(4).blob(0);
  CHECK(deploy.type == nuq::ElementType::int8);
  levels.resize(deploy.count);
  REQUIRE(nuq::decode_levels(deploy, levels) == nuq::DecodeStatus::ok);
  CHECK(levels == small.deploy);

  const nuq::PackedBlob bias = model.layer(4).blob(1);
  CHECK(bias.type == nuq::ElementType::int32);
  CHECK(Bytes(bias.data.begin(), bias.data.end()) == Bytes{0xFB, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0x40});
  const nuq::PackedBlob doubles = model.layer(4).blob(2);
  CHECK(doubles.count == 2);
  CHECK(Bytes(doubles.data.begin(), doubles.data.end()) == small.doubles);
}

/// Bit for bit.
bool equal(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), 4 * a.size()) == 0;
}

TEST_CASE("floats are level times scale, whatever the layout of the scales") {
  const SmallModel small;
  const Bytes file = small.file();
  nuq::PackedModelView model;
  REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  std::vector<float> conv;
  for (std::size_t index = 0; index < small.conv.size(); ++index)
    conv.push_back(static_cast<float>(small.conv[index]) * small.conv_scales[index / 75]);
  std::vector<float> deconv;  // [in 4 × out/group 3 × kernel 4]; inputs 0 and 1 are group 0
  for (std::size_t in = 0; in < 4; ++in) {
    for (std::size_t out = 0; out < 3; ++out) {
      for (std::size_t place = 0; place < 4; ++place) {
        deconv.push_back(static_cast<float>(small.deconv[(in * 3 + out) * 4 + place]) *
                         small.deconv_scales[in / 2 * 3 + out]);
      }
    }
  }
  std::vector<float> fc;
  for (const std::int8_t level : small.fc) fc.push_back(static_cast<float>(level) * 0.25F);
  for (const nuq::InstructionSet instructions : instruction_sets()) {
    const auto floats = [&](std::size_t layer, std::size_t index) {
      const nuq::PackedBlob blob = model.layer(layer).blob(index);
      std::vector<float> values(blob.count);
      REQUIRE(nuq::decode_floats(blob, values, instructions) == nuq::DecodeStatus::ok);
      return values;
    };
    CHECK(equal(floats(0, 0), conv));
    CHECK(equal(floats(0, 1), small.conv_bias));
    CHECK(equal(floats(2, 0), deconv));
    CHECK(equal(floats(3, 0), fc));
    CHECK(floats(3, 1).empty());
  }
}

TEST_CASE("float values are coded where that is smaller") {
  const std::vector<float> alike = random_values(500, 1);
  const std::vector<float> one = {0.3F};
  for (const std::size_t max_adaptive : {500U, 499U}) {
    nuq::PackedModelWriter writer("", {0.0, max_adaptive});
    writer.add_layer("bn", "BatchNorm");
    writer.add_values({500}, nuq::ArrayView<const float>(alike));
    writer.add_values({1}, nuq::ArrayView<const float>(one));
    Bytes file = writer.finish();
    nuq::PackedModelView model;
    REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
    const nuq::PackedBlob blob = model.layer(0).blob(0);
    CHECK(blob.has_coded_floats == (max_adaptive == 500));
    CHECK_FALSE(blob.is_coded);
    CHECK((blob.data.size() < 2000) == (max_adaptive == 500));
    CHECK_FALSE(model.layer(0).blob(1).has_coded_floats);
    for (const std::vector<float>& values : {alike, one}) {
      std::vector<float> out(values.size());
      REQUIRE(nuq::decode_floats(model.layer(0).blob(values.size() == 1 ? 1 : 0), out) == nuq::DecodeStatus::ok);
      CHECK(equal(out, values));
    }
    std::vector<std::int8_t> levels(500);
    CHECK(nuq::decode_levels(blob, levels) == nuq::DecodeStatus::wrong_type);
  }
}

TEST_CASE("threads may decode the same layer at once") {
  const SmallModel small;
  const Bytes file = small.file();
  nuq::PackedModelView model;
  REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  std::vector<std::vector<std::int8_t>> levels(4, std::vector<std::int8_t>(small.conv.size()));
  std::vector<std::thread> threads;
  for (std::vector<std::int8_t>& out : levels)
    threads.emplace_back([&] { static_cast<void>(nuq::decode_levels(model.layer(0).blob(0), out)); });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<std::int8_t>& out : levels) CHECK(out == small.conv);
}

TEST_CASE("memory of another size and values of another type are refused") {
  const Bytes file = SmallModel().file();
  nuq::PackedModelView model;
  REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  std::vector<std::int8_t> levels(599);
  std::vector<float> values(601);
  CHECK(nuq::decode_levels(model.layer(0).blob(0), levels) == nuq::DecodeStatus::wrong_size);
  CHECK(nuq::decode_floats(model.layer(0).blob(0), values) == nuq::DecodeStatus::wrong_size);
  levels.resize(8);
  CHECK(nuq::decode_levels(model.layer(0).blob(1), levels) == nuq::DecodeStatus::wrong_type);
  values.resize(300);
  CHECK(nuq::decode_floats(model.layer(4).blob(0), values) == nuq::DecodeStatus::wrong_type);
}

TEST_CASE("every truncation is refused, and so are bytes behind the end") {
  Bytes file = SmallModel().file();
  nuq::PackedModelView model;
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Bytes shorter(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    REQUIRE(model.open(shorter.data(), size) != nuq::DecodeStatus::ok);
    REQUIRE(model.layer_count() == 0);
    REQUIRE(open(with_checksums(shorter)) != nuq::DecodeStatus::ok);
  }
  file.push_back(0);
  CHECK(open(file) == nuq::DecodeStatus::truncated);
  CHECK(open(with_checksums(file)) == nuq::DecodeStatus::malformed);
}

TEST_CASE("any changed bit is noticed, by open or by verify") {
  const Bytes file = SmallModel().file();
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    Bytes damaged = file;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    nuq::PackedModelView model;
    if (model.open(damaged.data(), damaged.size()) != nuq::DecodeStatus::ok) continue;
    REQUIRE(model.verify() == nuq::DecodeStatus::checksum_mismatch);
  }
}

TEST_CASE("verify names the layer that is damaged") {
  const SmallModel small;
  Bytes file = small.file();
  nuq::PackedModelView model;
  std::size_t damaged = 99;
  file[50] ^= 1;
  REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  CHECK(model.verify(&damaged) == nuq::DecodeStatus::checksum_mismatch);
  CHECK(damaged == 5);
  file[50] ^= 1;
  file.back() ^= 1;
  CHECK(model.verify(&damaged) == nuq::DecodeStatus::checksum_mismatch);
  CHECK(damaged == 4);
}

TEST_CASE("contents that checksums vouch for may be anything: nothing breaks") {
  const Bytes file = SmallModel().file();
  nuq::detail::RandomEngine engine(1);
  std::size_t opened = 0;
  std::size_t well = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    Bytes damaged = file;
    for (int change = 0; change < 1 + trial % 3; ++change) {
      const std::size_t reach = trial % 2 == 0 ? file.size() : 300;  // every other time the directory
      damaged[static_cast<std::size_t>(nuq::detail::uniform_below(engine, reach))] =
          static_cast<std::uint8_t>(engine() >> (engine() % 8));
    }
    damaged = with_checksums(damaged);
    nuq::PackedModelView model;
    if (model.open(damaged.data(), damaged.size()) != nuq::DecodeStatus::ok) continue;
    ++opened;
    static_cast<void>(model.verify());
    if (decode_all(model)) ++well;
  }
  CHECK(opened > 200);
  CHECK(well > 20);
  CHECK(well < opened);
}

TEST_CASE("a file of version 1 is read") {
  const Bytes file = with_checksums({
      'N', 'U', 'Q',  '1',  1, 0, 0, 0,    0,    0,    0,    0,    0, 0, 0, 0,  // size to be filled in
      2,   0,   0,    0,    0, 0, 0, 0,    0x6D, 0x48, 0x83, 0x9E, 1, 0, 0, 0,  // text, its CRC-32, one layer
      22,  0,   0,    0,    0, 0, 0, 0,    0,    0,    0,    0,    0, 0, 0, 0,  // directory
      'a', 'b', 0,    0,    0, 0, 1, 'c',  1,    'T',  0,    1,    0, 2, 2, 2,
      3,   2,   0,    3,    0, 0, 0, 0,                   // float32, palette, 2 × 3
      0,   0,   0x80, 0x3F, 0, 0, 0, 0x40, 0,    7,    7  // two scales, one level
  });
  nuq::PackedModelView model;
  REQUIRE(model.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  CHECK(text_of(model) == "ab");
  REQUIRE(model.layer_count() == 1);
  CHECK(model.layer(0).name() == "c");
  CHECK(model.layer(0).type() == "T");
  std::vector<float> values(6);
  REQUIRE(nuq::decode_floats(model.layer(0).blob(0), values) == nuq::DecodeStatus::ok);
  CHECK(values == std::vector<float>{7, 7, 7, 14, 14, 14});
}

TEST_CASE("a type is a layer's own or that of one before which has its own") {
  nuq::PackedModelWriter writer("");
  for (const char* name : {"a", "b", "c"}) writer.add_layer(name, "T");
  const Bytes file = writer.finish();
  REQUIRE(file.size() == 48 + 1 + 12 + 7 + 5 + 5);
  const auto open_with = [&file](std::size_t place, std::uint8_t type_of) {
    Bytes changed = file;
    changed[place] = type_of;
    return open(with_checksums(changed));
  };
  const std::size_t second = 48 + 1 + 12 + 7 + 2;
  const std::size_t third = second + 5;
  CHECK(open_with(second, 1) == nuq::DecodeStatus::ok);
  CHECK(open_with(third, 1) == nuq::DecodeStatus::ok);
  CHECK(open_with(third, 2) == nuq::DecodeStatus::malformed);  // the second has none of its own
  CHECK(open_with(third, 3) == nuq::DecodeStatus::malformed);
  CHECK(open_with(second, 3) == nuq::DecodeStatus::malformed);
}

TEST_CASE("a text that the section's size contradicts is refused before memory is asked for") {
  nuq::PackedModelWriter writer(std::string(3000000, 'x'));
  const Bytes file = writer.finish();
  const auto open_with_size = [&file](std::uint64_t size) {
    Bytes changed(file.begin(), file.begin() + 48);
    nuq::detail::append_varint(changed, size);
    const auto coded =
        static_cast<std::ptrdiff_t>(nuq::detail::load_u64(file.data() + 16) - 4);  // behind the varint of 3000000
    changed.insert(changed.end(), file.begin() + 52, file.begin() + 52 + coded);
    changed[16] = static_cast<std::uint8_t>(changed.size() - 48);
    return open(with_checksums(changed));
  };
  CHECK(open_with_size(3000000) == nuq::DecodeStatus::ok);
  CHECK(open_with_size(nuq::max_coded_text) == nuq::DecodeStatus::ok);
  CHECK(open_with_size(nuq::max_coded_text + 1) == nuq::DecodeStatus::malformed);
  CHECK(open_with_size(UINT64_MAX) == nuq::DecodeStatus::malformed);
  CHECK(open_with_size(3) == nuq::DecodeStatus::malformed);
}

TEST_CASE("other files and later versions are told apart") {
  Bytes file = SmallModel().file();
  CHECK(open(Bytes(100, 'x')) == nuq::DecodeStatus::not_a_packed_file);
  for (const std::uint8_t version : Bytes{0, 3}) {
    file[4] = version;
    CHECK(open(with_checksums(file)) == nuq::DecodeStatus::unsupported_version);
  }
  file[4] = 2;
  file[6] = 1;
  CHECK(open(with_checksums(file)) == nuq::DecodeStatus::unsupported_version);
  file[6] = 0;
  file[30] = 1;
  CHECK(open(file) == nuq::DecodeStatus::checksum_mismatch);
  CHECK(nuq::PackedModelView().open(nullptr, 0) == nuq::DecodeStatus::truncated);
}

}  // namespace packed_model_view_test
