#ifndef NUQ_EXAMPLES_CLI_NEXT_STEPS_HPP
#define NUQ_EXAMPLES_CLI_NEXT_STEPS_HPP

#include <string>

#include "nuq/report/report.hpp"

/// What to try after a search that no configuration satisfied, or that found none of the wanted size.
std::string next_steps_after(const nuq::RunReport& report, bool is_too_large, bool has_dataset);

/// The drop of a metric, rounded up to a number that a repeated run can be given.
std::string drop_text(double drop);

#endif  // NUQ_EXAMPLES_CLI_NEXT_STEPS_HPP
