#ifndef NUQ_GRAPH_OPERATION_HPP
#define NUQ_GRAPH_OPERATION_HPP

#include <variant>

#include "nuq/graph/ops/activations.hpp"
#include "nuq/graph/ops/affine.hpp"
#include "nuq/graph/ops/basic.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/detection.hpp"
#include "nuq/graph/ops/elementwise.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/graph/ops/lookup.hpp"
#include "nuq/graph/ops/normalization.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/graph/ops/quantization.hpp"
#include "nuq/graph/ops/recurrent.hpp"
#include "nuq/graph/ops/reduction.hpp"
#include "nuq/graph/ops/resample.hpp"
#include "nuq/graph/ops/reshape.hpp"
#include "nuq/graph/ops/roi_pooling.hpp"
#include "nuq/graph/ops/slicing.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class... Ops>
struct OperationVariant {
  using type = std::variant<Ops...>;
};

template <class... Ops, class... More>
OperationVariant<Ops..., More...> joined(OperationVariant<Ops...>, OperationList<More...>);

/// The operations of all lists, in order.
template <class Operations, class... Lists>
struct JoinedOperations {
  using type = typename Operations::type;
};
template <class Operations, class List, class... Lists>
struct JoinedOperations<Operations, List, Lists...> {
  using type = typename JoinedOperations<decltype(joined(Operations{}, List{})), Lists...>::type;
};

}  // namespace detail

/// What a layer computes, in the field's terms, whatever format the network comes from: a variant of the operations of
/// all families, `ops::Unknown` first. Whoever visits it does not compile without an overload for each operation.
using Operation =
    detail::JoinedOperations<detail::OperationVariant<>, ops::BasicOperations, ops::Activations, ops::AffineOperations,
                             ops::Convolutions, ops::DetectionOperations, ops::ElementwiseOperations,
                             ops::InnerProducts, ops::Lookups, ops::Normalizations, ops::Poolings,
                             ops::QuantizationOperations, ops::RecurrentOperations, ops::Reductions, ops::Resamplings,
                             ops::Reshapings, ops::RoiPoolings, ops::Slicings>::type;

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPERATION_HPP
