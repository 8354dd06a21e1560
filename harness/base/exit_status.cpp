#include <cni_matrix/base/exit_status.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>

#include <unistd.h>

namespace cni_matrix {

namespace {

struct Entry {
  ExitStatus status;
  int gravity;  // the greatest of those that are true is told
  std::string_view meaning;
  std::string_view colour;  // of the last line, in SGR
};

constexpr std::array<Entry, 9> k_table = {{
    {ExitStatus::good, 0, "as it should be", "32"},
    {ExitStatus::bad_news, 3, "the answer is bad news", "31"},
    {ExitStatus::bad_input, 5, "bad usage or input, nothing was run", "35"},
    {ExitStatus::broken, 4, "broken: trouble of the harness or of the machine", "35"},
    {ExitStatus::no_answer, 1, "no answer", "2"},
    {ExitStatus::incomplete, 2, "incomplete, and what there is is good", "33"},
    {ExitStatus::timeout, 6, "--timeout ended it", "2"},
    {ExitStatus::interrupted, 7, "SIGINT ended it", "2"},
    {ExitStatus::terminated, 7, "SIGTERM or SIGHUP ended it", "2"},
}};

// A status that is not in the table is that of a command which `shell` ran.
const Entry* entry_of(ExitStatus status) {
  const auto* const found = std::find_if(
      k_table.begin(), k_table.end(), [&](const Entry& entry) { return entry.status == status; });
  return found == k_table.end() ? nullptr : found;
}

struct CommandStatus {
  std::string_view command;
  ExitStatus status;
  std::string_view words;
};

constexpr std::string_view k_refused = "a file, option or token was refused; nothing was run";
constexpr std::string_view k_no_output = "the output could not be written";

// Every command can be ended by a signal as well, and refuse its arguments.
constexpr CommandStatus k_commands[] = {
    {"run", ExitStatus::good, "every cell passed, is a known behaviour or was skipped"},
    {"run", ExitStatus::bad_news,
     "a cell failed or leaked, got worse than --baseline, or is what --fail-on names"},
    {"run", ExitStatus::bad_input, k_refused},
    {"run", ExitStatus::broken, "a cell is broken, or a report could not be written"},
    {"run", ExitStatus::no_answer, "no cell was executed, or none that --baseline has"},
    {"run", ExitStatus::timeout, "--timeout ended it"},
    {"verify-embedded", ExitStatus::good, "model and daemon agree in every cell that ran on both"},
    {"verify-embedded", ExitStatus::bad_news, "they disagree in a cell"},
    {"verify-embedded", ExitStatus::bad_input, k_refused},
    {"verify-embedded", ExitStatus::broken, "a cell is broken, or --json could not be written"},
    {"verify-embedded", ExitStatus::no_answer, "no cell ran on both"},
    {"verify-embedded", ExitStatus::timeout, "--timeout ended it"},
    {"report", ExitStatus::good,
     "every cell of the run passed, is a known behaviour or was skipped"},
    {"report", ExitStatus::bad_news, "a cell failed or leaked, or is what --fail-on named"},
    {"report", ExitStatus::bad_input, "the file is no run, or an option was refused"},
    {"report", ExitStatus::broken, "a cell is broken, or the report could not be written"},
    {"report", ExitStatus::no_answer, "no cell was executed"},
    {"report", ExitStatus::incomplete, "the run was killed; the cells that it has are good"},
    {"report", ExitStatus::timeout, "--timeout ended the run"},
    {"diff", ExitStatus::good, "nothing got worse"},
    {"diff", ExitStatus::bad_news, "a cell got worse: it fails, leaks, is broken or skipped now"},
    {"diff", ExitStatus::bad_input, "a file is no run, or --by does not tell its cells apart"},
    {"diff", ExitStatus::broken, k_no_output},
    {"diff", ExitStatus::no_answer, "the runs have no cell in common"},
    {"fetch", ExitStatus::good, "everything is in the store"},
    {"fetch", ExitStatus::bad_input, k_refused},
    {"fetch", ExitStatus::broken, "the store or the output could not be written"},
    {"fetch", ExitStatus::incomplete, "something could not be had; the rest is in the store"},
    {"plan", ExitStatus::good, "the cells were printed"},
    {"plan", ExitStatus::bad_input, "a file, option or token was refused, or there is no cell"},
    {"plan", ExitStatus::broken, k_no_output},
    {"compat", ExitStatus::good, "it works, with at least one cniVersion where any will do"},
    {"compat", ExitStatus::bad_news, "it does not work, or something in the table does not"},
    {"compat", ExitStatus::bad_input, k_refused},
    {"compat", ExitStatus::broken, k_no_output},
    {"compat", ExitStatus::no_answer, "nobody tried it, or something in the table"},
    {"explain", ExitStatus::good, "explained"},
    {"explain", ExitStatus::bad_input, "there is no such known behaviour"},
    {"explain", ExitStatus::broken, k_no_output},
    {"list", ExitStatus::good, "listed"},
    {"list", ExitStatus::bad_input, "an option was refused"},
    {"list", ExitStatus::broken, k_no_output},
    {"store", ExitStatus::good, "listed or pruned"},
    {"store", ExitStatus::bad_input, "an option was refused, or the store is in use"},
    {"store", ExitStatus::broken, "the store or the output could not be written"},
    {"shell", ExitStatus::good,
     "the command in the node ended with 0; any other status is its own"},
    {"shell", ExitStatus::bad_input, "there is no such node"},
    {"shell", ExitStatus::broken, "the node could not be entered"},
};

struct Signal {
  int number;
  std::string_view name;
  ExitStatus status;
  std::string_view last_line;  // of what has no better one
};

constexpr std::array<Signal, 3> k_signals = {{
    {SIGINT, "SIGINT", ExitStatus::interrupted,
     "exit 130: interrupted by SIGINT before it was done\n"},
    {SIGTERM, "SIGTERM", ExitStatus::terminated,
     "exit 143: interrupted by SIGTERM before it was done\n"},
    {SIGHUP, "SIGHUP", ExitStatus::terminated,
     "exit 143: interrupted by SIGHUP before it was done\n"},
}};

const Signal* signal_of(int number) {
  for (const auto& signal : k_signals) {
    if (signal.number == number) {
      return &signal;
    }
  }
  return nullptr;
}

// Only what a signal handler may call.
extern "C" void end_on_signal(int number) {
  const auto* signal = signal_of(number);
  if (::write(STDERR_FILENO, signal->last_line.data(), signal->last_line.size()) < 0) {
    // Nobody can be told.
  }
  ::_exit(number_of(signal->status));
}

}  // namespace

const std::vector<ExitStatus>& all_exit_statuses() {
  static const std::vector<ExitStatus> all = [] {
    std::vector<ExitStatus> statuses;
    statuses.reserve(k_table.size());
    for (const auto& entry : k_table) {
      statuses.push_back(entry.status);
    }
    return statuses;
  }();
  return all;
}

std::string_view meaning_of(ExitStatus status) {
  const auto* entry = entry_of(status);
  return entry == nullptr ? "the status of what was run" : entry->meaning;
}

ExitStatus status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::input:
      return ExitStatus::bad_input;
    case ErrorKind::unavailable:
      return ExitStatus::no_answer;
    case ErrorKind::interrupted:
      return ExitStatus::interrupted;
    case ErrorKind::broken:
      break;
  }
  return ExitStatus::broken;
}

