#include "nuq/amct/record_file.hpp"
#include "nuq/amct/mapping_file.hpp"
#include "nuq/amct/simplified_config.hpp"
#include "nuq/proto_schema.hpp"

#include <doctest/doctest.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include "../temporary_folder.hpp"
#include "network.hpp"

namespace amct_record_file_test {

/// A record of one layer with two channels, whose text ends in `more`.
std::string record_with(const std::string& more) {
  return "record { key: 'conv1' value { scale_w: 0.5 scale_w: 0.25 " + more + " } }";
}

std::string rejected(const std::string& text, nuq::ErrorCode code) {
  return message_of<nuq::RecordError>([&] { static_cast<void>(nuq::parse_record(text, "record.txt")); }, code);
}

std::string rejected_value(const std::string& more, nuq::ErrorCode code = nuq::ErrorCode::invalid_argument) {
  return rejected(record_with("offset_w: 0 offset_w: 0 " + more), code);
}

TEST_CASE("a record file is read") {
  const nuq::schema::ScaleOffsetRecord record = nuq::parse_record(R"(
    record { key: "conv1" value { scale_d: 1.07450986 offset_d: -14 scale_w: 0.00448934268 scale_w: 0.000430673215
                                  offset_w: 0 offset_w: 0 shift_bit: 1 shift_bit: 16 channels: 3 height: 224 width: 225
                                  skip_fusion: true cluster: -128 cluster: 127 } }
    record { key: "pool5" value { scale_d: 0.1 offset_d: 127 } }
    record { key: "fc" value { scale_w: 0.5 offset_w: 0 } })",
                                                                  "record.txt");
  REQUIRE(record.record_size() == 3);
  CHECK(record.record(0).value().scale_d() == 1.07450986F);
  CHECK(record.record(0).value().offset_d() == -14);
  CHECK(record.record(0).value().scale_w(1) == 0.000430673215F);
  CHECK(record.record(0).value().skip_fusion());
  CHECK(record.record(0).value().cluster(0) == -128);
  CHECK_FALSE(record.record(1).value().skip_fusion());
  CHECK_FALSE(record.record(2).value().has_scale_d());
}

TEST_CASE("a byte order mark is skipped, and a name of any bytes comes back") {
  const std::string name =
      "\xBE\xED\xBB\xFD"
      "1";
  nuq::schema::ScaleOffsetRecord record =
      nuq::parse_record("\xEF\xBB\xBF" + record_with("offset_w: 0 offset_w: 0"), "r.txt");
  record.mutable_record(0)->set_key(name);
  CHECK(nuq::parse_record(nuq::to_text(record), "r.txt").record(0).key() == name);
}

TEST_CASE("an empty file is a record of nothing") {
  CHECK(nuq::parse_record("", "record.txt").record_size() == 0);
}

TEST_CASE("a record is written in protobuf's text format, floats so that they read back the same") {
  nuq::schema::ScaleOffsetRecord record;
  auto& entry = *record.add_record();
  entry.set_key("conv1");
  entry.mutable_value()->set_scale_d(1.07450986F);
  entry.mutable_value()->set_offset_d(-128);
  entry.mutable_value()->add_scale_w(0.0775005072F);
  entry.mutable_value()->add_offset_w(0);
  entry.mutable_value()->set_channels(3);
  entry.mutable_value()->add_cluster(-5);
  entry.mutable_value()->add_cluster(7);
  CHECK(nuq::to_text(record) ==
        "record {\n  key: \"conv1\"\n  value {\n    scale_d: 1.07450986\n    offset_d: -128\n    scale_w: "
        "0.0775005072\n    offset_w: 0\n"
        "    channels: 3\n    cluster: -5\n    cluster: 7\n  }\n}\n");

  for (const float scale : {0.1F, 1.0F / 3.0F, 8.86e-7F, 16777217.0F, 2.3e-16F}) {
    entry.mutable_value()->set_scale_d(scale);
    CHECK(nuq::parse_record(nuq::to_text(record), "record.txt").record(0).value().scale_d() == scale);
  }
}

