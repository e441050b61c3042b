#ifndef NUQ_AMCT_QUANT_INFO_HPP
#define NUQ_AMCT_QUANT_INFO_HPP

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nuq/caffe/model.hpp"
#include "nuq/caffe/upgrade.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

[[nodiscard]] inline nlohmann::ordered_json string_list_attribute(const std::string& key,
                                                                  const std::vector<std::string>& values) {
  return {{"key", key}, {"value", {{"list", {{"s", values}, {"val_type", "VT_LIST_STRING"}}}}}};
}

/// The operator's name in the vendor's intermediate representation.
[[nodiscard]] inline std::string operator_type(const std::string& layer_type) {
  static const std::map<std::string, std::string> names = {{"Convolution", "Conv2D"},
                                                           {"InnerProduct", "FullyConnection"},
                                                           {"Quant", "AscendQuant"},
                                                           {"DeQuant", "AscendDequant"}};
  const auto found = names.find(layer_type);
  return found == names.end() ? layer_type : found->second;
}

}  // namespace detail

/// The content of `<prefix>_quant.json`: which layers of the original model each layer of the quantized one stands for,
/// in the shape of the compiler's JSON (`graph[].op[]` with `_datadump_original_op_names`), so that tools which compare
/// the two networks layer by layer can match them. Inserted Quant and DeQuant layers stand for none.
[[nodiscard]] inline std::string quant_info_json(const Graph& graph, const Model& quantized) {
  nlohmann::ordered_json ops = nlohmann::ordered_json::array();
  const schema::NetParameter net = upgraded(quantized.net);
  for (const schema::LayerParameter& layer : net.layer()) {
    const bool inserted = layer.type() == "Quant" || layer.type() == "DeQuant";
    if (!inserted && graph.quantization.count(layer.name()) == 0) continue;
    std::vector<std::string> originals;
    if (const Node* const node = graph.find(layer.name())) {
      originals.push_back(node->name);
      originals.insert(originals.end(), node->fused.begin(), node->fused.end());
    }
    ops.push_back({{"name", layer.name()},
                   {"type", detail::operator_type(layer.type())},
                   {"attr", nlohmann::ordered_json::array(
                                {detail::string_list_attribute("_datadump_original_op_names", originals)})}});
  }
  const nlohmann::ordered_json json = {{"name", graph.name},
                                       {"graph", nlohmann::ordered_json::array({{{"name", graph.name}, {"op", ops}}})}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

NUQ_NAMESPACE_END

#endif  // NUQ_AMCT_QUANT_INFO_HPP
