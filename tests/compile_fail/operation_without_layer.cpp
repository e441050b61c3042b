// expect: no matching function for call to
#include "nuq/engine/layers/elementwise.hpp"

/// An operation that nobody has told the engine of.
struct Forgotten {};

using Layer = decltype(nuq::detail::layer_of(Forgotten{}));
