#ifndef NUQ_WORKFLOW_DETAIL_CLAIM_PREFIX_HPP
#define NUQ_WORKFLOW_DETAIL_CLAIM_PREFIX_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/io/prefix_lock.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// To be called before work begins: the prefix is this run's as long as the lock lives, and no file that the run will
/// write is one that it reads. `others` are written besides `result_files_of(prefix)`: the record, a journal.
/// Throws ConfigError invalid_argument, FormatError file_not_writable.
NUQ_FUNCTION [[nodiscard]] PrefixLock claim_prefix(const std::string& prefix, const std::vector<std::string>& read,
                                                   const std::vector<std::string>& others);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include "nuq/io/distinct_files.hpp"
#include "nuq/io/result_files.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_DEFINITION PrefixLock claim_prefix(const std::string& prefix, const std::vector<std::string>& read,
                                       const std::vector<std::string>& others) {
  std::vector<std::string> written = result_files_of(prefix);
  written.insert(written.end(), others.begin(), others.end());
  refuse_overwriting(read, written);
  return PrefixLock(prefix);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_CLAIM_PREFIX_HPP