TEST_CASE("text that is no record is refused with its place") {
  CHECK(
      contains_text(rejected("record {\n  key: 'a'\n  values {} }", nuq::ErrorCode::malformed_file), "record.txt:3:"));
  CHECK(contains_text(
      rejected("record { key: 'a' value { scale_d: 0.5 scale_d: 0.25 offset_d: 0 } }", nuq::ErrorCode::malformed_file),
      "record.txt:1:"));
  CHECK(contains_text(rejected("record { value { offset_d: 999999999999 } }", nuq::ErrorCode::malformed_file),
                      "record.txt:1:"));
}

TEST_CASE("a layer without a name or recorded twice is refused") {
  CHECK(rejected("record { value { } }", nuq::ErrorCode::malformed_file) ==
        "record.txt: a record has no key, wanted a layer's name");
  CHECK(rejected("record { key: 'a' value { } } record { key: 'a' value { } }", nuq::ErrorCode::duplicate_name) ==
        "record.txt: layer 'a': is recorded twice");
}

TEST_CASE("scales must be finite and in range") {
  const auto check = [](const std::string& field, const std::string& got) {
    const std::string message = rejected_value(field, nuq::ErrorCode::scale_out_of_range);
    CHECK(contains_text(message, "record.txt: layer 'conv1': "));
    CHECK(contains_text(message, got + ", wanted a finite number"));
  };
  check("scale_d: 0 offset_d: 0", "scale_d: got 0");
  check("scale_d: -0.5 offset_d: 0", "scale_d: got -0.5");
  check("scale_d: inf offset_d: 0", "scale_d: got inf");
  check("scale_d: 1e-17 offset_d: 0", "scale_d: got 1e-17");
  check("scale_d: 1e16 offset_d: 0", "scale_d: got 1e+16");
  check("scale_w: nan offset_w: 0", "scale_w: got nan");
  check("scale_w: 0 offset_w: 0", "scale_w: got 0");
}

TEST_CASE("offsets must be in range") {
  CHECK(rejected_value("scale_d: 1 offset_d: 128") == "record.txt: layer 'conv1': offset_d: got 128, wanted -128..127");
  CHECK(rejected_value("scale_d: 1 offset_d: -129") ==
        "record.txt: layer 'conv1': offset_d: got -129, wanted -128..127");
  CHECK(rejected(record_with("offset_w: 0 offset_w: 3"), nuq::ErrorCode::invalid_argument) ==
        "record.txt: layer 'conv1': offset_w: got 3, wanted 0");
  CHECK(
      contains_text(rejected_value("scale_d: 1", nuq::ErrorCode::missing_record), "only one of scale_d and offset_d"));
  CHECK(
      contains_text(rejected_value("offset_d: 1", nuq::ErrorCode::missing_record), "only one of scale_d and offset_d"));
}

TEST_CASE("lists must be as long as scale_w") {
  CHECK(rejected(record_with("offset_w: 0"), nuq::ErrorCode::size_mismatch) ==
        "record.txt: layer 'conv1': offset_w has 1 values, scale_w has 2");
  CHECK(rejected(record_with(""), nuq::ErrorCode::size_mismatch) ==
        "record.txt: layer 'conv1': offset_w has 0 values, scale_w has 2");
  CHECK(rejected_value("shift_bit: 1", nuq::ErrorCode::size_mismatch) ==
        "record.txt: layer 'conv1': shift_bit has 1 values, scale_w has 2");
}

TEST_CASE("shift bits are all 0 or all in 1..16") {
  CHECK(contains_text(rejected_value("shift_bit: 0 shift_bit: 1"), "shift_bit"));
  CHECK(contains_text(rejected_value("shift_bit: 17 shift_bit: 1"), "shift_bit"));
  CHECK(nuq::parse_record(record_with("offset_w: 0 offset_w: 0 shift_bit: 0 shift_bit: 0"), "f").record_size() == 1);
  CHECK(nuq::parse_record(record_with("offset_w: 0 offset_w: 0 shift_bit: 1 shift_bit: 16"), "f").record_size() == 1);
}

