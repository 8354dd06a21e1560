#include "verify.hpp"

#include "common_options.hpp"

#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "report/verification.hpp"
#include "run/signals.hpp"
#include "scenario/scenario_library.hpp"
#include "verdict/normalise.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/run/runner.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>

namespace cni_matrix::cli {

namespace {

// What the kernel or chance decides: MAC addresses, the names of veths, and those of bandwidth's
// ifbs, which go by the container's id.
std::string without_chance(const std::string& text) {
  static const std::regex mac("([0-9a-f]{2}:){5}[0-9a-f]{2}");
  static const std::regex veth("veth[0-9a-f]{8}");
  static const std::regex ifb("bwp[0-9a-f]{12}");
  auto known = std::regex_replace(verdict::normalise_error(text), mac, "<MAC>");
  known = std::regex_replace(known, veth, "<VETH>");
  return std::regex_replace(known, ifb, "<IFB>");
}

using Lines = std::vector<std::string>;

Lines steps_of(const run::CellResult& result) {
  Lines lines;
  for (const auto& step : result.steps) {
    // What a rule found is a matter of times and of who came first; the calls are compared below.
    const bool is_rule = step.step == "trace";
    lines.push_back(fmt::format("{}{}{}: {}", step.step, is_rule ? " " : "",
                                is_rule ? step.detail : "",
                                step.ok   ? "ok"
                                : is_rule ? "broken"
                                          : without_chance(step.error)));
  }
  return lines;
}

// What only a daemon has, or chance decides.
struct Exception {
  node::LeakClass leak;
  std::string_view reason;
};
constexpr std::array<Exception, 4> k_exceptions = {{
    {node::LeakClass::process, "shims and pause processes are a daemon's"},
    {node::LeakClass::mount, "root file systems of pods are a daemon's"},
    {node::LeakClass::snapshot, "folders and snapshots of pods are a daemon's"},
    {node::LeakClass::conntrack, "how long the kernel tracks a connection is a matter of time"},
}};

Lines leftovers_of(const run::CellResult& result) {
  Lines lines;
  for (const auto leak : node::k_leak_classes) {
    if (std::none_of(k_exceptions.begin(), k_exceptions.end(),
                     [&](const Exception& exception) { return exception.leak == leak; })) {
      lines.push_back(fmt::format("{}: {}", node::name_of(leak), result.leftover.of(leak).size()));
    }
  }
  return lines;
}

// Pods that start at the same time get their addresses in any order.
std::string without_addresses(const std::string& text) {
  static const std::regex four("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+");
  static const std::regex six("([0-9a-f]+:){2,}(:?[0-9a-f]+)+");
  return std::regex_replace(std::regex_replace(text, four, "<IP>"), six, "<IP>");
}

// The calls of each interface in their order; interfaces may be attached in parallel. Where pods
// start at once, the calls of each pod's interface, and the pods in any order. STATUS comes with
// CRI's Status, and how often that is asked is a matter of time: each is there once.
Lines calls_of(const run::CellResult& result, bool at_once) {
  std::map<std::string, Lines> by_interface;
  std::set<std::string> status;
  for (const auto& call : result.trace) {
    if (call.delegated) {
      continue;
    }
    const auto found = call.environment.find("CNI_IFNAME");
    const auto interface = found == call.environment.end() ? "" : found->second;
    const auto netns = call.environment.find("CNI_NETNS");
    const auto container = call.environment.find("CNI_CONTAINERID");
    const bool by_pod = at_once && container != call.environment.end();
    const auto input = without_chance(call.input);
    auto line =
        fmt::format("{} {} {} netns={} {}", interface, call.command, call.plugin,
                    netns == call.environment.end() || netns->second.empty() ? "none" : "given",
                    by_pod ? without_addresses(input) : input);
    if (call.command == "STATUS") {
      status.insert(std::move(line));
    } else {
      by_interface[by_pod ? container->second + interface : interface].push_back(std::move(line));
    }
  }
  Lines lines(status.begin(), status.end());
  if (at_once) {
    std::vector<Lines> pods;
    pods.reserve(by_interface.size());
    for (auto& [key, calls] : by_interface) {
      pods.push_back(std::move(calls));
    }
    std::sort(pods.begin(), pods.end());
    for (const auto& calls : pods) {
      lines.insert(lines.end(), calls.begin(), calls.end());
    }
    return lines;
  }
  for (const auto& [interface, calls] : by_interface) {
    lines.insert(lines.end(), calls.begin(), calls.end());
  }
  return lines;
}

using Difference = report::Verification::Difference;

void add_differences(std::string_view what, const Lines& daemon, const Lines& embedded,
                     std::vector<Difference>& differences) {
  for (std::size_t i = 0; i < std::max(daemon.size(), embedded.size()); ++i) {
    const auto at = [i](const Lines& lines) {
      return i < lines.size() ? printable(lines[i]) : std::string("(nothing)");
    };
    if (at(daemon) != at(embedded)) {
      differences.push_back({std::string(what), i + 1, at(daemon), at(embedded)});
    }
  }
}

// What the run came to, and what the two runtimes say of each other.
Ending ending_of(const report::Verification& found, const run::RunSummary& summary) {
  if (summary.interrupted) {
    return summary.ending();
  }
  const auto cells = [](std::size_t count) {
    return fmt::format("{} {}", count, count == 1 ? "cell" : "cells");
  };
  if (!found.broken.empty()) {
    return {ExitStatus::broken,
            fmt::format("the harness itself had trouble with {}", cells(found.broken.size()))};
  }
  if (found.disagreeing() > 0) {
    return {ExitStatus::bad_news,
            fmt::format("model and daemon disagree in {}", cells(found.disagreeing()))};
  }
  if (found.compared.empty()) {
    return {ExitStatus::no_answer, "no cell ran on both runtimes"};
  }
  return {ExitStatus::good,
          fmt::format("model and daemon agree in {}", cells(found.compared.size()))};
}

}  // namespace

Expected<Ending> verify_command(const RunArguments& arguments, std::FILE* out, std::FILE* err) {
  TRY_ASSIGN(const auto signals, run::StopSignals::catch_them());
  TRY_ASSIGN(const auto asked, cells_of(arguments));
  TRY(check_files(arguments, asked));
  std::optional<report::VerificationFile> file;
  if (!arguments.json.empty()) {
    TRY_ASSIGN(file, report::VerificationFile::open(arguments.json));
  }
  // The document on standard output leaves it to the document alone.
  const bool piped = arguments.json == "-";
  std::FILE* console = piped ? err : out;
  std::vector<matrix::Cell> cells;
  for (auto cell : asked) {
    for (const auto runtime : {matrix::RuntimeChoice::daemon, matrix::RuntimeChoice::embedded}) {
      cell.runtime = runtime;
      cells.push_back(cell);
    }
  }
  auto options = arguments.run;
  options.record = true;
  options.cache = options.cache.empty() ? cache_directory() : options.cache;
  LinePrinter printer(err);
  auto fetch = arguments.fetch;
  fetch.progress = [&printer](std::string_view text) { printer.status(text); };
  fetch.notice = [&printer](std::string_view text) { printer.line(fmt::format("note: {}", text)); };
  fetch.cancelled = [&options] { return run::must_stop(options); };
  fetch.sandbox = run::node_sandbox(fetch.cancelled, options.privileged);
  TRY_ASSIGN(auto provisioner, artifacts::Provisioner::open(options.cache, std::move(fetch)));
  scenario::ScenarioLibrary scenarios;
  std::map<std::string, run::CellResult> waiting;  // by the cell's name without the runtime
  report::Verification found;
  run::RunListener listener;
  listener.cell_finished = [&](const run::CellResult& result) {
    auto key_cell = result.cell;
    key_cell.runtime = matrix::RuntimeChoice::automatic;
    const auto key = key_cell.name();
    const auto other = waiting.find(key);
    if (other == waiting.end()) {
      waiting.emplace(key, result);
      return;
    }
    printer.finish();
    const auto& daemon = result.runtime == "daemon" ? result : other->second;
    const auto& embedded = result.runtime == "daemon" ? other->second : result;
    if (daemon.steps.empty() || embedded.steps.empty()) {
      const auto& lacking = daemon.steps.empty() ? daemon : embedded;
      if (lacking.verdict == run::Verdict::skip) {
        ++found.skipped[lacking.reason];
      } else if (lacking.verdict != run::Verdict::interrupted) {
        found.broken.push_back({key, lacking.reason});
        say(console, "{}: {}\n", key, printable(lacking.reason));
      }
    } else {
      report::Verification::Cell cell{key_cell.id(), key, {}};
      add_differences("step", steps_of(daemon), steps_of(embedded), cell.differences);
      add_differences("leftover", leftovers_of(daemon), leftovers_of(embedded), cell.differences);
      const auto scenario = scenarios.find(key_cell.scenario);
      const bool at_once = scenario && (*scenario)->demands.pods_at_once;
      add_differences("call", calls_of(daemon, at_once), calls_of(embedded, at_once),
                      cell.differences);
      if (!cell.differences.empty()) {
        say(console, "{}\n", key);
      }
      for (const auto& difference : cell.differences) {
        say(console, "  {} {}\n    daemon:   {}\n    embedded: {}\n", difference.what,
            difference.index, difference.daemon, difference.embedded);
      }
      found.compared.push_back(std::move(cell));
    }
    waiting.erase(other);
    printer.status(fmt::format("{} of {} cells compared", found.compared.size(), asked.size()));
  };
  for (const auto& exception : k_exceptions) {
    found.not_compared.emplace(node::name_of(exception.leak), exception.reason);
  }
  TRY_ASSIGN(const auto summary, run::run_cells(cells, options, provisioner, {}, listener));
  printer.finish();
  for (const auto& [reason, count] : found.skipped) {
    say(console, "skipped  {} {}: {}\n", count, count == 1 ? "cell" : "cells", printable(reason));
  }
  for (const auto& exception : k_exceptions) {
    say(console, "not compared  {}: {}\n", node::name_of(exception.leak), exception.reason);
  }
  say(console, "{} cells on both runtimes: {} agree, {} disagree; {} skipped, {} broken\n",
      found.compared.size(), found.compared.size() - found.disagreeing(), found.disagreeing(),
      found.skipped_cells(), found.broken.size());
  auto ending = ending_of(found, summary);
  if (file) {
    if (const auto written = file->write(found, ending); !written) {
      say(err, "cni-matrix: {}\n", printable(written.error().message));
      if (graver(ending.status, ExitStatus::broken) != ending.status) {
        ending = {ExitStatus::broken, "--json could not be written: " + written.error().message};
      }
    }
  }
  ending.line = piped ? Ending::Line::on_error : Ending::Line::on_output;
  return ending;
}

void add_verify(Command& program) {
  auto command =
      program.command("verify-embedded", "run cells on both runtimes and show where they disagree");
  const auto arguments = std::make_shared<RunArguments>();
  add_running(command, *arguments);
  command.option("--json", arguments->json, "write what was found to this file (- for stdout)");
  command.examples(R"(  cni-matrix verify-embedded default
  cni-matrix verify-embedded --containerd debian:bookworm --plugins 1.1.1 --all-scenarios)");
  command.performs([arguments] { return verify_command(*arguments, stdout, stderr); });
}

}  // namespace cni_matrix::cli
