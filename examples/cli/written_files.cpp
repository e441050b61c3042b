#include "written_files.hpp"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "amounts.hpp"
#include "nuq/core/support/ends_with.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/report/table.hpp"
#include "terminal.hpp"

namespace {

struct Purpose {
  std::string_view ending;
  const char* text;
};

constexpr std::array<Purpose, 10> purposes{{{".nuq", "THE SMALL ONE"},
                                            {"_fake_quant_model.prototxt", "to measure accuracy"},
                                            {"_fake_quant_weights.caffemodel", "to measure accuracy"},
                                            {"_fake_quant_model.onnx", "to measure accuracy"},
                                            {"_quantized_model.onnx", "int8 levels, to run"},
                                            {"_deploy_model.prototxt", "for the compiler"},
                                            {"_deploy_weights.caffemodel", "for the compiler"},
                                            {"_deploy_model.onnx", "for the compiler"},
                                            {"_quant.json", "names for the compiler"},
                                            {"_nuq_layer_record.txt", "layers of few levels"}}};

const char* purpose_of(const std::string& path) {
  for (const Purpose& purpose : purposes) {
    if (nuq::detail::ends_with(path, purpose.ending)) return purpose.text;
  }
  return "scales and levels";
}

}  // namespace

std::string written_files_text(const nuq::RunReport& report, const std::string& prefix, const std::string& weights) {
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  nuq::detail::TextTable table({{"file written", false}, {"bytes", true}, {"for", false}});
  std::string smallest;
  for (const nuq::FileReport& file : report.files) {
    table.add({nuq::detail::printable_text(file.path), std::to_string(file.bytes), purpose_of(file.path)});
    if (!nuq::detail::ends_with(file.path, ".nuq")) continue;
    smallest = file.path + " holds network and weights in " + std::to_string(file.bytes) + " bytes, " +
               comparison_text(file.bytes, std::filesystem::file_size(weights), weights);
  }
  const auto add_if_there = [&table](const std::string& file, const char* purpose) {
    std::error_code unknown;
    const std::uintmax_t bytes = std::filesystem::file_size(file, unknown);
    if (!unknown) table.add({nuq::detail::printable_text(file), std::to_string(bytes), purpose});
  };
  add_if_there(nuq::report_file_of(prefix), "all of this");
  add_if_there(nuq::page_file_of(prefix), "TO LOOK AT, in a browser");
  return "\n" + table.text(columns) + (smallest.empty() ? "" : for_output(nuq::detail::printable_message(smallest)));
}
