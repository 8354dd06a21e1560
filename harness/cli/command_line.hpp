#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/exit_status.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

// CLI11 is slow to compile, so command_line.cpp alone includes it.
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cni_matrix::cli {

// What a command does when its options are read.
using Action = std::function<Expected<Ending>()>;

// More of an option that was added to a command.
class Option {
 public:
  explicit Option(CLI::Option& option) : m_option(&option) {}
  Option& list();  // of several values, which commas may separate
  Option& required();
  Option& shown_as(const std::string& type);  // in --help, such as "FILE"
  Option& between(int least, int most);
  Option& one_of(const std::vector<std::string>& words);

 private:
  CLI::Option* m_option;
};

// A command, or the program itself, while its options are told. `names` are "--long,-s", or a word
// for what is given by its place. Variables are set while the command line is parsed: they have to
// live as long as it.
class Command {
 public:
  Command(CLI::App& app, Action& chosen) : m_app(&app), m_chosen(&chosen) {}

  Command command(const std::string& name, const std::string& help);
  void needs_command();

  // T: std::string, std::filesystem::path, int, std::optional<int>, or a std::vector of the first
  // two.
  template <typename T>
  Option option(const std::string& names, T& value, const std::string& help);
  // `take` is given the text; its error refuses the command line.
  Option option(const std::string& names,
                const std::function<Expected<void>(const std::string&)>& take,
                const std::string& help);
  void flag(const std::string& names, bool& value, const std::string& help);
  void flag(const std::string& names, const std::function<void()>& given, const std::string& help);
  // The end of --help: the statuses that the command can have, and examples, one a line.
  void examples(const std::string& lines);
  void footer(const std::string& text);  // in place of that

  void performs(Action action);

 private:
  CLI::App* m_app;
  Action* m_chosen;
};

// All that `cni-matrix` can be told.
class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description, const std::string& version);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  Command program();

  // What the words ask for. Empty when that was a text (--help, --version), which is printed then.
  // The error is one sentence that says what was meant. Error kinds: input; those of `take`.
  Expected<Action> parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> m_app;
  Action m_chosen;
};

}  // namespace cni_matrix::cli
