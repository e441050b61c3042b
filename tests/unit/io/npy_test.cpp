#include "nuq/io/npy.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../temporary_folder.hpp"

namespace io_npy_test {

using namespace std::string_literals;

/// An .npy file with any header text.
std::string npy_file(int version, const std::string& header, const std::string& elements) {
  std::string bytes = "\x93NUMPY"s + static_cast<char>(version) + '\0';
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  for (std::size_t index = 0; index < length_bytes; ++index)
    bytes += static_cast<char>((header.size() >> (8 * index)) & 0xFFU);
  return bytes + header + elements;
}

/// An .npy file of uint8 elements with any text for its shape.
std::string with_shape(const std::string& shape, std::size_t elements) {
  return npy_file(1, "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + "}\n",
                  std::string(elements, '\x05'));
}

/// The code of the error that parsing gives; a test failure if it gives none.
nuq::ErrorCode code_of(const std::string& bytes) {
  try {
    static_cast<void>(nuq::parse_npy(bytes, "x.npy"));
  } catch (const nuq::FormatError& error) {
    CHECK(std::string(error.what()).find("nuq: x.npy: ") == 0);
    return error.code();
  }
  FAIL("parsed");
  return {};
}

/// What numpy.save writes for [[1, -2.5, 3e-40], [4, 5, 6]] of float32.
const std::string numpy_float32 = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"s +
                                  std::string(58, ' ') +
                                  "\n\x00\x00\x80?\x00\x00 \xc0GD\x03\x00\x00\x00\x80@\x00\x00\xa0@\x00\x00\xc0@"s;

const std::vector<float> numpy_float32_values = {1.0F, -2.5F, 3e-40F, 4.0F, 5.0F, 6.0F};

TEST_CASE("a float32 file of NumPy is read as written") {
  const nuq::NumericArray array = nuq::parse_npy(numpy_float32, "x.npy");
  CHECK(array.type == nuq::NumericType::float32);
  CHECK(array.shape == nuq::Shape{2, 3});
  CHECK(nuq::to_tensor(array).shape == nuq::Shape{2, 3});
  CHECK(nuq::to_tensor(array).values == numpy_float32_values);
}

TEST_CASE("a float32 file is written byte for byte as NumPy does") {
  CHECK(nuq::npy_bytes(nuq::Tensor({2, 3}, numpy_float32_values).view()) == numpy_float32);
}

TEST_CASE("all element types and versions of NumPy's files are read") {
  const std::string spaces(60, ' ');
  const auto scalar =
      nuq::parse_npy("\x93NUMPY\x02\x00t\x00\x00\x00{'descr': '<f8', 'fortran_order': False, 'shape': (), }"s + spaces +
                         "\n\0\0\0\0\0\0\x1c@"s,
                     "x");
  CHECK(scalar.shape.empty());
  CHECK(nuq::to_tensor(scalar).values == std::vector<float>{7.0F});

  const auto int64 =
      nuq::parse_npy("\x93NUMPY\x03\x00t\x00\x00\x00{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }"s +
                         std::string(58, ' ') + "\n\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"s,
                     "x");
  CHECK(nuq::to_integers(int64) == std::vector<std::int64_t>{-1, 0, 1});
  CHECK(nuq::to_tensor(int64).values == std::vector<float>{-1.0F, 0.0F, 1.0F});

  const auto uint8 = nuq::parse_npy(
      "\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"s + spaces + "\n\x00\xc8\xff"s,
      "x");
  CHECK(nuq::to_integers(uint8) == std::vector<std::int64_t>{0, 200, 255});
  CHECK(nuq::to_tensor(uint8).values == std::vector<float>{0.0F, 200.0F, 255.0F});

  const auto int8 = nuq::parse_npy(
      "\x93NUMPY\x01\x00v\x00{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }"s + spaces + "\n\x80\x7f"s, "x");
  CHECK(nuq::to_integers(int8) == std::vector<std::int64_t>{-128, 127});

  const auto int32 =
      nuq::parse_npy("\x93NUMPY\x01\x00v\x00{'descr': '<i4', 'fortran_order': False, 'shape': (2, 1, 1), }"s +
                         std::string(55, ' ') + "\n\xfb\xff\xff\xffp\x11\x01\x00"s,
                     "x");
  CHECK(int32.shape == nuq::Shape{2, 1, 1});
  CHECK(nuq::to_integers(int32) == std::vector<std::int64_t>{-5, 70000});
}

TEST_CASE("tensors of any rank survive a round trip through a file") {
  const TemporaryFolder folder;
  for (const nuq::Shape& shape :
       {nuq::Shape{}, nuq::Shape{1}, nuq::Shape{5}, nuq::Shape{0}, nuq::Shape{2, 1, 3}, nuq::Shape{1, 2, 3, 4, 5}}) {
    nuq::Tensor tensor(shape);
    for (std::size_t index = 0; index < tensor.values.size(); ++index)
      tensor.values[index] = 0.1F * static_cast<float>(index) - 1.0F;
    nuq::write_npy(folder / "t.npy", tensor.view());
    const nuq::NumericArray read = nuq::read_npy(folder / "t.npy");
    CHECK(read.shape == tensor.shape);
    CHECK(nuq::to_tensor(read).values == tensor.values);
    CHECK((folder.read("t.npy").size() - 4 * tensor.values.size()) % 64 == 0);
  }
}

