#include "programs.hpp"

#include "node_paths.hpp"

#include "base/regex_text.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>

namespace cni_matrix::equipment {

namespace {

constexpr std::size_t k_output_limit = 1U << 20U;
constexpr std::size_t k_words = 300;

}  // namespace

std::vector<std::string> call_of(const Program& program) {
  auto argv = program.argv;
  if (const auto plugin = plugin_of_path(argv.front()); !plugin.empty()) {
    argv.front() = fmt::format("{}/{}", layout::k_real_plugins, plugin);
  }
  return argv;
}

std::vector<std::string> environment_of(const Program& program) {
  auto environment = fixed_environment();
  for (const auto& [name, value] : program.environment) {
    environment.push_back(fmt::format("{}={}", name, value));  // the last of a name is in force
  }
  return environment;
}

std::filesystem::path network_of(Where where) {
  return where == Where::outside ? layout::k_outside : "";
}

std::string last_words(std::string_view printed) {
  const auto words = trim(printed);
  return words.empty()
             ? std::string()
             : "; it said: " +
                   excerpt(words.size() > k_words ? words.substr(words.size() - k_words) : words,
                           k_words);
}

Expected<CommandEnd> run_command(const Command& command) {
  CommandOptions options;
  options.environment = environment_of(command.program);
  options.timeout = command.within;
  options.output_limit = k_output_limit;
  options.foreign = true;
  options.network = network_of(command.program.where);
  const auto result = run_program(call_of(command.program), options);
  if (!result) {
    return CommandEnd{result.error().message};
  }
  if (result->timed_out) {
    return CommandEnd{fmt::format("it did not end within {} ms{}", command.within.count(),
                                  last_words(result->err + result->out))};
  }
  if (result->exit_code != command.exit) {
    const auto how = result->signal != 0 ? fmt::format("signal {}", result->signal)
                                         : fmt::format("status {}", result->exit_code);
    return CommandEnd{fmt::format("it ended with {} and not {}{}", how, command.exit,
                                  last_words(result->err.empty() ? result->out : result->err))};
  }
  if (!command.output.empty() && !regex_found(command.output, result->out)) {
    return CommandEnd{fmt::format("what it printed has no match of {}{}", command.output,
                                  last_words(result->out))};
  }
  return CommandEnd{};
}

}  // namespace cni_matrix::equipment
