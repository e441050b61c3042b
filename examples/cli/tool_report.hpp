#ifndef NUQ_EXAMPLES_CLI_TOOL_REPORT_HPP
#define NUQ_EXAMPLES_CLI_TOOL_REPORT_HPP

#include <sys/utsname.h>

#include <array>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "nuq/core/background_task.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/report/full_report.hpp"
#include "nuq/report/report.hpp"

/// What follows the first colon of the line of a file that begins with `key`; empty where there is none.
inline std::string value_in_lines(const std::string& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t value = line.find_first_not_of(" \t\":=", key.size());
    if (line.compare(0, key.size(), key) != 0 || value == std::string::npos) continue;
    return line.substr(value, line.find_last_not_of('"') + 1 - value);
  }
  return {};
}

/// The processor and the system that a run had.
inline nuq::Json this_machine() {
  ::utsname system{};
  ::uname(&system);
  const std::string processor = value_in_lines("/proc/cpuinfo", "model name");
  const std::string distribution = value_in_lines("/etc/os-release", "PRETTY_NAME");
  const bool has_avx2 = nuq::best_instruction_set() == nuq::InstructionSet::avx2;
  const std::string name = std::string(system.sysname) + " " + system.release;
  return nuq::Json::object({{"processor", processor.empty() ? std::string(system.machine) : processor},
                            {"instructions", std::string(system.machine) + (has_avx2 ? ", AVX2" : "")},
                            {"system", distribution.empty() ? name : distribution + ", " + name}});
}

inline std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text.data();
}

/// The report of a run of this tool: beside what every full report has, how the tool was called and on what machine,
/// and what it read. To be filled before the run begins.
class ToolReport : public nuq::FullReport {
 public:
  explicit ToolReport(const Session& session) : run_(nuq::Json::object()) {
    run_.set("command", session.command);
    run_.set("started", time_now());
    const nuq::Json machine = this_machine();
    for (std::size_t index = 0; index < machine.size(); ++index) run_.set(machine.keys()[index], machine[index]);
    set("seed", session.seed);
  }

  void set(const std::string& option, nuq::Json value) { options_.set(option, std::move(value)); }

  /// An option that matters where it is not empty.
  void set_if_any(const std::string& option, const std::string& value) {
    if (!value.empty()) set(option, value);
  }

  /// A file that is read; none where the name is empty.
  void add_input(const std::string& role, const std::string& path) {
    if (!path.empty()) inputs_.push_back({role, path});
  }

  /// All files of a dataset; none where the name is empty.
  void add_dataset(const std::string& role, const std::string& path) {
    if (path.empty()) return;
    for (const std::string& file : nuq::dataset_files(path)) add_input(role, file);
  }

  /// Begins with the hashes of the inputs, which are done when the report is.
  void begin() {
    described_.resize(inputs_.size());
    hashing_ = std::make_unique<nuq::BackgroundTask>([this] {
      for (std::size_t index = 0; index < inputs_.size(); ++index) describe(index);
    });
  }

  void complete(nuq::Json& report, const nuq::FileSet& files) const override {
    nuq::FullReport::complete(report, files);
    hashing_->finish();
    nuq::Json inputs = nuq::Json::array();
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
      inputs.push_back(nuq::Json::object({{"role", inputs_[index].role},
                                          {"path", inputs_[index].path},
                                          {"sha256", described_[index].sha256},
                                          {"bytes", described_[index].bytes}}));
    }
    report.set("options", options_);
    report.set("inputs", std::move(inputs));
    report.set("run", run_);
  }

 private:
  struct Input {
    std::string role;
    std::string path;
  };

  /// A file that two roles share is hashed once.
  void describe(std::size_t index) {
    for (std::size_t known = 0; known < index; ++known) {
      if (inputs_[known].path == inputs_[index].path) {
        described_[index] = described_[known];
        return;
      }
    }
    described_[index] = nuq::file_report(inputs_[index].path);
  }

  nuq::Json run_;
  nuq::Json options_ = nuq::Json::object();
  std::vector<Input> inputs_;
  std::vector<nuq::FileReport> described_;
  std::unique_ptr<nuq::BackgroundTask> hashing_;
};

#endif  // NUQ_EXAMPLES_CLI_TOOL_REPORT_HPP
