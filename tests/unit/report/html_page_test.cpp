#include "nuq/report/html_page.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../error_of.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/io/sha256.hpp"

namespace report_html_page_test {

/// A report with everything in it: a search of four trials, two of which ended early.
const char* const search_report = R"({
  "schema": 2, "version": "0.1.0",
  "original_metric": 0.9123, "int8_metric": 0.9111, "metric": 0.9045, "metric_error": 0.0021, "confidence": 0.9,
  "satisfied": true, "weights_only": false, "evaluations": 5, "seconds": 12.5,
  "bytes": 1500, "ratio_float32": 8.53, "ratio_int8": 2.13, "target": "packed",
  "search_note": "2 smaller uniform configuration(s) could not be evaluated within the budget", "warnings": ["careful"],
  "files": [{"path": "out/net.nuq", "sha256": "abcd", "bytes": 1890}],
  "layers": [
    {"name": "conv1", "type": "Convolution", "shape": [8, 3, 5, 5], "weights": 600, "levels": 3, "bits_per_weight": 4.0,
     "bytes": 300, "taken": true, "reason": "", "histogram_unit": "level",
     "histogram": {"from": -2.0, "to": 2.0, "counts": [10, 290, 280, 20]}, "weight_snr_db": 14.25, "scales": 8,
     "level_values": [-1, 0, 1], "level_counts": [100, 399, 101], "level_errors": [0.5, 0.25, 0.125],
     "output_error": 0.0625, "sensitivity": 3.5, "harm": 0.21875,
     "stored": {"coding": "rans", "indices": 250, "tables": 18, "scales": 32, "values": 0}},
    {"name": "fc", "type": "InnerProduct", "shape": [10, 260], "weights": 2600, "levels": null, "bits_per_weight": 32.0,
     "bytes": 1200, "taken": false, "reason": "not enabled in the configuration", "histogram_unit": "weight",
     "histogram": {"from": -0.5, "to": 0.5, "counts": [1300, 1300]}}],
  "trials": [
    {"configuration": "conv1=256", "bytes": 2400, "metric": 0.9111, "satisfied": true, "ended_early": false,
     "error": 0.001, "price": null, "levels": {"conv1": 256}, "non_dominated": true, "files": ""},
    {"configuration": "conv1=3@0.5", "bytes": 1500, "metric": 0.9045, "satisfied": true, "ended_early": false,
     "error": 0.0021, "price": 0.5, "levels": {"conv1": 3}, "non_dominated": true, "files": ""},
    {"configuration": "conv1=2@7", "bytes": 900, "metric": 0.33, "satisfied": false, "ended_early": true,
     "error": 0.04, "price": 7.0, "levels": {"conv1": 2}, "non_dominated": true, "files": ""}],
  "sizes": {"packed": 1500, "ascend": 1777}, "price": 0.5,
  "packed_file": {"bytes": 1890, "indices": 250, "tables": 18, "scales": 32, "float_weights": 1200, "biases": 72,
                  "text": 200, "directory": 118},
  "options": {"seed": 0, "metric": "top1", "samples": 1000, "max_drop": 0.01, "target": "packed", "calibration": true},
  "inputs": [{"role": "weights", "path": "nets/lenet.caffemodel", "sha256": "ef01", "bytes": 12800}],
  "run": {"command": ["nuq", "auto", "it's"], "started": "2026-01-01 00:00:00 UTC", "processor": "some"}
})";

nuq::Json parsed(const std::string& text) {
  return nuq::parse_json(text, "x");
}

/// What is wrong with a page's tags, an empty text for nothing: each is closed, in order, attributes are quoted.
std::string problem_of_markup(const std::string& page) {
  static const std::set<std::string> without_end = {"!DOCTYPE", "meta", "link", "br"};
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    std::size_t end = at + 1;
    for (bool is_quoted = false; end < page.size() && (is_quoted || page[end] != '>'); ++end) {
      if (page[end] == '"') is_quoted = !is_quoted;
      if (page[end] == '<') return "a tag within a tag: " + page.substr(at, 80);
    }
    if (end == page.size()) return "no end: " + page.substr(at, 80);
    const std::string tag = page.substr(at + 1, end - at - 1);
    at = end;
    const std::string name = tag.substr(0, tag.find(' '));
    if (name[0] != '/') {
      if (without_end.count(name) == 0) open.push_back(name);
      if (name == "script" || name == "style") at = page.find("</" + name, at);
      continue;
    }
    if (open.empty() || "/" + open.back() != name) return "unexpected end: " + name;
    open.pop_back();
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

/// All numbers of a value as the page writes them.
void add_numbers(const nuq::Json& json, std::set<std::string>& numbers) {
  if (json.is_number()) numbers.insert(nuq::to_text(nuq::Json(json.number())));
  for (const nuq::Json& element : json) add_numbers(element, numbers);
}

std::vector<std::string> shown_numbers(const std::string& page) {
  constexpr std::string_view mark = "<data value=\"";
  std::vector<std::string> numbers;
  for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
    const std::size_t begin = at + mark.size();
    numbers.push_back(page.substr(begin, page.find('"', begin) - begin));
  }
  return numbers;
}