TEST_CASE("a cluster has 2 to 256 int8 levels") {
  CHECK(rejected_value("cluster: 5") ==
        "record.txt: layer 'conv1': cluster has 1 values, wanted 2..256 (the vendor's tools: 16 or 32)");
  CHECK(rejected_value("cluster: 5 cluster: 128") == "record.txt: layer 'conv1': cluster: got 128, wanted -128..127");
  CHECK(rejected_value("cluster: 5 cluster: -129") == "record.txt: layer 'conv1': cluster: got -129, wanted -128..127");
  std::string levels;
  for (int level = -128; level <= 127; ++level) levels += "cluster: " + std::to_string(level) + " ";
  CHECK(nuq::parse_record(record_with("offset_w: 0 offset_w: 0 " + levels), "f").record(0).value().cluster_size() ==
        256);
  CHECK(contains_text(rejected_value(levels + "cluster: 0"), "cluster has 257 values"));
}

TEST_CASE("a record is read from its file") {
  const TemporaryFolder folder;
  CHECK(nuq::read_record(folder.write("r.txt", "record { key: 'a' value { } }")).record_size() == 1);
  CHECK_THROWS_AS(static_cast<void>(nuq::read_record(folder / "absent.txt")), nuq::FormatError);
}

TEST_CASE("zoo: the vendor's ResNet-50 record reads and writes back to the same message") {
  const auto zoo = model_zoo();
  if (!zoo) return;
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(*zoo + "/data/ascend_samples/resnet50_record.txt");
  REQUIRE(record.record_size() == 54);
  CHECK(record.record(0).key() == "conv1");
  CHECK(record.record(0).value().scale_d() == 1.07450986F);
  CHECK(record.record(0).value().scale_w_size() == 64);
  CHECK(record.record(53).key() == "fc1000");
  const nuq::schema::ScaleOffsetRecord again = nuq::parse_record(nuq::to_text(record), "again");
  CHECK(google::protobuf::util::MessageDifferencer::Equals(record, again));
}

TEST_CASE("what sibling tools record of other types is refused, of int8 accepted") {
  const auto recorded = [](const std::string& field) {
    return "record { key: 'a' value { scale_w: 0.5 offset_w: 0 " + field + " } }";
  };
  CHECK(nuq::parse_record(recorded("dst_type: 'INT8' act_type: 'INT8' tensor_balance_factor: 1"), "f").record_size() ==
        1);
  const auto unsupported = [&](const std::string& field) {
    return rejected(recorded(field), nuq::ErrorCode::unsupported_format);
  };
  CHECK(contains_text(unsupported("dst_type: 'INT4'"), "layer 'a'"));
  CHECK(contains_text(unsupported("dst_type: 'INT4'"), "dst_type: got \"INT4\", wanted \"INT8\""));
  CHECK(contains_text(unsupported("act_type: 'INT16'"), "act_type: got \"INT16\""));
  CHECK(contains_text(unsupported("wts_type: 'INT4'"), "wts_type: got \"INT4\""));
  CHECK(contains_text(unsupported("tensor_balance_factor: 1 tensor_balance_factor: 0.5"),
                      "tensor_balance_factor: got 0.5, wanted none, or 1"));
}

TEST_CASE("zoo: every file of the vendor's samples parses") {
  const auto zoo = model_zoo();
  if (!zoo) return;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*zoo + "/data/ascend_samples")) {
    const std::string file = entry.path().string();
    CAPTURE(file);
    ++files;
    if (entry.path().extension() == ".cfg") {
      CHECK(nuq::read_simplified_config(file).has_nuq_config());
    } else if (entry.path().extension() == ".json") {
      CHECK_FALSE(nuq::read_mapping_file(file).names.empty());
    } else {
      CHECK(nuq::read_record(file).record_size() > 0);
    }
  }
  CHECK(files >= 3);
}

}  // namespace amct_record_file_test
