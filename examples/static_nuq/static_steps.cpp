// Static quantization step by step, with the vendor's verbs.
//
// Usage: nuq_static_steps MODEL WEIGHTS CALIBRATION.json PREFIX [--shift-bits]

#include <cstdio>
#include <exception>
#include <string>

#include "nuq/dataset/dataset.hpp"
#include "nuq/graph/input_shapes.hpp"
#include "nuq/workflow/calibrate.hpp"
#include "nuq/workflow/calibrate_shift_bits.hpp"
#include "nuq/workflow/collect_statistics.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/init.hpp"
#include "nuq/workflow/quantize_model.hpp"
#include "nuq/workflow/save_model.hpp"

namespace {

void quantize(const std::string& model, const std::string& weights, const std::string& calibration,
              const std::string& prefix, bool shift_bits) {
  const nuq::Dataset data = nuq::load_dataset(calibration);
  const std::string config = prefix + "_config.json";
  nuq::create_quant_config(config, model, weights, {}, data.batches());
  nuq::QuantizationSession session = nuq::init(config, model, weights, prefix + "_record.txt");
  const nuq::InputShapes inputs = nuq::input_shapes(session.graph);
  const auto batch = [&](int index) { return data.batch(index, inputs); };

  // What the data say of the layers' inputs: weights are fitted to it.
  const nuq::NetworkStatistics statistics = nuq::collect_statistics(session, batch, data.batches());
  nuq::quantize_model(session, prefix + "_modified_model.prototxt", prefix + "_modified_weights.caffemodel",
                      nuq::NonUniformQuantizer<>{}, statistics);

  nuq::calibrate(session, batch);  // or the vendor's Caffe, with the modified model: both complete the record
  if (shift_bits) nuq::calibrate_shift_bits(session, batch);
  for (const std::string& file : nuq::save_model(session, nuq::SaveType::both, prefix))
    std::printf("%s\n", file.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const bool shift_bits = argc == 6 && std::string(argv[5]) == "--shift-bits";
  if (argc != 5 && !shift_bits) {
    std::fprintf(stderr, "usage: nuq_static_steps MODEL WEIGHTS CALIBRATION.json PREFIX [--shift-bits]\n");
    return 2;
  }
  try {
    quantize(argv[1], argv[2], argv[3], argv[4], shift_bits);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