TEST_CASE("the header's keys may come in any order and quotes") {
  const std::string header = "{\"shape\":(2,),'fortran_order' : False , 'descr':'|u1'}";
  CHECK(nuq::to_integers(nuq::parse_npy(npy_file(1, header, "\x01\x02"), "x")) == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("a file cut off anywhere is refused") {
  for (std::size_t size = 0; size < numpy_float32.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(static_cast<void>(nuq::parse_npy(numpy_float32.substr(0, size), "x")), nuq::FormatError);
  }
  CHECK(code_of(numpy_float32 + "x") == nuq::ErrorCode::size_mismatch);
}

TEST_CASE("a file with any one byte changed is refused or is an array of its own size") {
  for (std::size_t at = 0; at < numpy_float32.size(); ++at) {
    for (const char changed : "\x00\x01\x7f\x80\xff 0129(){}',:<>\n"s) {
      std::string bytes = numpy_float32;
      bytes[at] = changed;
      try {
        const nuq::NumericArray array = nuq::parse_npy(bytes, "x");
        CHECK(array.bytes.size() == nuq::element_count(array.shape) * nuq::element_size(array.type));
      } catch (const nuq::FormatError&) {
      }
    }
  }
}

TEST_CASE("shapes are tuples of sane extents") {
  CHECK(nuq::parse_npy(with_shape("(2, 3,)", 6), "x").shape == nuq::Shape{2, 3});
  for (const char* shape :
       {"(6)", "6", "[6]", "(-6,)", "(6", "(,)", "(6,,)", "(2 3)", "(6L,)", "(6.0,)", "(None,)", "('6',)"}) {
    CAPTURE(shape);
    CHECK(code_of(with_shape(shape, 6)) == nuq::ErrorCode::malformed_file);
  }
}

TEST_CASE("absurd shapes are refused before memory is asked for") {
  for (const char* shape : {"(1099511627777,)", "(1099511627776, 2)", "(99999999999999999999999999,)",
                            "(4294967296, 4294967296)", "(2147483648, 2147483648, 4)"}) {
    CAPTURE(shape);
    CHECK(code_of(with_shape(shape, 6)) == nuq::ErrorCode::malformed_file);
  }
  CHECK(code_of(with_shape("(1099511627776,)", 6)) == nuq::ErrorCode::size_mismatch);
  CHECK(code_of(with_shape("(7,)", 6)) == nuq::ErrorCode::size_mismatch);
  CHECK(code_of(with_shape("()", 6)) == nuq::ErrorCode::size_mismatch);
}

TEST_CASE("headers with missing, repeated or unknown keys are refused") {
  const auto code_of_header = [](const std::string& header) { return code_of(npy_file(1, header, "\x05")); };
  const std::string descr = "'descr': '|u1', ";
  const std::string order = "'fortran_order': False, ";
  const std::string shape = "'shape': (1,)";
  CHECK(nuq::parse_npy(npy_file(1, "{" + descr + order + shape + "}", "\x05"), "x").shape == nuq::Shape{1});
  for (const std::string& header :
       {"{}"s, "{" + descr + order + "}", "{" + order + shape + "}", "{" + descr + shape + "}",
        "{" + descr + descr + order + shape + "}", "{" + descr + order + shape + ", 'more': 1}",
        "{" + descr + order + shape, descr + order + shape + "}", "{" + descr + order + shape + "} x",
        "{" + descr + "'fortran_order': 0, " + shape + "}"}) {
    CAPTURE(header);
    CHECK(code_of_header(header) == nuq::ErrorCode::malformed_file);
  }
}

TEST_CASE("known but unsupported files say so") {
  const auto header = [](const std::string& type, const std::string& order, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + "}";
  };
  CHECK(code_of(npy_file(1, header(">f4", "False", "(1,)"), "abcd")) == nuq::ErrorCode::unsupported_format);
  CHECK(code_of(npy_file(1, header("<f2", "False", "(2,)"), "abcd")) == nuq::ErrorCode::unsupported_format);
  CHECK(code_of(npy_file(1, header("|O", "False", "(2,)"), "abcd")) == nuq::ErrorCode::unsupported_format);
  CHECK(code_of(npy_file(1, header("|u1", "True", "(2, 2)"), "abcd")) == nuq::ErrorCode::unsupported_format);
  CHECK(nuq::parse_npy(npy_file(1, header("|u1", "True", "(4,)"), "abcd"), "x").bytes == "abcd");
  CHECK(code_of(npy_file(4, header("|u1", "False", "(4,)"), "abcd")) == nuq::ErrorCode::unsupported_format);
  CHECK(code_of("not an array file") == nuq::ErrorCode::malformed_file);
}

TEST_CASE("reading a missing file names it") {
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::read_npy("absent.npy")),
                       "nuq: absent.npy: cannot read: No such file or directory", nuq::FormatError);
}

}  // namespace io_npy_test
