#ifndef NUQ_GRAPH_OPS_OPERATION_LIST_HPP
#define NUQ_GRAPH_OPS_OPERATION_LIST_HPP

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The operations of a family.
template <class... Ops>
struct OperationList {};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_OPERATION_LIST_HPP
