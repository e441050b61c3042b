#include "nuq/amct/simplified_config.hpp"
#include "nuq/proto_schema.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../temporary_folder.hpp"
#include "network.hpp"

namespace amct_simplified_config_test {

std::string rejected(const std::string& text) {
  return message_of<nuq::ConfigError>([&] { static_cast<void>(nuq::parse_simplified_config(text, "quant.cfg")); },
                                      nuq::ErrorCode::malformed_file);
}

TEST_CASE("an empty simplified configuration states the manual's defaults") {
  const nuq::schema::AMCTConfig config = nuq::parse_simplified_config("# nothing but a comment\n", "quant.cfg");
  CHECK(config.batch_num() == 1);
  CHECK(config.activation_offset());
  CHECK_FALSE(config.joint_quant());
  CHECK(config.do_fusion());
  CHECK_FALSE(config.has_nuq_config());
  CHECK(config.nuq_config().nuq_quantize().num_steps() == 32);
  CHECK(config.nuq_config().nuq_quantize().num_of_iteration() == 1);
}

TEST_CASE("a byte order mark is skipped") {
  CHECK(nuq::parse_simplified_config("\xEF\xBB\xBF"
                                     "batch_num: 3",
                                     "quant.cfg")
            .batch_num() == 3);
}

TEST_CASE("messages may be written with and without a colon") {
  const nuq::schema::AMCTConfig config = nuq::parse_simplified_config(
      "batch_num : 2 skip_layers: 'a' skip_layers: \"b\"\n"
      "common_config : { nuq_quantize { num_steps: 16 } ifmr_quantize : { search_step : 0.02 } } # comment",
      "quant.cfg");
  CHECK(config.batch_num() == 2);
  CHECK(config.skip_layers_size() == 2);
  CHECK(config.common_config().nuq_quantize().num_steps() == 16);
  CHECK(config.common_config().ifmr_quantize().search_step() == 0.02F);
}

TEST_CASE("of several weight algorithms the last one written wins") {
  CHECK(nuq::parse_simplified_config("common_config { nuq_quantize {} arq_quantize {} }", "f")
            .common_config()
            .has_arq_quantize());
  CHECK(nuq::parse_simplified_config("common_config { arq_quantize {} nuq_quantize {} }", "f")
            .common_config()
            .has_nuq_quantize());
  CHECK(nuq::parse_simplified_config("common_config { hfmg_quantize {} ifmr_quantize {} }", "f")
            .common_config()
            .has_ifmr_quantize());
}

TEST_CASE("errors name file, line and column") {
  CHECK(contains_text(rejected("batch_num: 2\nbatchnum: 3\n"), "quant.cfg:2:"));
  CHECK(contains_text(rejected("batch_num: 2\nbatchnum: 3\n"), "batchnum"));
  CHECK(contains_text(rejected("batch_num: -1"), "quant.cfg:1:"));
  CHECK(contains_text(rejected("common_config { arq_quantize { channel_wise: maybe } }"), "quant.cfg:1:"));
  CHECK(contains_text(rejected("common_config {\n arq_quantize {"), "quant.cfg:2:"));
  CHECK(contains_text(rejected("{\"version\": 1}"), "quant.cfg:1:"));
}

TEST_CASE("nuq_config needs a mapping file") {
  const std::string message = rejected("nuq_config { nuq_quantize { num_steps: 32 } }");
  CHECK(contains_text(message, "quant.cfg: "));
  CHECK(contains_text(message, "nuq_config.mapping_file"));
}

TEST_CASE("a simplified configuration is read from its file") {
  const TemporaryFolder folder;
  CHECK(nuq::read_simplified_config(folder.write("q.cfg", "batch_num: 4")).batch_num() == 4);
  CHECK_THROWS_AS(static_cast<void>(nuq::read_simplified_config(folder / "absent.cfg")), nuq::FormatError);
}

}  // namespace amct_simplified_config_test
