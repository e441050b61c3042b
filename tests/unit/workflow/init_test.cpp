#include "nuq/workflow/init.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "tiny_network.hpp"

TEST_CASE("what the user should know of the configuration stays with the session") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  std::string config = folder.read("config.json");
  const std::string off = "\"joint_quant\":false";
  config.replace(config.find(off), off.size(), "\"joint_quant\":true");
  const std::string standard = "\"num_steps\":32";
  config.replace(config.find(standard), standard.size(), "\"num_steps\":8");
  folder.write("config.json", config);
  const nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  CHECK(session.settings.joint_quant);
  CHECK(session.settings.notes ==
        std::vector<std::string>{(folder / "config.json") +
                                 std::string(": num_steps 8: the vendor's tools take 16 and 32 only")});
}

TEST_CASE("the scope of the configuration stays with the session") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::QuantConfigRequest request;
  request.nuq_scope = nuq::NuqScope::extended;
  nuq::create_quant_config(folder / "config.json", network.model, network.weights, request);
  const nuq::QuantizationSession session =
      nuq::init(folder / "config.json", network.model, network.weights, folder / "record.txt");
  CHECK(session.settings.nuq_scope == nuq::NuqScope::extended);
  CHECK(folder.read("record.txt").empty());
}
