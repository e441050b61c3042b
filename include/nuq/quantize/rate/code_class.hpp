#ifndef NUQ_QUANTIZE_RATE_CODE_CLASS_HPP
#define NUQ_QUANTIZE_RATE_CODE_CLASS_HPP

#include <cstddef>
#include <type_traits>

#include "nuq/core/support/returns.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Codewords of one length in a code whose lengths do not depend on the data: at most `capacity` levels of a layer may
/// cost `bits` each. A rate model of this kind has `static constexpr std::array<CodeClass, N> code_classes`, shortest
/// codewords first; the most frequent levels take them in turn.
struct CodeClass {
  int bits = 0;
  int capacity = 0;
};

namespace detail {

template <class Rate>
using code_classes_op = decltype(Rate::code_classes);
template <class Rate>
using code_class_op = std::enable_if_t<std::is_same_v<std::decay_t<decltype(Rate::code_classes[0])>, CodeClass>,
                                       decltype(Rate::code_classes.size())>;

}  // namespace detail

/// True for a rate model of a fixed code, whose levels are ranked by their counts: `static constexpr
/// std::array<CodeClass, N> code_classes`.
template <class Rate>
inline constexpr bool has_code_classes_v = detail::returns<std::size_t, detail::code_class_op, Rate>();

/// `has_code_classes_v<Rate>`, with a message for a member of that name and another type.
template <class Rate>
[[nodiscard]] constexpr bool require_code_classes_if_any() noexcept {
  static_assert(has_code_classes_v<Rate> || !detail::returns<void, detail::code_classes_op, Rate>(),
                "[nuq] RateModel::code_classes must be: static constexpr std::array<CodeClass, N> code_classes");
  return has_code_classes_v<Rate>;
}

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_RATE_CODE_CLASS_HPP
