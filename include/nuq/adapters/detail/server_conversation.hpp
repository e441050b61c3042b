#ifndef NUQ_ADAPTERS_DETAIL_SERVER_CONVERSATION_HPP
#define NUQ_ADAPTERS_DETAIL_SERVER_CONVERSATION_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "nuq/adapters/detail/process_text.hpp"
#include "nuq/adapters/detail/server_process.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/io/json.hpp"
#include "nuq/io/json_text.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// How messages begin.
[[nodiscard]] inline std::string server_place(const std::string& command) {
  return "evaluation server '" + printable_text(command, std::string::npos) + "': ";
}

[[noreturn]] inline void refuse_server(const std::string& command, const std::string& problem) {
  fail(EvaluationError(ErrorCode::evaluation_failed, server_place(command) + problem));
}

/// What a server says of itself when it has been started.
struct ServerGreeting {
  int batch_num = 0;
  bool judges = false;  ///< by is_satisfied
  std::string label;
};

/// The requests and answers of one process. Functions without a result have lost the process (`problem`); they throw
/// EvaluationError for an answer that is not as the protocol has it, after which the process is of no use either.
class ServerConversation {
 public:
  static constexpr int protocol = 1;

  ServerConversation(const std::string& command, const CommandLimits& limits) : command_(command), process_(limits) {}

  [[nodiscard]] std::optional<ServerGreeting> start() {
    if (!process_.start(command_)) return std::nullopt;
    const std::optional<Json> answer = ask("hello", {{"protocol", protocol}});
    if (!answer) return std::nullopt;
    if (member(*answer, "protocol").integer() != protocol) {
      refuse("speaks protocol " + excerpt(member(*answer, "protocol")) + ", wanted " + std::to_string(protocol));
    }
    ServerGreeting greeting;
    if (const Json* batches = answer->find("batch_num")) greeting.batch_num = batch_num_of(*batches);
    if (const Json* judges = answer->find("is_satisfied")) greeting.judges = judges->boolean();
    if (const Json* label = answer->find("label")) greeting.label = label->text();
    return greeting;
  }

  [[nodiscard]] std::optional<double> evaluate(const std::string& model_file, const std::string& weights_file,
                                               int batch_num, BatchMetrics& batches) {
    std::optional<Json> answer =
        ask("evaluate", {{"model", model_file}, {"weights", weights_file}, {"batch_num", batch_num}});
    const std::int64_t id = id_;
    while (answer) {
      const bool goes_on = add_batches(*answer, batches);
      if (answer->find("metric") != nullptr) return number_of(*answer, "metric");
      if (answer->find("batches") == nullptr) refuse_answer(*answer, "neither 'metric' nor 'batches' nor 'error'");
      answer = exchange(Json::object({{"id", id}, {"continue", goes_on}}), id);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<bool> is_satisfied(double original_metric, double new_metric) {
    const std::optional<Json> answer =
        ask("is_satisfied", {{"original_metric", original_metric}, {"new_metric", new_metric}});
    if (!answer) return std::nullopt;
    const Json& satisfied = member(*answer, "satisfied");
    if (!satisfied.is_boolean()) refuse_answer(*answer, "'satisfied' is neither true nor false");
    return satisfied.boolean();
  }

  void shut_down() { process_.shut_down(to_text(Json::object({{"request", "shutdown"}}))); }

  /// A new request begins: it may take its time.
  void begin() { process_.begin_request(); }

  [[nodiscard]] const ServerProcess& process() const noexcept { return process_; }

 private:
  [[noreturn]] void refuse(const std::string& problem) const { refuse_server(command_, problem); }
  [[noreturn]] void refuse_line(const std::string& line, const std::string& problem) const {
    constexpr std::size_t quoted_bytes = 120;
    refuse("answered '" + printable_text(line, quoted_bytes) + "': " + problem);
  }
  [[noreturn]] void refuse_answer(const Json& answer, const std::string& problem) const {
    refuse_line(to_text(answer), problem);
  }

  /// The answer to a request that is sent under the next number.
  [[nodiscard]] std::optional<Json> ask(const char* request, std::initializer_list<Json::Member> members) {
    Json json = Json::object({{"id", ++id_}, {"request", request}});
    for (const Json::Member& one : members) json.add(one.key, one.value);
    return exchange(json, id_);
  }

  [[nodiscard]] std::optional<Json> exchange(const Json& message, std::int64_t id) {
    if (!process_.send(to_text(message))) return std::nullopt;
    const std::optional<std::string> line = process_.read_line();
    if (!line) return std::nullopt;
    JsonProblem problem;
    Json answer = parse_json_text(*line, problem);
    if (!problem.message.empty() || !answer.is_object()) {
      refuse_line(*line, "wanted one JSON object a line; whatever else it prints belongs on its standard error");
    }
    const Json* const answered = answer.find("id");
    if (answered == nullptr || answered->integer() != id)
      refuse_answer(answer, "wanted the answer with id " + std::to_string(id));
    if (const Json* error = answer.find("error")) {
      refuse("reports: " + (error->is_string() ? printable_message(error->text()) : excerpt(*error)));
    }
    return answer;
  }

  /// Returns whether the evaluation is to go on.
  [[nodiscard]] bool add_batches(const Json& answer, BatchMetrics& batches) const {
    bool goes_on = true;
    const Json* const list = answer.find("batches");
    if (list == nullptr) return goes_on;
    for (const Json& batch : *list) {
      const bool is_batch = batch.is_array() && batch.size() == 2 && batch[0].is_number() && batch[1].is_integer() &&
                            is_finite(batch[0].number()) && batch[1].integer() > 0;
      if (!is_batch) refuse_answer(answer, "batch " + excerpt(batch) + ", wanted [metric, number of samples]");
      goes_on = batches.add(batch[0].number(), static_cast<std::size_t>(batch[1].integer())) && goes_on;
    }
    if (const Json* damage = answer.find("damage")) {
      if (damage->is_number() && is_finite(damage->number())) batches.set_damage(damage->number());
    }
    return goes_on;
  }

  [[nodiscard]] const Json& member(const Json& answer, const char* key) const {
    const Json* const found = answer.find(key);
    if (found == nullptr) refuse_answer(answer, std::string("'") + key + "' is missing");
    return *found;
  }

  [[nodiscard]] double number_of(const Json& answer, const char* key) const {
    const Json& number = member(answer, key);
    if (!number.is_number() || !is_finite(number.number()))
      refuse_answer(answer, std::string("'") + key + "' is no finite number");
    return number.number();
  }

  [[nodiscard]] int batch_num_of(const Json& batches) const {
    const bool is_count =
        batches.is_integer() && batches.integer() >= 0 && batches.integer() <= (std::numeric_limits<int>::max)();
    if (!is_count) refuse("batch_num: got " + excerpt(batches) + ", wanted a number of batches, 0: all");
    return static_cast<int>(batches.integer());
  }

  const std::string& command_;
  ServerProcess process_;
  std::int64_t id_ = 0;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_SERVER_CONVERSATION_HPP
