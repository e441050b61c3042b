// nuq completion: what a shell needs to complete command lines.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "command_description.hpp"

namespace {

/// The choices of "a|b|c", or nothing.
std::vector<std::string> choices_of(const OptionDescription& option) {
  std::vector<std::string> choices;
  if (option.value.find('|') == std::string::npos) return choices;
  std::string rest = option.value + "|";
  for (std::size_t end = 0; (end = rest.find('|')) != std::string::npos; rest.erase(0, end + 1))
    choices.push_back(rest.substr(0, end));
  return choices;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::vector<OptionDescription> options_of(const CommandDescription& command) {
  std::vector<OptionDescription> options;
  for (const OptionGroup& group : command.groups)
    options.insert(options.end(), group.options.begin(), group.options.end());
  return options;
}

std::vector<std::string> names_of(const std::vector<OptionDescription>& options) {
  std::vector<std::string> names;
  for (const OptionDescription& option : options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

/// Words that a shell takes as they are.
std::string quoted(const std::string& text) {
  std::string safe;
  for (const char letter : text) safe += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return "'" + safe + "'";
}

std::string bash_choices(const std::string& command, const CommandDescription& description) {
  std::string lines;
  for (const OptionDescription& option : options_of(description)) {
    const std::vector<std::string> choices = choices_of(option);
    if (choices.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) patterns.push_back(command + ":" + name);
    lines += "    " + joined(patterns, "|") + ") words=" + quoted(joined(choices, " ")) + " ;;\n";
  }
  return lines;
}

/// A word that is no option.
std::string bash_arguments(const CommandDescription& command) {
  std::string lines;
  for (const OptionDescription& argument : command.arguments) {
    const std::vector<std::string> choices = choices_of(argument);
    if (!choices.empty()) lines += "    " + command.name + ":*) words=" + quoted(joined(choices, " ")) + " ;;\n";
  }
  return lines;
}

/// A word that follows an option with a value is completed as a file name, by readline itself.
std::string bash_values(const std::string& command, const CommandDescription& description) {
  std::vector<std::string> patterns;
  for (const OptionDescription& option : options_of(description)) {
    if (option.value.empty() || !choices_of(option).empty()) continue;
    for (const std::string& name : option.names) patterns.push_back(command + ":" + name);
  }
  return patterns.empty() ? "" : "    " + joined(patterns, "|") + ") return ;;\n";
}

std::string bash_completion(const CommandDescription& program) {
  std::vector<std::string> commands;
  std::string options;
  std::string values = bash_choices("*", program) + bash_values("*", program);
  const std::string common = joined(names_of(options_of(program)), " ");
  for (const CommandDescription& command : program.commands) {
    commands.push_back(command.name);
    options += "    " + command.name +
               ") options=" + quoted(joined(names_of(options_of(command)), " ") + " " + common) + " ;;\n";
    values += bash_choices(command.name, command) + bash_values(command.name, command) + bash_arguments(command);
  }
  return "# Completion of nuq for bash, written by: nuq completion bash\n"
         "_nuq() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local command='' words='' options=" +
         quoted(common) +
         " index\n"
         "  COMPREPLY=()\n"
         "  for ((index = 1; index < COMP_CWORD; index++)); do\n"
         "    case ${COMP_WORDS[index]} in\n"
         "    " +
         joined(commands, "|") +
         ") command=${COMP_WORDS[index]}; break ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n" +
         options +
         "  esac\n"
         "  case $command:$before in\n" +
         values +
         "  esac\n"
         "  if [[ -z $words && $word == -* ]]; then words=$options; fi\n"
         "  if [[ -z $words && -z $command ]]; then words=" +
         quoted(joined(commands, " ")) +
         "; fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "}\n"
         "complete -o default -F _nuq nuq\n";
}

/// Text within the brackets of an argument of _arguments.
std::string zsh_text(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') safe += '\\';
    safe += letter;
  }
  return safe;
}

std::string zsh_action(const OptionDescription& option) {
  if (option.value.empty()) return "";
  const std::vector<std::string> choices = choices_of(option);
  const std::string what = ":" + zsh_text(option.value) + ":";
  if (!choices.empty()) return what + "(" + joined(choices, " ") + ")";
  if (option.value == "FOLDER") return what + "_files -/";
  return option.value == "FILE" || option.value == "PREFIX" ? what + "_files" : what;
}

std::string zsh_arguments(const CommandDescription& command, const std::string& indent) {
  std::string lines;
  for (const OptionDescription& option : options_of(command)) {
    for (const std::string& name : option.names)
      lines += " \\\n" + indent + quoted("*" + name + "[" + zsh_text(option.text) + "]" + zsh_action(option));
  }
  return lines;
}

/// What is no option: a choice, or files.
std::string zsh_argument(const CommandDescription& command) {
  if (!command.arguments.empty() && !choices_of(command.arguments.front()).empty())
    return quoted("1" + zsh_action(command.arguments.front()));
  return quoted("*:file:_files");
}

std::string zsh_completion(const CommandDescription& program) {
  std::string commands;
  std::string cases;
  for (const CommandDescription& command : program.commands) {
    commands += "    " + quoted(command.name + ":" + command.text) + "\n";
    cases += "      " + command.name + ") _arguments -s" + zsh_arguments(command, "        ") +
             zsh_arguments(program, "        ") + " \\\n        " + zsh_argument(command) + " ;;\n";
  }
  return "#compdef nuq\n"
         "# Completion of nuq for zsh, written by: nuq completion zsh\n"
         "_nuq() {\n"
         "  local state\n"
         "  local -a commands\n"
         "  commands=(\n" +
         commands + "  )\n  _arguments -C" + zsh_arguments(program, "    ") +
         " \\\n    '1:command:->command' '*::argument:->arguments'\n"
         "  case $state in\n"
         "    command) _describe command commands ;;\n"
         "    arguments)\n"
         "      case $words[1] in\n" +
         cases +
         "      esac ;;\n"
         "  esac\n"
         "}\n"
         "_nuq \"$@\"\n";
}

}  // namespace

void add_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App& command = *app.add_subcommand("completion", "what bash or zsh needs to complete command lines of nuq");
  command.add_option("shell", *shell, "bash or zsh")->required()->type_name("bash|zsh");
  command.callback([shell, &app] {
    if (*shell != "bash" && *shell != "zsh") {
      nuq::detail::fail(nuq::ConfigError(nuq::ErrorCode::invalid_argument,
                                         "nuq completion: shell '" + *shell + "': wanted bash or zsh"));
    }
    const CommandDescription program = description_of(app);
    std::printf("%s", (*shell == "bash" ? bash_completion(program) : zsh_completion(program)).c_str());
  });
}
