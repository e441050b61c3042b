// expect: no matching function for call to
#include "nuq/engine/layer_catalogue.hpp"

/// An operation that nobody has told the engine of.
struct Forgotten {};

using Layer = decltype(nuq::detail::layer_of(Forgotten{}));
