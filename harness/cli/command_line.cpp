#include "command_line.hpp"

#include "base/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

namespace cni_matrix::cli {

namespace {

constexpr std::size_t k_longest_refusal = 500;  // bytes, of a sentence about bad input

// The command that the words are about, or the program itself.
const CLI::App& addressed(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const auto inner =
        command->get_subcommands([&](const CLI::App* one) { return one->get_name() == argv[i]; });
    if (inner.empty()) {
      break;
    }
    command = inner.front();
  }
  return *command;
}

// The first option that the command does not have, with what was meant; empty when there is none.
std::string unknown_option(const CLI::App& app, int argc, char** argv) {
  const auto& command = addressed(app, argc, argv);
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
    for (const auto& name : option->get_snames()) {
      names.push_back("-" + name);
    }
  }
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string word = argv[i];
    const auto name = word.substr(0, word.find('='));
    if (!word.starts_with("--") || std::find(names.begin(), names.end(), name) != names.end()) {
      continue;
    }
    const auto called = &command == &app ? app.get_name() : "cni-matrix " + command.get_name();
    return fmt::format("{} has no option {}{} ({} --help)", called, excerpt(name, 80),
                       did_you_mean(name, names), called);
  }
  return {};
}

// CLI11 says of a mistyped command only that one is required.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return {};
  }
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) {
    return {};
  }
  return fmt::format("there is no command {}{} (cni-matrix --help)", excerpt(argv[1], 80),
                     did_you_mean(argv[1], names));
}

// `cni-matrix help`, `cni-matrix help COMMAND`: as --help says it.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  return words;
}

}  // namespace

Option& Option::list() {
  m_option->delimiter(',');
  return *this;
}

Option& Option::required() {
  m_option->required();
  return *this;
}

Option& Option::shown_as(const std::string& type) {
  m_option->type_name(type);
  return *this;
}

Option& Option::between(int least, int most) {
  m_option->check(CLI::Range(least, most));
  return *this;
}

Option& Option::one_of(const std::vector<std::string>& words) {
  m_option->check(CLI::IsMember(words));
  return *this;
}

Command Command::command(const std::string& name, const std::string& help) {
  return {*m_app->add_subcommand(name, help), *m_chosen};
}

void Command::needs_command() {
  m_app->require_subcommand(1);
}

template <typename T>
Option Command::option(const std::string& names, T& value, const std::string& help) {
  return Option(*m_app->add_option(names, value, help));
}

template Option Command::option(const std::string&, std::string&, const std::string&);
template Option Command::option(const std::string&, std::filesystem::path&, const std::string&);
template Option Command::option(const std::string&, int&, const std::string&);
template Option Command::option(const std::string&, std::optional<int>&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::string>&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::filesystem::path>&,
                                const std::string&);

Option Command::option(const std::string& names,
                       const std::function<Expected<void>(const std::string&)>& take,
                       const std::string& help) {
  return Option(*m_app->add_option_function<std::string>(
      names, [take](const std::string& text) { value_or_throw(take(text)); }, help));
}

void Command::flag(const std::string& names, bool& value, const std::string& help) {
  m_app->add_flag(names, value, help);
}

void Command::flag(const std::string& names, const std::function<void()>& given,
                   const std::string& help) {
  m_app->add_flag_function(
      names, [given](std::int64_t) { given(); }, help);
}

void Command::examples(const std::string& lines) {
  footer(exit_statuses_of(m_app->get_name()) + "\nExamples:\n" + lines);
}

void Command::footer(const std::string& text) {
  m_app->footer(text);
}

void Command::performs(Action action) {
  m_app->callback([chosen = m_chosen, action = std::move(action)] { *chosen = action; });
}

CommandLine::CommandLine(const std::string& name, const std::string& description,
                         const std::string& version)
    : m_app(std::make_unique<CLI::App>(description, name)) {
  m_app->set_version_flag("-V,--version", version);
}

CommandLine::~CommandLine() = default;

Command CommandLine::program() {
  return {*m_app, m_chosen};
}

Expected<Action> CommandLine::parse(int argc, char** argv) {
  try {
    m_app->parse(words_of(argc, argv));
  } catch (const CLI::CallForHelp& help) {
    m_app->exit(help);
    return Action();
  } catch (const CLI::CallForVersion& version) {
    m_app->exit(version);
    return Action();
  } catch (const CLI::ParseError& error) {
    auto what = unknown_command(*m_app, argc, argv);
    if (what.empty()) {
      what = unknown_option(*m_app, argc, argv);
    }
    if (what.empty()) {
      what = excerpt(error.what(), k_longest_refusal) + " (cni-matrix --help)";
    }
    return input_error("{}", what);
  } catch (const Failure& failure) {
    return fail(failure.error().kind, "{}", excerpt(failure.error().message, k_longest_refusal));
  }
  return m_chosen;
}

}  // namespace cni_matrix::cli
