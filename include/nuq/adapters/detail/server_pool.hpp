#ifndef NUQ_ADAPTERS_DETAIL_SERVER_POOL_HPP
#define NUQ_ADAPTERS_DETAIL_SERVER_POOL_HPP

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/adapters/detail/server_conversation.hpp"
#include "nuq/adapters/detail/shell_process.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Processes of one server, as many as threads ask at the same time.
class ServerPool {
 public:
  ServerPool(std::string command, CommandLimits limits, std::function<void(const std::string&)> restarted)
      : command_(std::move(command)), limits_(std::move(limits)), restarted_(std::move(restarted)) {}
  ServerPool(const ServerPool&) = delete;
  ServerPool& operator=(const ServerPool&) = delete;
  ~ServerPool() {
    for (const std::unique_ptr<ServerConversation>& server : idle_) server->shut_down();
  }

  /// Has a process answer; throws where none does.
  void greet() {
    static_cast<void>(converse([](ServerConversation&) { return std::optional<bool>(true); }, 1));
  }

  [[nodiscard]] double evaluate(const std::string& model_file, const std::string& weights_file, int batch_num,
                                BatchMetrics& batches) {
    const BatchMetrics none = batches;
    return converse([&](ServerConversation& server) {
      batches = none;
      return server.evaluate(model_file, weights_file, batch_num, batches);
    });
  }

  [[nodiscard]] bool is_satisfied(double original_metric, double new_metric) {
    const auto ask = [&](ServerConversation& server) { return server.is_satisfied(original_metric, new_metric); };
    ServerConversation* const within = of_this_thread();
    if (within == nullptr) return converse(ask);
    const std::optional<bool> satisfied = ask(*within);
    if (!satisfied) refuse_server(command_, within->process().problem());
    return *satisfied;
  }

  [[nodiscard]] ServerGreeting greeting() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return greeting_;
  }
  [[nodiscard]] int starts() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return starts_;
  }

 private:
  /// Returns what `talk(server)`, an optional, returns with a process; asked again, with another, where it is lost.
  template <class Talk>
  [[nodiscard]] typename std::invoke_result_t<Talk, ServerConversation&>::value_type converse(Talk&& talk,
                                                                                              int tries = 2) {
    for (int tried = 1;; ++tried) {
      std::unique_ptr<ServerConversation> server = idle();
      const bool is_new = server == nullptr;
      if (is_new) server = std::make_unique<ServerConversation>(command_, limits_);
      const Loan loan(*this, *server);
      server->begin();
      if (!is_new || start(*server)) {
        server->begin();
        if (const auto result = talk(*server)) {
          const std::lock_guard<std::mutex> lock(mutex_);
          idle_.push_back(std::move(server));
          return *result;
        }
      }
      const ServerProcess& process = server->process();
      if (tried == tries || process.was_stopped()) refuse_server(command_, process.problem());
      if (restarted_) restarted_(server_place(command_) + process.problem() + ": started again");
    }
  }

  /// Notes which process a thread talks with.
  class Loan {
   public:
    Loan(ServerPool& pool, ServerConversation& server) : pool_(pool) {
      const std::lock_guard<std::mutex> lock(pool_.mutex_);
      pool_.talking_[std::this_thread::get_id()] = &server;
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
      const std::lock_guard<std::mutex> lock(pool_.mutex_);
      pool_.talking_.erase(std::this_thread::get_id());
    }

   private:
    ServerPool& pool_;
  };

  [[nodiscard]] bool start(ServerConversation& server) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++starts_;
    }
    const std::optional<ServerGreeting> greeting = server.start();
    if (!greeting) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    greeting_ = *greeting;
    return true;
  }

  /// One that waits for requests; null where all are busy.
  [[nodiscard]] std::unique_ptr<ServerConversation> idle() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<ServerConversation> server = std::move(idle_.back());
    idle_.pop_back();
    return server;
  }

  [[nodiscard]] ServerConversation* of_this_thread() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = talking_.find(std::this_thread::get_id());
    return found == talking_.end() ? nullptr : found->second;
  }

  const std::string command_;
  const CommandLimits limits_;
  const std::function<void(const std::string&)> restarted_;
  mutable std::mutex mutex_;  // of all below
  std::vector<std::unique_ptr<ServerConversation>> idle_;
  std::map<std::thread::id, ServerConversation*> talking_;
  ServerGreeting greeting_;
  int starts_ = 0;
};

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_SERVER_POOL_HPP
