#ifndef NUQ_CORE_SUPPORT_FUNCTION_REF_HPP
#define NUQ_CORE_SUPPORT_FUNCTION_REF_HPP

#include <type_traits>
#include <utility>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

template <class Signature>
class FunctionRef;

/// A callable object that belongs to somebody else and outlives this reference. Costs two pointers, no allocation.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class Callable, class = std::enable_if_t<!std::is_same_v<std::remove_cv_t<Callable>, FunctionRef>>>
  explicit FunctionRef(Callable& callable) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(&callable))), call_([](void* object, Args... args) -> R {
          return (*static_cast<Callable*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CORE_SUPPORT_FUNCTION_REF_HPP
