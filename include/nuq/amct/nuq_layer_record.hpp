#ifndef NUQ_AMCT_NUQ_LAYER_RECORD_HPP
#define NUQ_AMCT_NUQ_LAYER_RECORD_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The file `<prefix>_nuq_layer_record.txt`: names of the layers whose weights were restricted to a codebook, in
/// network order, separated by `;` on one line. The vendor's compiler takes it as `--compress_weight_conf` and reads up
/// to the first white space, so a name that holds white space, control characters or `;` cannot be listed and is left
/// out.
NUQ_FUNCTION [[nodiscard]] std::string nuq_layer_record(const Graph& graph, const NetworkQuantization& quantization);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <algorithm>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline bool is_listable(const std::string& name) noexcept {
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == ';' || byte <= 0x20 || byte == 0x7F;
  });
}

}  // namespace detail

NUQ_DEFINITION std::string nuq_layer_record(const Graph& graph, const NetworkQuantization& quantization) {
  std::string line;
  for (const Node& node : graph.nodes) {
    const auto quantized = quantization.find(node.name);
    if (quantized == quantization.end() || !quantized->second.codebook) continue;
    if (!detail::is_listable(node.name)) continue;
    line += (line.empty() ? "" : ";") + node.name;
  }
  return line;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_NUQ_LAYER_RECORD_HPP
