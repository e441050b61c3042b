#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "../unit/random_values.hpp"
#include "../unit/temporary_folder.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/npy.hpp"
#include "nuq/proto_schema.hpp"
#include "random_weights.hpp"
#include "zoo.hpp"

namespace zoo_resnet50_sample_test {

/// ResNet-50 with random weights, and random images whose labels are what the float network says of them.
class Sample {
 public:
  static constexpr int images = 2;

  Sample()
      : model_(ZooNetwork::path("models/prototxt/resnet50_kaiming.prototxt")), weights_(folder_ / "random.caffemodel") {
    write_random_weights(model_, weights_);
    const nuq::Shape shape{images, 3, 224, 224};
    const nuq::Tensor inputs(shape, random_values(nuq::element_count(shape), 7));
    nuq::Net net(model_, weights_);
    net.set_input("data", inputs.view());
    net.forward();
    nuq::write_npy(folder_ / "images.npy", inputs.view());
    write_labels(best_classes(net.output("prob")));
    std::ofstream(folder_ / "data.json")
        << R"({"inputs": {"data": "images.npy"}, "labels": "labels.npy", "batch_size": 1, "output": "prob",)"
        << R"( "metric": "top1"})";
  }

  /// Runs one of the example's programs; its exit code.
  [[nodiscard]] int run(const std::string& program) const {
    std::string command = "'" + program + "'";
    for (const std::string& argument : {model_, weights_, folder_ / "data.json",
                                        ZooNetwork::path("data/ascend_samples/resnet50_quant.cfg"), output()})
      command += " '" + argument + "'";
    command += " " + std::to_string(images) + " >'" + folder_ / "output.txt" + "' 2>&1";
    const int status = std::system(command.c_str());
    MESSAGE(folder_.read("output.txt"));
    return status;
  }

  [[nodiscard]] std::string output() const { return folder_ / "out"; }

 private:
  void write_labels(const std::vector<std::int64_t>& labels) const {
    std::string header =
        "{'descr': '<i8', 'fortran_order': False, 'shape': (" + std::to_string(labels.size()) + ",), }";
    header.resize(117, ' ');
    std::ofstream file(folder_ / "labels.npy", std::ios::binary);
    file << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << header << '\n';
    for (const std::int64_t label : labels) {
      for (int byte = 0; byte < 8; ++byte) file.put(static_cast<char>(label >> (8 * byte)));
    }
  }

  [[nodiscard]] static std::vector<std::int64_t> best_classes(const nuq::TensorView& scores) {
    std::vector<std::int64_t> best;
    const std::size_t classes = scores.values.size() / images;
    for (std::size_t image = 0; image < images; ++image) {
      const float* const row = scores.values.data() + image * classes;
      best.push_back(std::max_element(row, row + classes) - row);
    }
    return best;
  }

  TemporaryFolder folder_;
  std::string model_;
  std::string weights_;
};

/// Every layer has the grid of its input, and those that the compiler flags 16 or 32 levels or a part of them.
void check_record(const std::string& file) {
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(file);
  int calibrated = 0;
  int nuq_layers = 0;
  for (const auto& entry : record.record()) {
    CAPTURE(entry.key());
    calibrated += entry.value().has_scale_d() ? 1 : 0;
    if (entry.value().cluster_size() == 0) continue;
    ++nuq_layers;
    CHECK(entry.key().rfind("res5", 0) == 0);
    const std::set<std::int32_t> levels(entry.value().cluster().begin(), entry.value().cluster().end());
    CHECK(static_cast<int>(levels.size()) == entry.value().cluster_size());
  }
  CHECK(record.record_size() == 54);
  CHECK(calibrated == 54);
  CHECK(nuq_layers == 10);
}

TEST_CASE("the vendor's ResNet-50 samples run as they are written, and leave deploy model and complete record") {
  const Sample sample;
  for (const std::string program : {NUQ_RESNET50_STATIC_NUQ, NUQ_RESNET50_AUTO_NUQ}) {
    CAPTURE(program);
    std::filesystem::remove_all(sample.output());
    REQUIRE(sample.run(program) == 0);
    for (const char* const suffix : {"_fake_quant_model.prototxt", "_fake_quant_weights.caffemodel",
                                     "_deploy_model.prototxt", "_deploy_weights.caffemodel", "_quant.json"}) {
      CAPTURE(suffix);
      CHECK(std::filesystem::exists(sample.output() + "/results/ResNet50" + suffix));
    }
    check_record(sample.output() + "/tmp/scale_offset_record.txt");
  }
}

}  // namespace zoo_resnet50_sample_test
