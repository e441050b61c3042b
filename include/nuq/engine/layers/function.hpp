#ifndef NUQ_ENGINE_LAYERS_FUNCTION_HPP
#define NUQ_ENGINE_LAYERS_FUNCTION_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/function.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What an operation has brought along.
class FunctionLayer {
 public:
  static constexpr bool in_place = false;

  NUQ_FUNCTION explicit FunctionLayer(const LayerRef& layer) : operation_(layer.operation<ops::Function>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    std::vector<Tensor> results;
    for (const TensorSpan& output : call.outputs) results.emplace_back(output.shape);
    operation_.compute(call.layer, call.inputs, results);
    for (std::size_t at = 0; at < results.size(); ++at)
      std::copy(results[at].values.begin(), results[at].values.end(), call.outputs[at].values.begin());
  }

 private:
  ops::Function operation_;
};
FunctionLayer layer_of(const ops::Function&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_FUNCTION_HPP
