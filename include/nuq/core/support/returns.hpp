#ifndef NUQ_CORE_SUPPORT_RETURNS_HPP
#define NUQ_CORE_SUPPORT_RETURNS_HPP

#include <type_traits>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

template <class Void, class R, template <class...> class Op, class... Args>
struct returns_impl : std::false_type {};

template <class R, template <class...> class Op, class... Args>
struct returns_impl<std::void_t<Op<Args...>>, R, Op, Args...>
    : std::bool_constant<std::is_void_v<R> || std::is_convertible_v<Op<Args...>, R>> {};

/// True when the expression behind `Op<Args...>` compiles and its result converts to `R` (any result does for void).
/// The test of every policy contract: that the *call* works, not that one exact signature exists.
///
///   template <class P>
///   using select_op = decltype(std::declval<const P&>().select(std::declval<const nuq::LevelHistogram&>(), int{}));
///   template <class P>
///   inline constexpr bool is_codebook_selector_v = nuq::detail::returns<nuq::Codebook, select_op, P>();
///
template <class R, template <class...> class Op, class... Args>
[[nodiscard]] constexpr bool returns() noexcept {
  return returns_impl<void, R, Op, Args...>::value;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_RETURNS_HPP
