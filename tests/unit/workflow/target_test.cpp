#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/workflow/auto_nuq.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "tiny_network.hpp"

namespace workflow_target_test {

/// Accepts every network.
struct Content : nuq::AutoNuqEvaluatorBase<Content> {
  double eval_net(nuq::Net& net, int batch_num) {
    for (int batch = 0; batch < batch_num; ++batch) {
      net.set_input("data", TinyNetwork::batch(batch).view());
      net.forward();
    }
    return 1.0;
  }
  bool is_satisfied(double, double) const { return true; }
};

struct Run {
  TemporaryFolder folder;
  TinyNetwork network{folder, 32};
  std::string config = folder / "config.json";
  nuq::AutoNuqOptions options;

  void configure_by_mapping_file() const {
    folder.write("om.json", R"({"graph": [{"op": [
      {"name": "conv2", "attr": [{"key": "_fe_weight_compress", "value": {"b": true}}]}]}]})");
    nuq::create_quant_config(config, network.model, network.weights, {}, 1, true,
                             folder.write("quant.cfg", "nuq_config { mapping_file: 'om.json' }"));
  }
  [[nodiscard]] nuq::RunReport report() const {
    return nuq::auto_nuq(network.model, network.weights, Content(), config, folder / "record.txt", folder / "net",
                         options)
        .report;
  }
};

bool says(const nuq::RunReport& report, const std::string& begin) {
  return std::any_of(report.warnings.begin(), report.warnings.end(),
                     [&begin](const std::string& warning) { return warning.rfind(begin, 0) == 0; });
}

TEST_CASE("a configuration by a mapping file or for a chip is measured by the vendor's compressor, which is said") {
  const Run run;
  run.configure_by_mapping_file();
  const nuq::RunReport mapped = run.report();
  CHECK(mapped.target == "ascend");
  CHECK(says(mapped, "target ascend: "));
  REQUIRE(mapped.sizes.has_value());
  CHECK(mapped.bytes == mapped.sizes->ascend);
  CHECK(mapped.sizes->packed > 0);
  CHECK(mapped.sizes->packed != mapped.sizes->ascend);

  nuq::QuantConfigRequest request;
  request.soc = "Ascend310";
  nuq::create_quant_config(run.config, run.network.model, run.network.weights, request);
  CHECK(run.report().target == "ascend");
}

TEST_CASE("any other configuration is measured by the packed file, and a target that is given goes before") {
  Run run;
  nuq::create_quant_config(run.config, run.network.model, run.network.weights);
  const nuq::RunReport usual = run.report();
  CHECK(usual.target == "packed");
  CHECK_FALSE(says(usual, "target ascend: "));
  CHECK(usual.bytes == usual.sizes.value().packed);
  run.configure_by_mapping_file();
  run.options.target = nuq::Target::packed;
  const nuq::RunReport given = run.report();
  CHECK(given.target == "packed");
  CHECK_FALSE(says(given, "target ascend: "));
}

TEST_CASE("the record's clusters are the levels that the deploy model's weights use") {
  const Run run;
  run.configure_by_mapping_file();
  static_cast<void>(run.report());
  const nuq::Graph deploy =
      nuq::load_graph(run.folder / "net_deploy_model.prototxt", run.folder / "net_deploy_weights.caffemodel");
  int clusters = 0;
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(run.folder / "record.txt");
  for (const auto& entry : record.record()) {
    if (entry.value().cluster_size() == 0) continue;
    ++clusters;
    const std::vector<std::int8_t>& weights = deploy.find(entry.key())->integer.value().weights;
    CHECK(std::set<int>(weights.begin(), weights.end()) ==
          std::set<int>(entry.value().cluster().begin(), entry.value().cluster().end()));
  }
  CHECK(clusters == 1);
}

TEST_CASE("numbers of levels that the vendor's readers of the record refuse are warned of, and can be kept from") {
  Run run;
  run.configure_by_mapping_file();
  CHECK(says(run.report(), "the record has clusters of 4 levels, the vendor's own tools read 16 and 32 only"));
  run.options.levels = {32, 16};
  CHECK_FALSE(says(run.report(), "the record has clusters"));
  const nuq::schema::ScaleOffsetRecord record = nuq::read_record(run.folder / "record.txt");
  for (const auto& entry : record.record()) {
    CAPTURE(entry.key());
    CHECK(entry.value().cluster_size() == (entry.key() == "conv2" ? 16 : 0));
  }
}

}  // namespace workflow_target_test