std::size_t count_of(const std::string& page, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1)) ++count;
  return count;
}

bool has(const std::string& page, const std::string& part) {
  return count_of(page, part) > 0;
}

TEST_CASE("a page is well formed, needs no network and names the report that it was made of") {
  const std::string page = nuq::html_page(search_report);
  CHECK(problem_of_markup(page).empty());
  CHECK_FALSE(has(page, "http://"));
  CHECK_FALSE(has(page, "https://"));
  CHECK_FALSE(has(page, "src="));
  CHECK(has(page, "content=\"" + nuq::sha256(search_report) + "\""));
  CHECK(nuq::html_page(search_report) == page);
}

TEST_CASE("every number on a page is one of the report") {
  std::set<std::string> numbers;
  add_numbers(parsed(search_report), numbers);
  const std::vector<std::string> shown = shown_numbers(nuq::html_page(search_report));
  CHECK(shown.size() > 40);
  for (const std::string& number : shown) {
    CAPTURE(number);
    CHECK(numbers.count(number) == 1);
  }
  for (const char* const number : {"0.9123", "0.9111", "0.9045", "0.0021", "1500.0", "8.53", "2.13", "1890.0", "12.5",
                                   "14.25", "0.0625", "3.5", "250.0", "7.0", "12800.0"}) {
    CAPTURE(number);
    CHECK(std::count(shown.begin(), shown.end(), number) >= 1);
  }
}

TEST_CASE("metrics that are shares are shown in per cent, with the limit and what the result is called") {
  const std::string page = nuq::html_page(search_report);
  for (const char* const text :
       {"90.45\u00A0%", "top-1 accuracy", "limit 90.23\u00A0%", "lenet.caffemodel", "satisfied",
        "8 scales, one for each output channel", "not enabled in the configuration", "careful"}) {
    CAPTURE(text);
    CHECK(has(page, text));
  }
  CHECK(has(page, "nuq auto &#39;it&#39;\\&#39;&#39;s&#39;"));
}

TEST_CASE("a metric that was predicted is drawn as such and is on no front") {
  const std::string page = nuq::html_page(search_report);
  CHECK(count_of(page, "ended early, metric predicted") == 1);
  CHECK(count_of(page, "passes, on the front") == 2);
  CHECK_FALSE(has(page, "predicted, on the front"));
  CHECK(count_of(page, "trial 3: 33.00\u00A0%, 900 bytes, ended early, predicted") ==
        2);                                        // a wide and a narrow picture
  CHECK(count_of(page, "class=\"answer\"") == 3);  // and the legend
  CHECK(count_of(page, "class=\"front\" d=") == 2);
}

