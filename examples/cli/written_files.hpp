#ifndef NUQ_EXAMPLES_CLI_WRITTEN_FILES_HPP
#define NUQ_EXAMPLES_CLI_WRITTEN_FILES_HPP

#include <string>

#include "nuq/report/report.hpp"

/// The files of a run, what each is for, and how much smaller the small one is than the original weights.
std::string written_files_text(const nuq::RunReport& report, const std::string& prefix, const std::string& weights);

#endif  // NUQ_EXAMPLES_CLI_WRITTEN_FILES_HPP
