#include "dry_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "amounts.hpp"
#include "dataset_files.hpp"
#include "level_sizes.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "nuq/report/layer_reports.hpp"
#include "nuq/report/table.hpp"
#include "nuq/workflow/init.hpp"
#include "progress_bar.hpp"
#include "terminal.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<int, 5> level_counts{8, 16, 32, 64, 256};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Bytes at each number of levels; those of a layer that takes none are the same everywhere.
std::array<std::uint64_t, level_counts.size()> sizes_of(const nuq::QuantizationSession& session,
                                                        const nuq::LayerReport& layer, nuq::Parallel& parallel) {
  std::array<std::uint64_t, level_counts.size()> sizes{};
  sizes.fill(layer.bytes);
  const auto planned = session.settings.plan.find(layer.name);
  if (planned == session.settings.plan.end() || layer.weights == 0) return sizes;
  const nuq::Node& node = *session.graph.find(layer.name);
  sizes.fill(packed_bytes_of_int8(session.graph, node, parallel).value_or(layer.bytes));
  if (planned->second.weight_algorithm != nuq::WeightAlgorithm::nuq) return sizes;
  for (std::size_t index = 0; index + 1 < sizes.size(); ++index) {
    sizes[index] = packed_bytes_of_levels(session.graph, node, level_counts[index], parallel).value_or(layer.bytes);
  }
  return sizes;
}

std::string table_of(const nuq::QuantizationSession& session, const Session& options) {
  nuq::ThreadPool threads(options.threads);
  const std::vector<nuq::LayerReport> layers =
      nuq::layer_reports(session.graph, {}, session.settings, nuq::Target::packed, threads);
  std::vector<nuq::detail::TextTable::Column> columns{{"layer", false}, {"float32", true}};
  for (const int levels : level_counts) columns.push_back({std::to_string(levels), true});
  nuq::detail::TextTable table(std::move(columns));
  ProgressBar bar(options.quiet);
  CountedWork work(bar, "sized layer", layers.size());
  std::array<std::uint64_t, level_counts.size()> totals{};
  std::uint64_t float_total = 0;
  const auto add = [&table](const std::string& name, std::uint64_t float_bytes, const auto& sizes) {
    std::vector<std::string> row{name, std::to_string(float_bytes)};
    for (const std::uint64_t size : sizes) row.push_back(std::to_string(size));
    table.add(std::move(row));
  };
  for (const nuq::LayerReport& layer : layers) {
    const auto sizes = sizes_of(session, layer, threads);
    add(nuq::detail::printable_text(layer.name), layer.bytes, sizes);
    float_total += layer.bytes;
    std::transform(sizes.begin(), sizes.end(), totals.begin(), totals.begin(), std::plus<>());
    work.step(layer.name);
  }
  add("all of them", float_total, totals);
  std::vector<std::string> ratios{"times smaller", ""};
  for (const std::uint64_t total : totals)
    ratios.push_back(nuq::detail::fixed_text(
        static_cast<double>(float_total) / static_cast<double>((std::max)(total, std::uint64_t{1})), 2));
  table.add(std::move(ratios));
  return table.text(terminal_columns(STDOUT_FILENO));
}

/// By the time that one batch takes.
std::string time_text(const ModelOptions& model, const DryRun& job, const Session& session) {
  if (job.data.empty()) return "";
  const nuq::Dataset data = load_dataset_files(job.data);
  nuq::Net net(model.model, model.weights, session.threads, {}, model.network);
  const Clock::time_point start = Clock::now();
  static_cast<void>(nuq::judged_outputs(net, data, 1));
  const double pass = seconds_since(start) * data.batches();
  std::string text = "about " + clock_text(pass) + " (minutes:seconds) for one " + job.purpose + " of " +
                     std::to_string(data.samples()) + " samples, by the time of one batch";
  if (job.passes > 1) text += "; " + std::to_string(job.passes) + " at most: about " + clock_text(job.passes * pass);
  return for_output(text);
}

}  // namespace

void print_dry_run(const ModelOptions& model, const nuq::QuantConfig& config, const DryRun& job,
                   const Session& session) {
  const Clock::time_point start = Clock::now();
  nuq::ThreadPool threads(session.threads);
  const nuq::QuantizationSession prepared =
      nuq::detail::prepared_session(config, model.model, model.weights, threads, model.network);
  std::string text = table_of(prepared, session);
  text += for_output(
      "bytes that a packed file takes for the weights at so many levels, each weight at the nearest (256: int8); error "
      "feedback and a price per bit make them smaller at the same accuracy");
  text += "\n" + for_output("estimates of time: about " +
                            clock_text(seconds_since(start) / static_cast<double>(level_counts.size())) +
                            " (minutes:seconds) to quantize once without data");
  text += time_text(model, job, session) + "\n";
  std::printf("%s%s", text.c_str(), for_output("dry run: nothing is written").c_str());
}
