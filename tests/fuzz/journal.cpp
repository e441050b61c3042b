// A journal of evaluations: each line gets its checksum where the first byte is no 'x'.

#include "../unit/temporary_folder.hpp"
#include "nuq/evaluation/trial_metrics.hpp"
#include "nuq/packed/crc32.hpp"
#include "target.hpp"

namespace {

std::string with_checksum(std::string line) {
  line += ' ';
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x",
                nuq::crc32({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()}));
  return line + digits + '\n';
}

}  // namespace

NUQ_FUZZ_TARGET(journal) {
  static const TemporaryFolder folder;
  std::string content(bytes);
  if (!bytes.empty() && bytes[0] != 'x') {
    content = with_checksum("nuq-evaluation-journal 1 key");
    for (std::size_t begin = 0; begin < bytes.size(); begin = bytes.find('\n', begin) + 1) {
      content += with_checksum(std::string(bytes.substr(begin, bytes.find('\n', begin) - begin)));
      if (bytes.find('\n', begin) == std::string_view::npos) break;
    }
  }
  const std::string file = folder.write("journal", content);
  const nuq::detail::TrialMetrics metrics(file, "key");
  for (const nuq::BatchMetric& batch : metrics.original_batches())
    require(batch.samples > 0, "a batch without samples");
}
