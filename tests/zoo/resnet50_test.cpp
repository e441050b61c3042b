#include <doctest/doctest.h>

#include <google/protobuf/util/message_differencer.h>

#include <set>
#include <string>

#include "../deploy_agreement.hpp"
#include "../unit/random_values.hpp"
#include "../unit/temporary_folder.hpp"
#include "nuq/amct/quant_config_json.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/workflow/convert_model.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "random_weights.hpp"
#include "zoo.hpp"

namespace zoo_resnet50_test {

/// The convolutions that the vendor's compiler flags for this network (the mapping file of its public ResNet-50
/// sample).
const std::set<std::string> compressed_layers = {"res5a_branch1",  "res5a_branch2a", "res5a_branch2b", "res5a_branch2c",
                                                 "res5b_branch2a", "res5b_branch2b", "res5b_branch2c", "res5c_branch2a",
                                                 "res5c_branch2b", "res5c_branch2c"};

std::set<std::string> nuq_layers(const nuq::QuantConfig& config) {
  std::set<std::string> names;
  for (const nuq::LayerEntry& layer : config.layers) {
    if (layer.quant_enable && layer.plan.weight_algorithm == nuq::WeightAlgorithm::nuq) names.insert(layer.name);
  }
  return names;
}

TEST_CASE("the vendor's ResNet-50 sample puts NUQ on exactly the ten res5 convolutions") {
  const TemporaryFolder folder;
  const std::string model = ZooNetwork::path("models/prototxt/resnet50_kaiming.prototxt");
  const std::string weights = folder / "random.caffemodel";
  write_random_weights(model, weights);
  const std::string config_file = folder / "config.json";
  nuq::create_quant_config(config_file, model, weights, {}, 1, true,
                           ZooNetwork::path("data/ascend_samples/resnet50_quant.cfg"));

  const nuq::QuantConfig config = nuq::read_quant_config(config_file);
  CHECK(nuq_layers(config) == compressed_layers);
  CHECK(config.layers.size() == 54);
  CHECK(config.batch_num == 2);
}

TEST_CASE("the vendor's complete ResNet-50 record parses and writes back to an equal message") {
  const nuq::schema::ScaleOffsetRecord record =
      nuq::read_record(ZooNetwork::path("data/ascend_samples/resnet50_record.txt"));
  CHECK(record.record_size() == 54);
  const nuq::schema::ScaleOffsetRecord again = nuq::parse_record(nuq::to_text(record), "again");
  CHECK(google::protobuf::util::MessageDifferencer::Equals(record, again));
}

TEST_CASE("the vendor's record converts random weights, and integers compute what the fake-quant model does") {
  const TemporaryFolder folder;
  const std::string model = ZooNetwork::path("models/prototxt/resnet50_kaiming.prototxt");
  write_random_weights(model, folder / "random.caffemodel");
  const auto files = nuq::convert_model(model, folder / "random.caffemodel",
                                        ZooNetwork::path("data/ascend_samples/resnet50_record.txt"), folder / "net");
  CHECK(files.size() == 7);
  const nuq::Graph fake_quant =
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  const nuq::Graph deploy =
      nuq::load_graph(folder / "net_deploy_model.prototxt", folder / "net_deploy_weights.caffemodel");
  const nuq::Shape shape{1, 3, 224, 224};
  const DeployAgreement agreement =
      deploy_agreement(fake_quant, deploy, {{"data", {shape, random_values(nuq::element_count(shape), 7)}}});
  CHECK(agreement.layers == 54);
  MESSAGE("largest difference: " << agreement.worst << " of what is allowed, in " << agreement.worst_layer);
  CHECK(agreement.worst <= 1.0);
}

}  // namespace zoo_resnet50_test
