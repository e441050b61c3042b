// Version of the library and the namespace every declaration lives in.

// Outside the guard on purpose: a second, different copy of the library in one translation unit is an error, not a
// silent mix.
#if defined(NUQ_VERSION_MAJOR) && (NUQ_VERSION_MAJOR != 0 || NUQ_VERSION_MINOR != 1)
#error "[nuq] another version of nuq is already included in this translation unit"
#endif

#ifndef NUQ_VERSION_HPP
#define NUQ_VERSION_HPP

/// @namespace nuq
/// Non-uniform weight quantization of neural networks.

#define NUQ_VERSION_MAJOR 0
#define NUQ_VERSION_MINOR 1
#define NUQ_VERSION_PATCH 0

// `-fno-exceptions` changes the body of detail::fail, so it is part of the namespace's name: no ODR surprise between
// two objects.
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define NUQ_HAS_EXCEPTIONS 1
#define NUQ_NAMESPACE_BEGIN \
  namespace nuq {           \
  inline namespace v0_1 {
#else
#define NUQ_HAS_EXCEPTIONS 0
#define NUQ_NAMESPACE_BEGIN \
  namespace nuq {           \
  inline namespace v0_1_noexc {
#endif
#define NUQ_NAMESPACE_END \
  }                       \
  }

#endif  // NUQ_VERSION_HPP
