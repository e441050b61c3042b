// Forward passes of an .onnx model on demand, for tests/benchmark/onnx_speed.py: each line of standard input asks for
// one, whose milliseconds are printed.
//
//     nuq_benchmark_onnx_forward MODEL.onnx OUTPUT.npy INPUT=ARRAY.npy …
//
// The first output of the first pass is written to OUTPUT.npy. A network that cannot be computed: exit 2, one line.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/npy.hpp"
#include "nuq/onnx/front_end.hpp"

namespace {

void answer(const std::vector<std::string>& arguments) {
  nuq::ReadOptions options;
  options.front_end = nuq::onnx_front_end();
  std::vector<std::pair<std::string, nuq::Tensor>> inputs;
  for (std::size_t index = 2; index < arguments.size(); ++index) {
    const std::size_t equals = arguments[index].rfind('=');
    nuq::Tensor tensor = nuq::to_tensor(nuq::read_npy(arguments[index].substr(equals + 1)));
    if (tensor.shape.empty()) tensor.shape = {1};
    options.input_shapes[arguments[index].substr(0, equals)] = tensor.shape;
    inputs.emplace_back(arguments[index].substr(0, equals), std::move(tensor));
  }
  nuq::Net net(arguments[0], {}, 1, {}, options);
  const std::string output = net.graph().values[net.graph().outputs.front()].blob;
  net.keep_only({output});
  std::string line;
  for (bool is_first = true; std::getline(std::cin, line); is_first = false) {
    const auto start = std::chrono::steady_clock::now();
    for (const auto& [name, tensor] : inputs) net.set_input(name, tensor.view());
    net.forward();
    const nuq::TensorView result = net.output(output);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (is_first) nuq::write_npy(arguments[1], result);
    std::cout << time.count() << std::endl;
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    answer({arguments + 1, arguments + count});
  } catch (const nuq::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
