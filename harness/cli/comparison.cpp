#include "comparison.hpp"

#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "verdict/normalise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>
#include <utility>
#include <vector>

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
struct NotCompared {
  node::LeakClass leak;
  std::string_view reason;
};
constexpr std::array<NotCompared, 4> k_not_compared = {{
    {node::LeakClass::process, "shims and pause processes are a daemon's"},
    {node::LeakClass::mount, "root file systems of pods are a daemon's"},
    {node::LeakClass::snapshot, "folders and snapshots of pods are a daemon's"},
    {node::LeakClass::conntrack, "how long the kernel tracks a connection is a matter of time"},
}};

Lines leftovers_of(const run::CellResult& result) {
  Lines lines;
  for (const auto leak : node::k_leak_classes) {
    if (std::none_of(k_not_compared.begin(), k_not_compared.end(),
                     [&](const NotCompared& one) { return one.leak == leak; })) {
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

// The cell with the runtime left open.
matrix::Cell either(matrix::Cell cell) {
  cell.runtime = matrix::RuntimeChoice::automatic;
  return cell;
}

}  // namespace

Comparison::Comparison(std::size_t asked, std::FILE* console, LinePrinter& printer)
    : m_asked(asked), m_console(console), m_printer(printer) {
  for (const auto& one : k_not_compared) {
    m_found.not_compared.emplace(node::name_of(one.leak), one.reason);
  }
}

void Comparison::cell_finished(const run::CellResult& result) {
  const auto key = either(result.cell).name();
  const auto other = m_waiting.find(key);
  if (other == m_waiting.end()) {
    m_waiting.emplace(key, result);
    return;
  }
  m_printer.finish();
  const bool is_daemon = result.runtime == "daemon";
  compare(is_daemon ? result : other->second, is_daemon ? other->second : result);
  m_waiting.erase(other);
  m_printer.status(fmt::format("{} of {} cells compared", m_found.compared.size(), m_asked));
}

void Comparison::compare(const run::CellResult& daemon, const run::CellResult& embedded) {
  const auto cell = either(daemon.cell);
  const auto name = cell.name();
  if (daemon.steps.empty() || embedded.steps.empty()) {
    const auto& lacking = daemon.steps.empty() ? daemon : embedded;
    if (lacking.verdict == run::Verdict::skip) {
      ++m_found.skipped[lacking.reason];
    } else if (lacking.verdict != run::Verdict::interrupted) {
      m_found.broken.push_back({name, lacking.reason});
      say(m_console, "{}: {}\n", name, printable(lacking.reason));
    }
    return;
  }
  report::Verification::Cell compared{cell.id(), name, {}};
  auto& differences = compared.differences;
  add_differences("step", steps_of(daemon), steps_of(embedded), differences);
  add_differences("leftover", leftovers_of(daemon), leftovers_of(embedded), differences);
  const auto scenario = m_scenarios.find(cell.scenario);
  const bool at_once = scenario && (*scenario)->demands.pods_at_once;
  add_differences("call", calls_of(daemon, at_once), calls_of(embedded, at_once), differences);
  if (!differences.empty()) {
    say(m_console, "{}\n", name);
  }
  for (const auto& difference : differences) {
    say(m_console, "  {} {}\n    daemon:   {}\n    embedded: {}\n", difference.what,
        difference.index, difference.daemon, difference.embedded);
  }
  m_found.compared.push_back(std::move(compared));
}

}  // namespace cni_matrix::cli
