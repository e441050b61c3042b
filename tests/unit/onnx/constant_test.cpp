#include "nuq/onnx/constant.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

using T = nuq::onnx_schema::TensorProto;

namespace onnx_constant_test {

T tensor_of(int type, const std::vector<std::int64_t>& dims, const std::string& raw = {}) {
  T tensor;
  tensor.set_name("w");
  tensor.set_data_type(type);
  tensor.mutable_dims()->Add(dims.begin(), dims.end());
  if (!raw.empty()) tensor.set_raw_data(raw);
  return tensor;
}

nuq::OnnxConstant read(const T& tensor, const std::string& file = "m.onnx") {
  nuq::OnnxTensors tensors(file, {});
  return tensors.read(tensor, "m.onnx: initializer 'w'");
}

CaughtError refused(const T& tensor, const std::string& file = "m.onnx") {
  return error_of<nuq::ModelError>([&] { static_cast<void>(read(tensor, file)); });
}

T external(const std::string& location, const std::string& offset, const std::string& length) {
  T tensor = tensor_of(T::FLOAT, {2});
  tensor.set_data_location(T::EXTERNAL);
  for (const auto& [key, value] : {std::pair{"location", location}, {"offset", offset}, {"length", length}}) {
    nuq::onnx_schema::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return tensor;
}

}  // namespace onnx_constant_test
using namespace onnx_constant_test;

TEST_CASE("values of every type, in raw bytes or in a field of their type") {
  CHECK(read(tensor_of(T::FLOAT, {1}, std::string("\0\0\xC0\x3F", 4))).floats == std::vector<float>{1.5F});
  CHECK(read(tensor_of(T::FLOAT16, {4}, std::string("\0\x3E\1\0\0\xFC\0\x80", 8))).floats ==
        std::vector<float>{1.5F, 5.9604645e-8F, -INFINITY, 0.0F});
  CHECK(read(tensor_of(T::BFLOAT16, {1}, std::string("\xC0\x3F", 2))).floats == std::vector<float>{1.5F});
  CHECK(read(tensor_of(T::DOUBLE, {1}, std::string("\0\0\0\0\0\0\xF8\x3F", 8))).floats == std::vector<float>{1.5F});
  CHECK(read(tensor_of(T::INT8, {2}, "\xFF\x02")).integers == std::vector<std::int64_t>{-1, 2});
  CHECK(read(tensor_of(T::UINT8, {1}, "\xFF")).integers == std::vector<std::int64_t>{255});
  CHECK(read(tensor_of(T::INT32, {1}, "\xFE\xFF\xFF\xFF")).integers == std::vector<std::int64_t>{-2});
  CHECK(read(tensor_of(T::INT64, {1}, std::string("\3\0\0\0\0\0\0\x80", 8))).integers ==
        std::vector<std::int64_t>{INT64_MIN + 3});

  T typed = tensor_of(T::FLOAT16, {1});
  typed.add_int32_data(0x3E00);
  CHECK(read(typed).floats == std::vector<float>{1.5F});
  typed = tensor_of(T::DOUBLE, {1});
  typed.add_double_data(2.5);
  CHECK(read(typed).values() == std::vector<float>{2.5F});
  typed = tensor_of(T::BOOL, {2});
  typed.add_int32_data(1);
  typed.add_int32_data(0);
  CHECK(read(typed).values() == std::vector<float>{1.0F, 0.0F});
  typed = tensor_of(T::UINT64, {});
  typed.add_uint64_data(7);
  CHECK(read(typed).integers == std::vector<std::int64_t>{7});
  CHECK(read(tensor_of(T::FLOAT, {0})).floats.empty());
  CHECK(read(tensor_of(T::UINT4, {3}, "\x21\xF3")).integers == std::vector<std::int64_t>{1, 2, 3});
  CHECK(read(tensor_of(T::INT4, {2}, "\xF8")).integers == std::vector<std::int64_t>{-8, -1});
  typed = tensor_of(T::UINT4, {2});
  typed.add_int32_data(0x5E);
  CHECK(read(typed).integers == std::vector<std::int64_t>{14, 5});
}

TEST_CASE("what is no tensor is refused before memory is asked for") {
  CHECK(refused(tensor_of(T::FLOAT, {-2, -2}, std::string(16, 'x'))).says("initializer 'w': has shape [-2,-2]"));
  CHECK(refused(tensor_of(T::FLOAT, {std::int64_t{1} << 62, 4}, "x")).code == nuq::ErrorCode::size_mismatch);
  CHECK(refused(tensor_of(T::FLOAT, {2}, "1234567")).says("holds 7 bytes, its shape [2] asks for 8"));
  CHECK(refused(tensor_of(99, {1}, "1234")).says("data type 99"));
  T few = tensor_of(T::FLOAT, {std::int64_t{1} << 39});
  few.add_float_data(1.0F);
  CHECK(refused(few).says("holds 1 values"));
}

TEST_CASE("values in files beside the model's, and nowhere else") {
  const TemporaryFolder folder;
  const std::string model = folder / "m.onnx";
  static_cast<void>(folder.write("data.bin", std::string("....\0\0\x80\x3F\0\0\0\x40", 12)));
  CHECK(read(external("data.bin", "4", "8"), model).floats == std::vector<float>{1.0F, 2.0F});
  CHECK(refused(external("data.bin", "8", "8"), model).says("'data.bin' at 8, 8 bytes, which has 12 bytes"));
  CHECK(refused(external("data.bin", "9223372036854775800", "8"), model).says("data.bin"));
  CHECK(refused(external("data.bin", "-4", "8"), model).says("data.bin"));
  CHECK(refused(external("absent.bin", "0", "8"), model).says("absent.bin"));
  CHECK(refused(external("../data.bin", "0", "8"), model).says("wanted a file in the model's folder"));
  CHECK(refused(external("a/../../data.bin", "0", "8"), model).says("wanted a file in the model's folder"));
  CHECK(refused(external("/etc/passwd", "0", "8"), model).says("wanted a file in the model's folder"));
  std::filesystem::create_symlink("/etc/passwd", folder / "link.bin");
  CHECK(refused(external("link.bin", "0", "8"), model).says("wanted a file in the model's folder"));
}
