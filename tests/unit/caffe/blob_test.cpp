#include "nuq/caffe/blob.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace caffe_blob_test {

nuq::Tensor tensor_of(const nuq::schema::BlobProto& blob) {
  return nuq::tensor_of(blob, {"net.caffemodel", "conv1", 1});
}

nuq::schema::BlobProto blob_of(const nuq::Shape& shape, const std::vector<float>& values) {
  nuq::schema::BlobProto blob;
  blob.mutable_shape();
  for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
  for (const float value : values) blob.add_data(value);
  return blob;
}

nuq::schema::BlobProto half_blob(const std::vector<std::uint16_t>& halves) {
  nuq::schema::BlobProto blob;
  blob.mutable_shape()->add_dim(static_cast<std::int64_t>(halves.size()));
  for (const std::uint16_t half : halves) {
    blob.mutable_raw_data()->push_back(static_cast<char>(static_cast<unsigned char>(half & 0xFFU)));
    blob.mutable_raw_data()->push_back(static_cast<char>(static_cast<unsigned char>(half >> 8U)));
  }
  blob.mutable_unknown_fields()->AddVarint(10, 2);  // raw_data_type: FLOAT16
  return blob;
}

TEST_CASE("a blob's values come with its shape") {
  const nuq::Tensor tensor = tensor_of(blob_of({2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(tensor.shape == nuq::Shape{2, 3});
  CHECK(tensor.values == std::vector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("a blob without axes is one number") {
  CHECK(tensor_of(blob_of({}, {0.25F})).values == std::vector<float>{0.25F});
  CHECK(nuq::blob_shape(blob_of({}, {0.25F})).empty());
}

TEST_CASE("the older four extents are a shape of four axes") {
  nuq::schema::BlobProto blob;
  blob.set_num(1);
  blob.set_channels(2);
  blob.set_height(1);
  blob.set_width(2);
  for (int value = 0; value < 4; ++value) blob.add_data(static_cast<float>(value));
  CHECK(nuq::blob_shape(blob) == nuq::Shape{1, 2, 1, 2});
  CHECK(tensor_of(blob).shape == nuq::Shape{1, 2, 1, 2});
}

TEST_CASE("double-precision values are rounded to float") {
  nuq::schema::BlobProto blob = blob_of({2}, {});
  blob.add_double_data(0.1);
  blob.add_double_data(-2.5);
  CHECK(tensor_of(blob).values == std::vector<float>{0.1F, -2.5F});
  blob.set_double_data(1, 1e300);
  CHECK_THROWS_AS(tensor_of(blob), nuq::ModelError);
}

TEST_CASE("half-precision values are exact: normal, subnormal, largest, signed zero") {
  const nuq::Tensor tensor = tensor_of(half_blob({0x3C00, 0xC000, 0x3555, 0x0001, 0x03FF, 0x0400, 0x7BFF, 0x8000}));
  CHECK(tensor.values == std::vector<float>{1.0F, -2.0F, 0.333251953125F, 5.9604644775390625e-8F, 6.097555160522461e-5F,
                                            6.103515625e-5F, 65504.0F, -0.0F});
}

TEST_CASE("half-precision infinity and NaN are refused") {
  CHECK_THROWS_WITH_AS(tensor_of(half_blob({0x3C00, 0xFC00})),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 value 1 is -inf, wanted a finite number",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(tensor_of(half_blob({0x7E00})),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 value 0 is nan, wanted a finite number",
                       nuq::ModelError);
}

/// NVCaffe's raw data: the bytes of numbers, little-endian, and their element type in field 10.
nuq::schema::BlobProto raw_blob(const nuq::Shape& shape, const std::string& bytes, std::uint64_t type) {
  nuq::schema::BlobProto blob = blob_of(shape, {});
  blob.set_raw_data(bytes);
  blob.mutable_unknown_fields()->AddVarint(10, type);
  return blob;
}

TEST_CASE("raw single-precision values are read bit for bit") {
  const std::string bytes("\x00\x00\x80\x3F\xCD\xCC\xCC\xBD\x01\x00\x00\x00", 12);  // 1, -0.1, the smallest subnormal
  CHECK(tensor_of(raw_blob({3}, bytes, 1)).values == std::vector<float>{1.0F, -0.1F, 1.40129846432481707e-45F});
}

TEST_CASE("raw double-precision values are rounded to float") {
  const std::string bytes("\x9A\x99\x99\x99\x99\x99\xB9\x3F\x00\x00\x00\x00\x00\x00\x04\xC0", 16);  // 0.1, -2.5
  CHECK(tensor_of(raw_blob({1, 2, 1, 1}, bytes, 0)).values == std::vector<float>{0.1F, -2.5F});
}

TEST_CASE("raw data of integers or of half a number is refused by name") {
  CHECK_THROWS_WITH_AS(
      tensor_of(raw_blob({1}, std::string(4, '\1'), 3)),
      "nuq: net.caffemodel: layer 'conv1': blob 1 has raw data of type 3, wanted 0 (DOUBLE), 1 (FLOAT) "
      "or 2 (FLOAT16)",
      nuq::ModelError);
  CHECK_THROWS_WITH_AS(tensor_of(raw_blob({1}, std::string(6, '\1'), 1)),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 has 6 bytes of raw data, wanted a multiple of 4",
                       nuq::ModelError);
  CHECK_THROWS_AS(tensor_of(raw_blob({3}, std::string(8, '\1'), 1)), nuq::ModelError);
}

TEST_CASE("raw bytes of another or no element type are refused") {
  nuq::schema::BlobProto untyped = half_blob({0x3C00});
  untyped.mutable_unknown_fields()->Clear();
  CHECK_THROWS_AS(tensor_of(untyped), nuq::ModelError);
  nuq::schema::BlobProto odd = half_blob({0x3C00});
  odd.mutable_raw_data()->push_back('\0');
  CHECK_THROWS_AS(tensor_of(odd), nuq::ModelError);
}

TEST_CASE("a number of values that contradicts the shape is refused") {
  CHECK_THROWS_WITH_AS(tensor_of(blob_of({4, 3, 3, 3}, std::vector<float>(36))),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 has 36 values, shape [4,3,3,3] needs 108",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(tensor_of(blob_of({5}, {})),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 has 0 values, shape [5] needs 5", nuq::ModelError);
}

TEST_CASE("impossible extents are refused before memory is asked for") {
  const std::int64_t huge = (std::numeric_limits<std::int64_t>::max)();
  CHECK_THROWS_WITH_AS(tensor_of(blob_of({-1, 3}, {1})),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 has the impossible shape [-1,3]", nuq::ModelError);
  CHECK_THROWS_AS(tensor_of(blob_of({huge, huge}, {1})), nuq::ModelError);
  CHECK_THROWS_AS(tensor_of(blob_of({1 << 20, 1 << 20}, {1})), nuq::ModelError);
}

TEST_CASE("a value that is no number is named") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH_AS(tensor_of(blob_of({3}, {1, 2, infinity})),
                       "nuq: net.caffemodel: layer 'conv1': blob 1 value 2 is inf, wanted a finite number",
                       nuq::ModelError);
  CHECK_THROWS_AS(tensor_of(blob_of({1}, {std::numeric_limits<float>::quiet_NaN()})), nuq::ModelError);
}

TEST_CASE("integer blobs of a deploy model are read as the same numbers") {
  nuq::schema::BlobProto int8 = blob_of({3}, {});
  int8.set_int8_data("\x01\x80\x7F");
  CHECK(tensor_of(int8).values == std::vector<float>{1.0F, -128.0F, 127.0F});
  nuq::schema::BlobProto int32 = blob_of({2}, {});
  int32.add_int32_data(7);
  int32.add_int32_data(-70000);
  CHECK(tensor_of(int32).values == std::vector<float>{7.0F, -70000.0F});
}

TEST_CASE("the uint64 values of field 12 are read packed and unpacked, and a broken one is refused") {
  const nuq::BlobOrigin origin{"net.caffemodel", "conv1", 1};
  nuq::schema::BlobProto packed;
  packed.set_raw_data("\xAC\x02\x07");  // 300 and 7
  CHECK(nuq::detail::uint64_values(packed, origin) == std::vector<std::uint64_t>{300, 7});
  nuq::schema::BlobProto unpacked;
  unpacked.mutable_unknown_fields()->AddVarint(12, 300);
  CHECK(nuq::detail::uint64_values(unpacked, origin) == std::vector<std::uint64_t>{300});
  nuq::schema::BlobProto broken;
  broken.set_raw_data("\xAC");
  CHECK_THROWS_AS(static_cast<void>(nuq::detail::uint64_values(broken, origin)), nuq::ModelError);
}

}  // namespace caffe_blob_test