ExitStatus graver(ExitStatus a, ExitStatus b) {
  const auto gravity = [](ExitStatus status) {
    const auto* entry = entry_of(status);
    return entry == nullptr ? 0 : entry->gravity;
  };
  return gravity(b) > gravity(a) ? b : a;
}

std::string Ending::text() const {
  const auto* entry = entry_of(status);
  auto text =
      fmt::format("exit {}: {}", number_of(status), words.empty() ? meaning_of(status) : words);
  // It is one line, whatever an error says.
  std::replace(text.begin(), text.end(), '\n', ' ');
  return coloured && entry != nullptr ? fmt::format("\x1b[{}m{}\x1b[0m", entry->colour, text)
                                      : text;
}

Ending ending_by_signal(int number, std::string_view rest) {
  const auto* signal = signal_of(number);
  if (signal == nullptr) {
    return {ExitStatus::interrupted, fmt::format("interrupted; {}", rest)};
  }
  return {signal->status, fmt::format("interrupted by {}; {}", signal->name, rest)};
}

std::string exit_statuses_of(std::string_view command) {
  std::string text;
  const auto add = [&text](std::string_view number, std::string_view words) {
    text += fmt::format("  {:<8}  {}\n", number, words);
  };
  for (const auto& entry : k_commands) {
    if (entry.command == command) {
      add(std::to_string(number_of(entry.status)), entry.words);
    }
  }
  if (text.empty()) {
    return {};
  }
  add("130, 143",
      command == "report" ? "SIGINT or SIGTERM ended the run" : "SIGINT or SIGTERM ended it");
  return "Exit status, which the last line says in words:\n" + text;
}

void end_on_signals() {
  for (const auto& signal : k_signals) {
    struct sigaction action {};
    // nohup and a shell's background jobs ignore some of them, and so do we then.
    if (::sigaction(signal.number, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) {
      continue;
    }
    action = {};
    action.sa_handler = end_on_signal;
    ::sigaction(signal.number, &action, nullptr);
  }
}

}  // namespace cni_matrix