TEST_CASE("names are text, whatever is in them") {
  const std::string hostile =
      "<script>alert('1')</script>\" onload=\"x\" & \x01\x1b[31m \xE2\x80\xAE\xD7\xA9\xD7\x9C \xff]]>";
  nuq::Json report = parsed(search_report);
  nuq::Json layer = report.find("layers")->operator[](0);
  layer.set("name", hostile);
  layer.set("type", hostile);
  layer.set("reason", hostile);
  nuq::Json far_too_long = layer;
  far_too_long.set("name", std::string(100000, 'x') + "end");
  report.set("layers", nuq::Json::array({layer, far_too_long}));
  report.set("search_note", hostile);
  report.set("warnings", nuq::Json::array({hostile}));
  report.set("options", nuq::Json::object({{hostile, hostile}, {"metric", hostile}}));
  report.set("files", nuq::Json::array({nuq::Json::object({{"path", hostile}, {"sha256", hostile}})}));
  report.set("inputs", nuq::Json::array({nuq::Json::object({{"role", "weights"}, {"path", "/" + hostile}})}));
  report.set("run", nuq::Json::object({{"command", nuq::Json::array({hostile})}, {hostile, hostile}}));
  nuq::Json trial = report.find("trials")->operator[](0);
  trial.set("configuration", hostile);
  report.set("trials", nuq::Json::array({trial}));
  const std::string text = nuq::to_text(report);
  for (const std::string& page : {nuq::html_page(text), nuq::html_comparison(text, hostile, text, hostile)}) {
    CHECK(problem_of_markup(page).empty());
    CHECK(count_of(page, "<script") == 1);  // our own
    CHECK(has(page, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onload=&quot;x&quot; &amp; \\x01\\x1b[31m"));
    CHECK(has(page, "\\xff"));
    CHECK_FALSE(has(page, "onload=\"x"));
    CHECK(page.find_first_of("\x01\x1b\xff") == std::string::npos);
    CHECK(page.size() < 200000);
  }
}

/// A value with each member of it, at any depth, taken away or replaced by something else.
std::vector<nuq::Json> damaged(const nuq::Json& json) {
  std::vector<nuq::Json> all;
  for (std::size_t index = 0; index < json.size(); ++index) {
    std::vector<nuq::Json> replacements = damaged(json[index]);
    for (const char* const text : {"null", "[]", "{}", "\"x\"", "-1", "1e308", "0", "[1, null, \"x\", {}]", "true"})
      replacements.push_back(parsed(text));
    for (nuq::Json& replacement : replacements) {
      nuq::Json copy = json.is_array() ? nuq::Json::array() : nuq::Json::object();
      for (std::size_t other = 0; other < json.size(); ++other) {
        const nuq::Json& value = other == index ? replacement : json[other];
        json.is_array() ? copy.push_back(value) : copy.set(json.keys()[other], value);
      }
      all.push_back(std::move(copy));
    }
  }
  return all;
}

TEST_CASE("whatever a report lacks, and whatever stands in its place, there is a page") {
  const std::vector<nuq::Json> reports = damaged(parsed(search_report));
  CHECK(reports.size() > 1000);
  for (const nuq::Json& report : reports) {
    const std::string problem = problem_of_markup(nuq::html_report(report));
    if (!problem.empty()) FAIL(problem << " of " << nuq::to_text(report));
  }
  CHECK(problem_of_markup(nuq::html_page(R"({"layers": [], "files": []})")).empty());
}

TEST_CASE("a report of before there was a schema has a page") {
  const std::string page = nuq::html_page(R"({"original_metric": null, "satisfied": true, "evaluations": 0,
    "seconds": 1.5, "bytes": 328, "ratio_float32": 6.1, "ratio_int8": 1.5, "target": "packed", "search_note": "",
    "warnings": [], "files": [{"path": "m.nuq", "sha256": "ab", "bytes": 7}], "trials": [],
    "layers": [{"name": "conv1", "type": "Convolution", "shape": [20, 1, 5, 5], "weights": 500, "levels": 32,
                "bits_per_weight": 5.25, "bytes": 328, "taken": true, "reason": ""}]})");
  CHECK(problem_of_markup(page).empty());
  CHECK(has(page, "20 × 1 × 5 × 5"));
  CHECK(has(page, "No accuracy was measured"));
  CHECK_FALSE(has(page, "Weights and levels"));
  CHECK_FALSE(has(page, "The search"));
}

TEST_CASE("a search that found nothing says what it tried, the smallest drop and what to try next") {
  nuq::Json report = parsed(search_report);
  report.set("satisfied", false);
  report.set("metric", nuq::Json());
  report.set("original_metric", 0.95);
  const std::string page = nuq::html_report(report);
  for (const char* const text : {"nothing satisfies", "3 configurations", "3.89\u00A0points", "1.00\u00A0points",
                                 "--max-drop 0.043", "nuq rollback", "--weights-only"}) {
    CAPTURE(text);
    CHECK(has(page, text));
  }
  CHECK_FALSE(has(page, "--calibration DATASET"));  // it had some
  CHECK_FALSE(has(page, "Where the bytes go"));
}

TEST_CASE("limits that are relative, or of bytes, are drawn where they are") {
  nuq::Json report = parsed(search_report);
  report.set("options", parsed(R"({"metric": "top1", "max_drop_share": 0.02, "max_bytes": 2000})"));
  const std::string page = nuq::html_report(report);
  CHECK(has(page, "limit 89.41\u00A0%"));
  CHECK(count_of(page, "at most 2\u00A0kB") == 2);
}

TEST_CASE("two reports stand side by side, layers by their names") {
  nuq::Json other = parsed(search_report);
  other.set("bytes", 1200);
  nuq::Json layer = other.find("layers")->operator[](0);
  layer.set("bytes", 222);
  nuq::Json alone = layer;
  alone.set("name", "alone");
  other.set("layers", nuq::Json::array({layer, alone}));
  const std::string text = nuq::to_text(other);
  const std::string page = nuq::html_comparison(search_report, "a.json", text, "b.json");
  CHECK(problem_of_markup(page).empty());
  for (const char* const shown : {"a.json", "b.json", "−300", "−78", "<bdi>alone</bdi>", "<bdi>fc</bdi>"}) {
    CAPTURE(shown);
    CHECK(has(page, shown));
  }
  std::set<std::string> numbers;
  add_numbers(parsed(search_report), numbers);
  add_numbers(other, numbers);
  for (const std::string& number : shown_numbers(page)) {
    CAPTURE(number);
    CHECK(numbers.count(number) == 1);
  }
}

TEST_CASE("what is no report is refused by name") {
  const auto message = [](const std::string& text) {
    return error_of<nuq::FormatError>([&] { static_cast<void>(nuq::html_page(text, "x_report.json")); });
  };
  CHECK(message("{}").says("x_report.json: has no 'layers'"));
  CHECK(message("{").says("x_report.json"));
  CHECK(message("[1, 2]").says("wanted a report of a run"));
}

}  // namespace report_html_page_test
