#ifndef NUQ_AMCT_QUANT_INFO_HPP
#define NUQ_AMCT_QUANT_INFO_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The content of `<prefix>_quant.json`: which layers of the original model each layer of the quantized one stands for,
/// in the shape of the compiler's JSON (`graph[].op[]` with `_datadump_original_op_names`), so that tools which compare
/// the two networks layer by layer can match them. Inserted Quant and DeQuant layers stand for none.
NUQ_FUNCTION [[nodiscard]] std::string quant_info_json(const Graph& graph, const NetworkQuantization& quantization,
                                                       const FormattedModel& quantized);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <map>
#include <vector>

#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline Json string_list_attribute(const std::string& key,
                                                             const std::vector<std::string>& values) {
  const Json list = Json::object({{"s", values}, {"val_type", "VT_LIST_STRING"}});
  return Json::object({{"key", key}, {"value", Json::object({{"list", list}})}});
}

/// The operator's name in the vendor's intermediate representation, which has none of its own for convolutions over
/// lines. `node` is null for an inserted layer.
NUQ_FUNCTION [[nodiscard]] inline std::string operator_type(const std::string& layer_type, const Node* node) {
  static const std::map<std::string, std::string> names = {{"Convolution", "Conv2D"},
                                                           {"InnerProduct", "FullyConnection"},
                                                           {"Quant", "AscendQuant"},
                                                           {"DeQuant", "AscendDequant"}};
  static const std::map<std::string, std::string> names_over_volumes = {{"Convolution", "Conv3D"},
                                                                        {"Deconvolution", "Conv3DTranspose"}};
  const bool is_over_volumes = node != nullptr && !node->blobs.empty() && node->blobs.front().shape.size() == 5;
  if (const auto found = names_over_volumes.find(layer_type); is_over_volumes && found != names_over_volumes.end())
    return found->second;
  const auto found = names.find(layer_type);
  return found == names.end() ? layer_type : found->second;
}

}  // namespace detail

NUQ_DEFINITION std::string quant_info_json(const Graph& graph, const NetworkQuantization& quantization,
                                           const FormattedModel& quantized) {
  Json ops = Json::array();
  for (const FormattedModel::Layer& layer : quantized.layers()) {
    if (!layer.inserted && quantization.count(layer.name) == 0) continue;
    std::vector<std::string> originals;
    const Node* const node = graph.find(layer.name);
    if (node != nullptr) {
      originals.push_back(node->name);
      originals.insert(originals.end(), node->fused.begin(), node->fused.end());
    }
    ops.push_back(Json::object(
        {{"name", layer.name},
         {"type", detail::operator_type(layer.type, node)},
         {"attr", Json::array({detail::string_list_attribute("_datadump_original_op_names", originals)})}}));
  }
  const Json operators = Json::object({{"name", graph.name}, {"op", ops}});
  return to_text(Json::object({{"name", graph.name}, {"graph", Json::array({operators})}}), {2, false}) + "\n";
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_QUANT_INFO_HPP
