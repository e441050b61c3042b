#include "usage_error.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

namespace {

/// Letters to be put in, left out or replaced to get from one word to the other.
std::size_t edit_distance(const std::string& from, const std::string& to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = (std::min)({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const command : app.get_subcommands({})) {
    if (!command->get_name().empty() && !command->get_group().empty()) names.push_back(command->get_name());
  }
  return names;
}

/// Null where there is none.
const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  for (const CLI::App* const command : app.get_subcommands({})) {
    if (command->get_name() == name && !name.empty()) return command;
  }
  return nullptr;
}

void add_options(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::Option* const option : app.get_options({})) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
}

/// Those that a command takes, of its option groups and of the program itself.
std::vector<std::string> names_of_options(const CLI::App& app, const CLI::App& command) {
  std::vector<std::string> names;
  add_options(app, names);
  add_options(command, names);
  for (const CLI::App* const group : command.get_subcommands({})) {
    if (group->get_name().empty()) add_options(*group, names);
  }
  return names;
}

std::string meant(const std::string& nearest) {
  return nearest.empty() ? "" : ", did you mean '" + nearest + "'?";
}

/// The first word that is no option of the program's own, nor the value of one: the command, as a rule.
std::string first_word(const CLI::App& app, const std::vector<std::string>& line) {
  for (std::size_t index = 0; index < line.size(); ++index) {
    const CLI::Option* const option = app.get_option_no_throw(line[index].substr(0, line[index].find('=')));
    if (option == nullptr) return line[index];
    if (option->get_type_size() > 0 && line[index].find('=') == std::string::npos) ++index;
  }
  return "";
}

std::string command_error(const CLI::App& app, const std::string& word) {
  const std::vector<std::string> names = names_of_commands(app);
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  if (word.empty()) return "nuq: a subcommand is required, one of " + all + " (see nuq --help)";
  const std::string nearest = nearest_name(word, names);
  return "nuq: no command '" + word + "'" + (nearest.empty() ? ", wanted one of " + all : meant(nearest)) +
         " (see nuq --help)";
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& names) {
  std::string nearest;
  std::size_t least = name.size() / 3 + 2;
  for (const std::string& other : names) {
    const bool begins_alike = name.size() >= 4 && other.compare(0, name.size(), name) == 0;
    const std::size_t distance = begins_alike ? 1 : edit_distance(name, other);
    if (distance >= least) continue;
    least = distance;
    nearest = other;
  }
  return nearest;
}

std::string usage_error_text(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& line) {
  const std::string word = first_word(app, line);
  const CLI::App* const command = command_named(app, word);
  if (command == nullptr && (word.empty() || word.front() != '-')) return command_error(app, word);
  if (command == nullptr) {
    std::vector<std::string> names;
    add_options(app, names);
    return "nuq: no option '" + word + "'" + meant(nearest_name(word, names)) + " (see nuq --help)";
  }
  const std::string help = " (see nuq " + word + " --help)";
  for (const std::string& argument : app.remaining(true)) {
    if (argument.size() < 2 || argument.front() != '-') continue;
    const std::string option = argument.substr(0, argument.find('='));
    return "nuq " + word + ": no option '" + option + "'" +
           meant(nearest_name(option, names_of_options(app, *command))) + help;
  }
  return "nuq " + word + ": " + error.what() + help;
}
