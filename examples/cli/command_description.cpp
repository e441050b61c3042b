#include "command_description.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

std::string OptionDescription::title() const {
  std::string title;
  for (const std::string& name : names) title += (title.empty() ? "" : ", ") + name;
  return value.empty() || names.front().front() != '-' ? title : title + " " + value;
}

std::string OptionDescription::usage() const {
  if (names.front().front() != '-') return is_required ? names.front() : "[" + names.front() + "]";
  return value.empty() ? names.front() : names.front() + " " + value;
}

namespace {

/// The type of an option's value in the words of the help, without what CLI11 adds of checks.
std::string value_of(const CLI::Option& option) {
  if (option.get_type_size() == 0) return "";
  const std::string type = option.get_type_name().substr(0, option.get_type_name().find(':'));
  if (type == "INT" || type == "UINT") return "N";
  if (type == "FLOAT") return "X";
  return type == "TEXT" ? "NAME" : type;
}

OptionDescription described(const CLI::Option& option) {
  OptionDescription description;
  if (option.get_positional()) {
    description.names = {option.get_name(true, false)};
    std::transform(description.names[0].begin(), description.names[0].end(), description.names[0].begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  }
  for (const std::string& name : option.get_snames()) description.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) description.names.push_back("--" + name);
  description.value = value_of(option);
  description.text = option.get_description();
  description.is_required = option.get_required();
  if (description.is_required) description.text += " (required)";
  if (!option.get_default_str().empty()) description.text += " (otherwise " + option.get_default_str() + ")";
  return description;
}

/// Those that users are told of.
std::vector<const CLI::Option*> shown_options(const CLI::App& command, bool positional) {
  return command.get_options([positional, &command](const CLI::Option* option) {
    return !option->get_group().empty() && option->get_positional() == positional &&
           (option != command.get_help_ptr() || !command.get_name().empty());
  });
}

OptionGroup group_of(const CLI::App& command, std::string title) {
  OptionGroup group{std::move(title), {}};
  for (const CLI::Option* const option : shown_options(command, false)) group.options.push_back(described(*option));
  return group;
}

std::string usage_of(const CLI::App& command, const CommandDescription& description) {
  const CLI::App* const parent = command.get_parent();
  std::string usage = (parent == nullptr ? "" : parent->get_name() + " ") + description.name;
  for (const OptionDescription& argument : description.arguments) usage += " " + argument.usage();
  for (const OptionDescription& option : description.groups.front().options) {
    if (option.is_required) usage += " " + option.usage();
  }
  for (std::size_t group = 1; group < description.groups.size(); ++group) {
    const CLI::App& choice =
        *command.get_subcommands([](const CLI::App* app) { return app->get_name().empty(); })[group - 1];
    if (choice.get_require_option_min() == 0) continue;
    std::string either;
    for (const OptionDescription& option : description.groups[group].options) {
      either += (either.empty() ? "" : " | ") + option.usage();
    }
    usage += " (" + either + ")";
  }
  return usage + (description.commands.empty() ? " [OPTIONS]" : " COMMAND [OPTIONS]");
}

}  // namespace

CommandDescription description_of(const CLI::App& command) {
  CommandDescription description;
  description.name = command.get_name();
  description.text = command.get_description();
  description.examples = command.get_footer();
  for (const CLI::Option* const option : shown_options(command, true))
    description.arguments.push_back(described(*option));
  description.groups.push_back(group_of(command, "Options"));
  for (const CLI::App* const child : command.get_subcommands({})) {
    if (!child->get_name().empty()) {
      description.commands.push_back(description_of(*child));
    } else {
      description.groups.push_back(group_of(*child, child->get_description()));
    }
  }
  description.usage = usage_of(command, description);
  return description;
}
