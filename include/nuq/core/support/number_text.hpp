#ifndef NUQ_CORE_SUPPORT_NUMBER_TEXT_HPP
#define NUQ_CORE_SUPPORT_NUMBER_TEXT_HPP

#include <cstdio>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A number for a message: enough digits to recognise a float, no trailing zeros ("0.1", "8388608", "1e+30", "nan").
NUQ_FUNCTION [[nodiscard]] inline std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", value);
  return text;
}

/// With `places` digits behind the point.
NUQ_FUNCTION [[nodiscard]] inline std::string fixed_text(double value, int places) {
  char text[340];  // the largest double has 309 digits before the point
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_NUMBER_TEXT_HPP
