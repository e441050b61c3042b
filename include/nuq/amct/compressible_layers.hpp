#ifndef NUQ_AMCT_COMPRESSIBLE_LAYERS_HPP
#define NUQ_AMCT_COMPRESSIBLE_LAYERS_HPP

#include <set>
#include <string>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The layers whose weights the vendor's compiler would compress: only they gain from NUQ there. From a mapping file
/// (`read_mapping_file`) or from the compiler's rule (`compressible_layers` of a graph).
struct CompressibleLayers {
  std::set<std::string> names;  ///< may hold names of operators that are no layers of the network
  std::string source;           ///< who says so, for messages: the mapping file, or the chip
};

NUQ_NAMESPACE_END

#endif  // NUQ_AMCT_COMPRESSIBLE_LAYERS_HPP
