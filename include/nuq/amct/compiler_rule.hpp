#ifndef NUQ_AMCT_COMPILER_RULE_HPP
#define NUQ_AMCT_COMPILER_RULE_HPP

#include <array>
#include <string>
#include <string_view>

#include "nuq/amct/compressible_layers.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A chip, as far as its compiler's decision to compress weights depends on it.
struct SocSpec {
  std::string_view name;
  double ddr_rate = 0.0;  ///< weights that external memory delivers per cycle of the matrix unit
};

/// The chips whose rate is known, by the name that the vendor's compiler takes as `--soc_version`.
inline constexpr std::array<SocSpec, 6> known_socs{{{"Ascend310", 67.0},
                                                    {"Ascend310B1", 17.0},
                                                    {"Ascend310P1", 17.0},
                                                    {"Ascend310P3", 17.0},
                                                    {"Ascend910A", 32.0},
                                                    {"Ascend910B", 32.0}}};

/// Throws ConfigError unknown_name with the names that are known.
NUQ_FUNCTION [[nodiscard]] SocSpec soc_named(const std::string& name);

/// True when the compiler would compress the int8 weights of a convolution with group 1: they are large, and loading
/// them takes at least 0.8 of the time that the matrix unit (16 × 32 × 16 products per cycle) computes with them.
/// Source: `SetCompressWeightAttr` of the vendor's compiler, as the AMCT manual's notes restate it.
NUQ_FUNCTION [[nodiscard]] bool compresses_weights(const SocSpec& soc, const ConvolutionGeometry& convolution);

/// The layers of a network whose weights the compiler would compress: convolutions by `compresses_weights`, and every
/// InnerProduct (compilers of 2020 left these out). A convolution whose input shape the prototxt does not tell is not
/// compressed, nor is one over lines or volumes, of which the rule does not speak. Throws ModelError where shapes do
/// not fit.
NUQ_FUNCTION [[nodiscard]] CompressibleLayers compressible_layers(const Graph& graph, const SocSpec& soc);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/core/tensor.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION SocSpec soc_named(const std::string& name) {
  std::string known;
  for (const SocSpec& soc : known_socs) {
    if (soc.name == name) return soc;
    known += (known.empty() ? "" : ", ") + std::string(soc.name);
  }
  detail::fail(ConfigError(ErrorCode::unknown_name, "unknown chip '" + name + "', wanted one of " + known));
}

NUQ_DEFINITION bool compresses_weights(const SocSpec& soc, const ConvolutionGeometry& convolution) {
  constexpr std::int64_t weight_threshold = 262144;
  constexpr double cycle_threshold = 0.8;
  const auto blocks = [](std::int64_t extent, std::int64_t block) {
    return static_cast<double>((extent + block - 1) / block);
  };
  const std::int64_t weights = convolution.out_channels * convolution.fan_in();
  const double cube_cycles =
      blocks(convolution.positions(), 16) * blocks(convolution.fan_in(), 32) * blocks(convolution.out_channels, 16);
  const double weight_cycles = static_cast<double>(weights) / soc.ddr_rate;
  return weights > weight_threshold && weight_cycles / cube_cycles >= cycle_threshold;
}

NUQ_DEFINITION CompressibleLayers compressible_layers(const Graph& graph, const SocSpec& soc) {
  const std::vector<Shape> shapes = infer_shapes(graph, {});
  CompressibleLayers compressible;
  compressible.source = "the compiler's rule for " + std::string(soc.name);
  for (const Node& node : graph.nodes) {
    if (is<ops::InnerProduct>(node)) compressible.names.insert(node.name);
    const auto* const convolution = node.operation.get_if<ops::Convolution>();
    if (convolution == nullptr || convolution->depthwise || convolution->group != 1) continue;
    const Shape& input = shapes[node.inputs.front()];
    if (input.size() != 4) continue;
    const LayerRef layer(node, graph.model_file());
    if (compresses_weights(soc, convolution_geometry(*convolution, layer, input))) {
      compressible.names.insert(node.name);
    }
  }
  return compressible;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_COMPILER_RULE_HPP
