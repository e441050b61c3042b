#ifndef NUQ_EXAMPLES_CLI_MESSAGES_HPP
#define NUQ_EXAMPLES_CLI_MESSAGES_HPP

#include <string>
#include <vector>

/// A message on standard error and in the log: one line, which breaks between words where it goes to a terminal.
void say(const std::string& message);

/// The same of what may not be what it seems, --quiet or not; what is said of several layers is said once.
void print_warnings(const std::vector<std::string>& warnings);

/// Notes that differ in the layer they name alone ("FILE: layer 'conv1': …") become one.
std::vector<std::string> grouped_notes(const std::vector<std::string>& notes);

/// How far the work is, for those who read no progress bar: a line of the log, and of standard error with --verbose.
void report_progress(const std::string& text);

/// All messages go to this file too, a line each with its time, from now on. Throws FormatError file_not_writable.
void open_log(const std::string& file);

/// Progress is told in lines on standard error.
void set_verbose() noexcept;

#endif  // NUQ_EXAMPLES_CLI_MESSAGES_HPP
