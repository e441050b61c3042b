#include <doctest/doctest.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "../caffe/message_text.hpp"
#include "../caffe/small_network.hpp"
#include "layer_cases.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/read_operation.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/net.hpp"

namespace engine_layer_cases_test {

using nuq::Shape;
using nuq::Tensor;

/// A network, what goes in, and what must come out.
struct Case {
  std::string name;
  std::string network;
  std::vector<std::pair<std::string, Tensor>> inputs;  ///< by blob
  std::map<std::string, std::vector<Tensor>> trained;  ///< by layer
  std::vector<std::pair<std::string, Tensor>> wanted;  ///< by blob
};

/// `1 2 = 0.5 -3`
Tensor read_tensor(std::istream& line) {
  Shape shape;
  for (std::string extent; line >> extent && extent != "=";) shape.push_back(std::stoll(extent));
  Tensor tensor(shape);
  for (float& value : tensor.values) line >> value;
  REQUIRE(line);
  REQUIRE(line.eof());
  return tensor;
}

Case read_case(const std::string& text) {
  std::istringstream lines(text);
  Case read;
  std::getline(lines, read.name);
  std::getline(lines, read.network);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string role;
    std::string owner;
    words >> role >> owner;
    Tensor tensor = read_tensor(words);
    if (role == "input") {
      read.inputs.emplace_back(owner, std::move(tensor));
    } else if (role == "trained") {
      read.trained[owner].push_back(std::move(tensor));
    } else {
      read.wanted.emplace_back(owner, std::move(tensor));
    }
  }
  return read;
}

/// Whether `got` is as `wanted` but for rounding: within 1e-5 of each value, of those below 0.1 within 1e-6.
bool agrees(nuq::ArrayView<const float> got, const std::vector<float>& wanted) {
  return std::equal(got.begin(), got.end(), wanted.begin(), wanted.end(), [](float value, float reference) {
    return std::fabs(value - reference) <= 1e-5F * (std::max)(std::fabs(reference), 0.1F);
  });
}

void check_that_it_computes(const Case& one) {
  SmallWeights weights;
  for (const auto& [layer, blobs] : one.trained) weights.layer(layer, "", blobs);
  const std::string weights_file = one.trained.empty() ? "" : "net.caffemodel";
  nuq::Net net(nuq::build_graph(std::make_shared<const nuq::Model>(
      nuq::parse_model(one.network, weights.bytes(), "net.prototxt", weights_file))));
  CHECK(net.graph().warnings.empty());
  for (const auto& [blob, tensor] : one.inputs) net.set_input(blob, tensor.view());
  net.forward();
  for (const std::pair<std::string, Tensor>& wanted : one.wanted) {
    CAPTURE(wanted.first);
    const nuq::TensorView output = net.output(wanted.first);
    CHECK(output.shape == wanted.second.shape);
    CHECK(agrees(output.values, wanted.second.values));
  }
}

TEST_CASE("each layer type computes what its definition says, with each of its parameters") {
  for (const char* const text : layer_cases) {
    const Case one = read_case(text);
    CAPTURE(one.name);
    try {
      check_that_it_computes(one);
    } catch (const nuq::Error& error) {
      FAIL_CHECK(error.what());  // and on to the next one
    }
  }
}

using Field = google::protobuf::FieldDescriptor;

/// The fields that a layer sets in its own message, enumerations with their values: "Pooling.pool=MAX".
void collect_fields(const nuq::schema::LayerParameter& layer, std::set<std::string>& found) {
  found.insert(layer.type());
  std::vector<const Field*> messages;
  layer.GetReflection()->ListFields(layer, &messages);
  for (const Field* const message : messages) {
    if (message->is_repeated() || message->message_type() == nullptr) continue;
    const google::protobuf::Message& parameter = layer.GetReflection()->GetMessage(layer, message);
    std::vector<const Field*> fields;
    parameter.GetReflection()->ListFields(parameter, &fields);
    for (const Field* const field : fields) {
      std::string name = layer.type() + "." + std::string(field->name());
      if (field->enum_type() != nullptr) name += "=" + parameter.GetReflection()->GetEnum(parameter, field)->name();
      found.insert(name);
    }
  }
}

/// What the cases of a type must set: every field that its reader takes up, with every value of an enumeration.
std::set<std::string> fields_to_set(const std::string& type) {
  nuq::schema::LayerParameter layer;
  layer.set_type(type);
  const std::optional<nuq::LayerFields> fields = nuq::fields_read(layer);
  REQUIRE(fields);
  std::set<std::string> names = {type};
  std::istringstream words{std::string(fields->read)};
  for (std::string word; words >> word;) {
    const Field* const message = layer.GetDescriptor()->FindFieldByName(std::string(fields->parameter));
    const google::protobuf::EnumDescriptor* const values = message->message_type()->FindFieldByName(word)->enum_type();
    if (values == nullptr) names.insert(type + "." + word);
    for (int index = 0; values != nullptr && index < values->value_count(); ++index) {
      names.insert(type + "." + word + "=" + values->value(index)->name());
    }
  }
  return names;
}

TEST_CASE("no layer type of BVLC Caffe and none of its parameters is without a case") {
  // All but what inference does not compute (losses, Accuracy, files written) and data layers, which the user feeds.
  const char* const types[] = {
      "AbsVal",      "ArgMax",    "BatchNorm",     "BatchReindex", "Bias",  "BNLL",    "Clip",      "Concat",
      "Convolution", "Crop",      "Deconvolution", "Dropout",      "ELU",   "Eltwise", "Embed",     "Exp",
      "Filter",      "Flatten",   "Im2col",        "InnerProduct", "LRN",   "LSTM",    "Log",       "MVN",
      "PReLU",       "Parameter", "Pooling",       "Power",        "RNN",   "ReLU",    "Reduction", "Reshape",
      "SPP",         "Scale",     "Sigmoid",       "Silence",      "Slice", "Softmax", "Split",     "Swish",
      "TanH",        "Threshold", "Tile"};
  const std::set<std::string> refused = {"Eltwise.operation=STOCHASTIC_SUM", "SPP.pool=STOCHASTIC"};
  std::set<std::string> found;
  for (const char* const text : layer_cases) {
    const auto net = parsed<nuq::schema::NetParameter>(read_case(text).network);
    for (const nuq::schema::LayerParameter& layer : net.layer()) collect_fields(layer, found);
  }
  for (const char* const type : types) {
    for (const std::string& name : fields_to_set(type)) {
      CAPTURE(name);
      CHECK(found.count(name) + refused.count(name) == 1);
    }
  }
}

}  // namespace engine_layer_cases_test
