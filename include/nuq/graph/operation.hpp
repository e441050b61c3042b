#ifndef NUQ_GRAPH_OPERATION_HPP
#define NUQ_GRAPH_OPERATION_HPP

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/graph/ops/activations.hpp"
#include "nuq/graph/ops/affine.hpp"
#include "nuq/graph/ops/basic.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/detection.hpp"
#include "nuq/graph/ops/elementwise.hpp"
#include "nuq/graph/ops/function.hpp"
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

template <class... Lists>
struct JoinedOperations;
template <class... Ops>
struct JoinedOperations<OperationList<Ops...>> {
  using type = OperationList<Ops...>;
};
template <class... Ops, class... More, class... Lists>
struct JoinedOperations<OperationList<Ops...>, OperationList<More...>, Lists...>
    : JoinedOperations<OperationList<Ops..., More...>, Lists...> {};

/// The operations of all families; the first is that of a layer that nothing is known of.
using AllOperations = JoinedOperations<ops::BasicOperations, ops::Activations, ops::AffineOperations, ops::Convolutions,
                                       ops::DetectionOperations, ops::ElementwiseOperations, ops::Functions,
                                       ops::InnerProducts, ops::Lookups, ops::Normalizations, ops::Poolings,
                                       ops::QuantizationOperations, ops::RecurrentOperations, ops::Reductions,
                                       ops::Resamplings, ops::Reshapings, ops::RoiPoolings, ops::Slicings>::type;

// The place of an operation among all, found by a conversion to one of as many bases: cheaper to compile than to
// compare the types one by one.
template <std::size_t place, class Op>
struct OperationPlace {};
template <class Places, class Ops>
struct OperationPlaces;
template <std::size_t... places, class... Ops>
struct OperationPlaces<std::index_sequence<places...>, OperationList<Ops...>> : OperationPlace<places, Ops>... {};
template <class... Ops>
OperationPlaces<std::index_sequence_for<Ops...>, OperationList<Ops...>> places_of(OperationList<Ops...>);
using AllOperationPlaces = decltype(places_of(AllOperations{}));

template <class Op, std::size_t place>
std::integral_constant<std::size_t, place> place_of(const OperationPlace<place, Op>*);
template <class Op>
using place_of_op = decltype(place_of<Op>(static_cast<const AllOperationPlaces*>(nullptr)));

/// An operation of any kind.
struct HeldOperation {
  virtual ~HeldOperation() = default;
};
template <class Op>
struct HeldOperationOf final : HeldOperation {
  explicit HeldOperationOf(Op op) : operation(std::move(op)) {}
  Op operation;
};

}  // namespace detail

/// What a layer computes, in the field's terms, whatever format the network comes from: one of the operations of all
/// families, `ops::Unknown` at first. Cheap to copy; what it holds does not change. Whoever visits it does not compile
/// without an overload for each operation.
///
/// Instead of a std::variant, whose sixty alternatives every includer would pay for: each construction, copy and visit
/// of one is compiled anew for all of them.
class Operation {
 public:
  Operation() : Operation(ops::Unknown{}) {}
  template <class Op, class Place = detail::place_of_op<Op>>
  Operation(Op op)  // NOLINT(google-explicit-constructor): stands for every operation
      : place_(Place::value), held_(new detail::HeldOperationOf<Op>(std::move(op))) {}

  /// The place of the kind among all kinds.
  [[nodiscard]] std::size_t index() const noexcept { return place_; }

  template <class Op>
  [[nodiscard]] bool is() const noexcept {
    return place_ == detail::place_of_op<Op>::value;
  }
  /// The attributes of an operation of one kind; null for others.
  template <class Op>
  [[nodiscard]] const Op* get_if() const noexcept {
    return is<Op>() ? &held<Op>() : nullptr;
  }
  /// The attributes of an operation that is of one kind. Throws ModelError invalid_argument if it is of another.
  template <class Op>
  [[nodiscard]] const Op& get() const {
    if (!is<Op>()) detail::fail(ModelError(ErrorCode::invalid_argument, "a layer's operation is of another kind"));
    return held<Op>();
  }

  /// `visitor(operation)` of what is held. All overloads return the same type.
  template <class Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    return visit_among(visitor, detail::AllOperations{});
  }

 private:
  template <class Op>
  [[nodiscard]] const Op& held() const noexcept {
    return static_cast<const detail::HeldOperationOf<Op>&>(*held_).operation;
  }
  template <class Result, class Op, class Visitor>
  static Result visit_as(Visitor& visitor, const Operation& operation) {
    return visitor(operation.held<Op>());
  }
  template <class Visitor, class First, class... Ops>
  decltype(auto) visit_among(Visitor& visitor, OperationList<First, Ops...>) const {
    using Result = decltype(visitor(held<First>()));
    using Visit = Result (*)(Visitor&, const Operation&);
    static constexpr Visit visits[] = {&Operation::visit_as<Result, First, Visitor>,
                                       &Operation::visit_as<Result, Ops, Visitor>...};
    return visits[place_](visitor, *this);
  }

  std::size_t place_;
  std::shared_ptr<const detail::HeldOperation> held_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPERATION_HPP
