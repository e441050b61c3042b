// nuq doctor: the program, the machine, and what the one makes of the other.

#include <google/protobuf/stubs/common.h>
#include <sched.h>
#include <unistd.h>
#include <zlib.h>
#include <CLI/Version.hpp>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "build_information.hpp"
#include "command.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/engine/kernels/tile_kernel.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/report/table.hpp"

namespace {

using nuq::Json;

struct DoctorArguments {
  bool json = false;
};

/// As the system calls it.
std::string processor_name() {
  std::ifstream information("/proc/cpuinfo");
  for (std::string line; std::getline(information, line);) {
    const std::size_t colon = line.find(": ");
    if (line.compare(0, 10, "model name") == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

/// That this process may run on.
std::int64_t usable_cores() {
#ifdef __linux__
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
#endif
  return static_cast<std::int64_t>(std::thread::hardware_concurrency());
}

std::int64_t memory_bytes() {
  return static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::int64_t>(::sysconf(_SC_PAGE_SIZE));
}

std::string protobuf_version() {
  constexpr int version = GOOGLE_PROTOBUF_VERSION;  // 3021012 is 3.21.12
  return std::to_string(version / 1000000) + "." + std::to_string(version / 1000 % 1000) + "." +
         std::to_string(version % 1000);
}

template <class... Numbers>
std::string dotted(int first, Numbers... others) {
  std::string text = std::to_string(first);
  ((text += "." + std::to_string(others)), ...);
  return text;
}

Json adapters() {
  bool reads_images = false;
#ifdef NUQ_TOOL_READS_IMAGES
  reads_images = true;
#endif
  return Json::object({{"gzip", true}, {"images", reads_images}, {"eval_command", true}});
}

Json libraries() {
  return Json::object(
      {{"protobuf", protobuf_version()},
       {"eigen", dotted(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
       {"json", dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
       {"zlib", std::string(::zlibVersion())},
       {"cli11", std::string(CLI11_VERSION)}});
}

Json findings(const Session& session) {
  const bool has_fast_kernels = &nuq::detail::best_kernels() != &nuq::detail::portable_kernels();
  const bool has_fast_decoders = nuq::best_instruction_set() == nuq::InstructionSet::avx2;
  const std::int64_t threads = session.threads == 0 ? static_cast<std::int64_t>(std::thread::hardware_concurrency())
                                                    : static_cast<std::int64_t>(session.threads);
  Json found = Json::object({{"version", version_text()},
                             {"build_type", build_type_text()},
                             {"compiler", compiler_text()},
                             {"processor", processor_name()},
                             {"engine_simd", std::string(has_fast_kernels ? "avx2+fma" : "portable")},
                             {"decoder_simd", std::string(has_fast_decoders ? "avx2" : "portable")},
                             {"cores", usable_cores()},
                             {"threads", threads},
                             {"memory_bytes", memory_bytes()},
                             {"memory_limit_bytes", nuq::ResourceLimits::from_environment().memory}});
  found.set("adapters", adapters());
  found.set("libraries", libraries());
  return found;
}

std::string value_text(const Json& value) {
  return value.is_boolean() ? (value.boolean() ? "yes" : "no") : value.is_string() ? value.text() : nuq::to_text(value);
}

/// What may make the tool slow or small.
void print_advice(const Json& found) {
  if (found.find("engine_simd")->text() == "portable")
    say("nuq: this machine has no AVX2 with FMA: networks are computed several times slower");
  if (found.find("build_type")->text() != "Release") say("nuq: not a Release build: everything is slower");
  if (found.find("cores")->integer() < found.find("threads")->integer())
    say("nuq: fewer cores than threads: --threads " + nuq::to_text(*found.find("cores")) + " may be faster");
}

void run(const DoctorArguments& arguments, const Session& session) {
  const Json found = findings(session);
  if (arguments.json) {
    std::printf("%s\n", nuq::to_text(found, {2, false}).c_str());
    return;
  }
  nuq::detail::TextTable table({{"what", false}, {"found", false}});
  for (const std::string& name : found.keys()) {
    const Json& value = *found.find(name);
    if (!value.is_object()) table.add({name, nuq::detail::printable_text(value_text(value))});
    for (const std::string& part : value.keys()) table.add({name + ": " + part, value_text(*value.find(part))});
  }
  std::printf("%s", table.text(terminal_columns(STDOUT_FILENO)).c_str());
  print_advice(found);
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<DoctorArguments>();
  CLI::App& command = *app.add_subcommand("doctor", "versions, instruction sets, threads and memory of this machine");
  command.add_flag("--json", arguments->json, "print JSON");
  command.callback([arguments, &session] { run(*arguments, session); });
}
