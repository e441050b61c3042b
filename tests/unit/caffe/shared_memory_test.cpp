#include "nuq/caffe/shared_memory.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"

namespace caffe_shared_memory_test {

std::string layer(const std::string& name, const std::string& type, const std::string& bottom, const std::string& top) {
  return "layer { name: '" + name + "' type: '" + type + "' bottom: '" + bottom + "' top: '" + top + "' } ";
}

std::vector<std::string> warnings_of(const std::string& layers) {
  const std::string text = "input: 'a' input_shape { dim: 2 dim: 3 dim: 4 dim: 5 } " + layers;
  return nuq::shared_memory_warnings(
      nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", ""))));
}

TEST_CASE("an in-place layer on a view changes what is read behind it from the original") {
  const std::string expected =
      "layer 'relu': writes over 'f', whose memory Caffe shares with what layer 'power' reads; here that layer reads "
      "what was there before";
  const std::string behind = layer("relu", "ReLU", "f", "f") + layer("power", "Power", "a", "p");
  CHECK(warnings_of(layer("view", "Flatten", "a", "f") + behind) == std::vector<std::string>{expected});
  CHECK(
      warnings_of("layer { name: 'view' type: 'Reshape' bottom: 'a' top: 'f' reshape_param { shape { dim: 2 dim: -1 } "
                  "} } " +
                  behind) == std::vector<std::string>{expected});
  CHECK(warnings_of(layer("view", "Concat", "a", "f") + behind) == std::vector<std::string>{expected});
  CHECK(warnings_of("layer { name: 'view' type: 'Split' bottom: 'a' top: 'f' top: 'g' } " +
                    layer("relu", "ReLU", "f", "f") + layer("power", "Power", "g", "p")) ==
        std::vector<std::string>{expected});
}

TEST_CASE("what is read before, from a copy, or of the new values, is no accident") {
  CHECK(warnings_of(layer("view", "Flatten", "a", "f") + layer("power", "Power", "a", "p") +
                    layer("relu", "ReLU", "f", "f"))
            .empty());
  CHECK(warnings_of(layer("copy", "Power", "a", "f") + layer("relu", "ReLU", "f", "f") +
                    layer("power", "Power", "a", "p"))
            .empty());
  CHECK(warnings_of(layer("view", "Flatten", "a", "f") + layer("relu", "ReLU", "f", "f") +
                    layer("again", "Flatten", "f", "g") + layer("power", "Power", "g", "p"))
            .empty());
  // Caffe's own Split gives the second reader of 'f' a name of its own: nothing is overwritten.
  CHECK(warnings_of(layer("view", "Flatten", "a", "f") + layer("first", "Power", "f", "q") +
                    layer("relu", "ReLU", "f", "f") + layer("power", "Power", "a", "p"))
            .empty());
  CHECK(warnings_of(layer("view", "Flatten", "a", "f") + layer("drop", "Dropout", "f", "f") +
                    layer("power", "Power", "a", "p"))
            .empty());
}

TEST_CASE("an in-place sum or maximum loses an input in Caffe, a product does not") {
  const auto eltwise = [](const std::string& method, const std::string& top) {
    return warnings_of(layer("copy", "Power", "a", "c") +
                       "layer { name: 'sum' type: 'Eltwise' bottom: 'c' bottom: 'a' " + "top: '" + top +
                       "' eltwise_param { operation: " + method + " } }");
  };
  const std::vector<std::string> expected = {
      "layer 'sum': writes over its input 'c', which Caffe clears before it is read; here it is counted"};
  CHECK(eltwise("SUM", "c") == expected);
  CHECK(eltwise("MAX", "c") == expected);
  CHECK(eltwise("PROD", "c").empty());
  CHECK(eltwise("SUM", "d").empty());
}

}  // namespace caffe_shared_memory_test
