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

// As it is called: "cni-matrix store prune".
std::string called(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : called(*parent) + " " + command.get_name();
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
    return fmt::format("{} has no option {}{} ({} --help)", called(command), excerpt(name, 80),
                       did_you_mean(name, names), called(command));
  }
  return {};
}

// The first of the words that stands where a command is wanted and is none; empty when there is
// none. CLI11 says of it only that a command is required, and nothing where help is asked for.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = &app;
  const int first = argc > 1 && std::string_view(argv[1]) == "help" ? 2 : 1;
  for (int i = first; i < argc && argv[i][0] != '-'; ++i) {
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const auto* inner : command->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(inner->get_name());
      next = inner->get_name() == argv[i] ? inner : next;
    }
    if (names.empty()) {
      return {};
    }
    if (next == nullptr) {
      return fmt::format("there is no command {}{}{} ({} --help)",
                         command == &app ? "" : command->get_name() + " ", excerpt(argv[i], 80),
                         did_you_mean(argv[i], names), called(*command));
    }
    command = next;
  }
  return {};
}

// An empty value is mostly a variable that nobody has set, and would be taken for no option at all.
void refuse_empty_values(CLI::App& app) {
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    refuse_empty_values(*command);
  }
  for (auto* option : app.get_options()) {
    const bool is_of_another_program = app.get_name() == "shell" && option->get_positional();
    if (option->get_items_expected_max() > 0 && !is_of_another_program) {
      option->check([](const std::string& value) {
        return std::string(value.empty() ? "it is empty; give it a value or leave it out" : "");
      });
    }
  }
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
  // As CLI::IsMember, which lists all of them to who has mistyped one.
  m_option->check(CLI::Validator(
      [words](const std::string& value) {
        return std::find(words.begin(), words.end(), value) != words.end()
                   ? std::string()
                   : fmt::format("there is no \"{}\"{}", excerpt(value, 80),
                                 suggestion(value, words));
      },
      fmt::format("{{{}}}", fmt::join(words, ","))));
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
  refuse_empty_values(*m_app);
  if (const auto what = unknown_command(*m_app, argc, argv); !what.empty()) {
    return input_error("{}", what);
  }
  try {
    m_app->parse(words_of(argc, argv));
  } catch (const CLI::CallForHelp& help) {
    m_app->exit(help);
    return Action();
  } catch (const CLI::CallForVersion& version) {
    m_app->exit(version);
    return Action();
  } catch (const CLI::ParseError& error) {
    auto what = unknown_option(*m_app, argc, argv);
    if (what.empty()) {
      what = fmt::format("{} ({} --help)", excerpt(error.what(), k_longest_refusal),
                         called(addressed(*m_app, argc, argv)));
    }
    return input_error("{}", what);
  } catch (const Failure& failure) {
    return fail(failure.error().kind, "{}", excerpt(failure.error().message, k_longest_refusal));
  }
  return m_chosen;
}

}  // namespace cni_matrix::cli
