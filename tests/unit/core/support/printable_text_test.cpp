#include "nuq/core/support/printable_text.hpp"

#include <doctest/doctest.h>

#include <string>

#include "nuq/core/error.hpp"

namespace core_support_printable_text_test {

using nuq::detail::printable_message;
using nuq::detail::printable_text;

TEST_CASE("printable text stays as it is") {
  for (const char* const text : {"", "conv1/3x3", "blob 'a b'", "Größe → 1 µs", "畳み込み", "\xF0\x9F\x98\x80"}) {
    CHECK(printable_text(text) == text);
    CHECK(printable_message(text) == text);
  }
}

TEST_CASE("control characters and bytes that are no UTF-8 are escaped, white space becomes spaces") {
  CHECK(printable_text("a\x1B[31m\x07") == "a\\x1b[31m\\x07");
  CHECK(printable_text("line\r\n\tend") == "line   end");
  CHECK(printable_text({"\0", 1}) == "\\x00");
  CHECK(printable_text("\x7F") == "\\x7f");
  CHECK(printable_text("\xC2\x9B") == "\\xc2\\x9b");                      // CSI, a control character in two bytes
  CHECK(printable_text("\xFF\xC3(\xE2\x82") == "\\xff\\xc3(\\xe2\\x82");  // no first byte, no second, cut off
  CHECK(printable_text("\xC0\xAF") == "\\xc0\\xaf");                      // overlong
  CHECK(printable_text("\xED\xA0\x80") == "\\xed\\xa0\\x80");             // a surrogate
  CHECK(printable_text("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");    // beyond U+10FFFF
}

TEST_CASE("long words lose their middle, between characters, and a message its own") {
  const std::string name = std::string(100000, 'a') + "end";
  CHECK(printable_text(name).size() <= 203);
  CHECK(printable_text(name).find("aaa…aaa") != std::string::npos);
  std::string umlauts;
  for (int index = 0; index < 500; ++index) umlauts += "ä";
  const std::string cut = printable_text(umlauts, 9);
  CHECK(cut == "äää…ä");
  const std::string message = printable_message("net.prototxt: layer '" + name + "': stride 0, wanted 1");
  CHECK(message.size() < 300);
  CHECK(message.rfind("net.prototxt: layer 'aaa", 0) == 0);
  CHECK(message.find("end': stride 0, wanted 1") != std::string::npos);
  std::string words;
  for (int index = 0; index < 50000; ++index) words += "word ";
  CHECK(printable_message(words).size() <= 2003);
}

TEST_CASE("errors say what files hold in printable text") {
  const nuq::ModelError error(nuq::ErrorCode::invalid_graph, "layer '\x1B]0;x\x07" + std::string(100000, 'n') + "'");
  CHECK(std::string(error.message()).rfind("layer '\\x1b]0;x\\x07nnn", 0) == 0);
  CHECK(std::string(error.what()).size() < 300);
}

}  // namespace core_support_printable_text_test
