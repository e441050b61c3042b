#include "nuq/packed/status.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace packed_status_test {

TEST_CASE("every status has words of its own") {
  std::set<std::string> texts;
  for (int status = 0; status <= static_cast<int>(nuq::DecodeStatus::wrong_type); ++status)
    texts.insert(nuq::status_text(static_cast<nuq::DecodeStatus>(status)));
  CHECK(texts.size() == 8);
  CHECK(texts.count("unknown status") == 0);
  CHECK(std::string(nuq::status_text(static_cast<nuq::DecodeStatus>(200))) == "unknown status");
}

}  // namespace packed_status_test
