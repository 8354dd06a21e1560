#include "list.hpp"

#include "command_line.hpp"

#include "base/json_fields.hpp"
#include "base/say.hpp"
#include "base/try.hpp"
#include "probe/data_plane.hpp"
#include "run/cell_check.hpp"
#include "scenario/node_files.hpp"
#include "scenario/scenario_library.hpp"
#include "trace/rules.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::cli {

namespace {

using scenario::Scenario;
using scenario::ScenarioPointer;

// What a scenario asks of the machine and the cell beside namespaces.
std::vector<std::string> needs_of(const Scenario& scenario) {
  std::vector<std::string> needs;
  if (scenario.containerd) {
    needs.push_back("containerd " + scenario.containerd->str());
  }
  if (!scenario.needs_daemon().empty()) {
    needs.emplace_back("daemon");
  }
  if (scenario.needs_recorder()) {
    needs.emplace_back("recorder");
  }
  if (!scenario.demands.containerds.empty()) {
    needs.emplace_back("a second containerd");
  }
  if (!scenario.demands.plugins.empty()) {
    needs.emplace_back("second plugins");
  }
  if (scenario.needs_host_port()) {
    needs.emplace_back("a host port");
  }
  needs.insert(needs.end(), scenario.programs.begin(), scenario.programs.end());
  if (scenario.description) {
    for (const auto& daemon : scenario.description->daemons) {
      if (const auto& program = daemon.program.argv.front(); !program.starts_with('/')) {
        needs.push_back(program);
      }
    }
  }
  return needs;
}

std::string text_of(const std::vector<ScenarioPointer>& scenarios) {
  std::string text;
  std::string area;
  std::size_t width = 0;
  for (const auto& scenario : scenarios) {
    width = std::max(width, scenario->id.size());
  }
  for (const auto& scenario : scenarios) {
    if (scenario->area != area) {
      area = scenario->area;
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", area);
    }
    const auto needs = needs_of(*scenario);
    text += fmt::format("  {:{}}  {}{}\n", scenario->id, width, scenario->title,
                        needs.empty() ? "" : fmt::format("  [{}]", fmt::join(needs, ", ")));
  }
  return text;
}

Json json_of(const std::vector<ScenarioPointer>& scenarios) {
  Json list = Json::array();
  for (const auto& scenario : scenarios) {
    Json parameters = Json::object();
    for (const auto& [name, parameter] : scenario->parameters) {
      parameters[name] = parameter.description;
    }
    list.push_back({{"id", scenario->id},
                    {"area", scenario->area},
                    {"title", scenario->title},
                    {"needs", needs_of(*scenario)},
                    {"parameters", parameters},
                    {"references", scenario->references}});
  }
  return list;
}

std::string markdown_of(const std::vector<ScenarioPointer>& scenarios) {
  std::string text =
      "# Scenarios\n\nWritten by `cni-matrix list scenarios --format markdown` from the files; a "
      "test "
      "keeps it true.\n";
  std::string area;
  for (const auto& scenario : scenarios) {
    if (scenario->area != area) {
      area = scenario->area;
      text += fmt::format("\n## {}\n\n", area);
    }
    std::vector<std::string> links;
    for (const auto& reference : scenario->references) {
      links.push_back(fmt::format("[{}]({})", links.size() + 1, reference));
    }
    const auto needs = needs_of(*scenario);
    text +=
        fmt::format("- [{}]({}/{}): {}.{}{}\n", scenario->id, area, scenario->file, scenario->title,
                    needs.empty() ? "" : fmt::format(" Needs {}.", fmt::join(needs, ", ")),
                    links.empty() ? "" : fmt::format(" ({})", fmt::join(links, ", ")));
  }
  return text;
}

// How many scenarios each shipped list runs, and why it is skipped in the others: what its chain
// lacks. What a machine or a containerd lacks is not in it.
Expected<std::string> chains_of(scenario::ScenarioLibrary& library) {
  std::string text =
      "\n## What each list runs\n\nOf the scenarios that need no parameter, with each list of "
      "[conflists](conflists): how many are run, and how many are skipped for what the chain "
      "lacks. "
      "The machine or the containerd may lack more.\n\n| list | run | skipped | because |\n"
      "|---|---|---|---|\n";
  TRY_ASSIGN(auto ids, matrix::all_scenarios(library, false));
  // Those that bring their own list with their node run with no other.
  std::erase_if(ids, [&](const std::string& id) {
    const auto found = library.find(id);
    return found && (*found)->description && (*found)->description->conflist;
  });
  for (const auto& name : matrix::shipped_conflists()) {
    matrix::Cell cell;
    cell.containerd = "debian:bookworm";
    cell.plugins = "debian:bookworm";
    TRY_ASSIGN(cell.conflist, matrix::find_conflist(name, {}));
    run::CellCheck check;
    std::map<std::string, int> lacks;
    int skipped = 0;
    for (const auto& id : ids) {
      cell.scenario = id;
      TRY_ASSIGN(const auto lack, check.lack_of(cell));
      if (!lack.empty()) {
        ++lacks[lack];
        ++skipped;
      }
    }
    std::vector<std::pair<std::string, int>> reasons(lacks.begin(), lacks.end());
    std::stable_sort(reasons.begin(), reasons.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<std::string> words;
    words.reserve(reasons.size());
    for (const auto& [reason, count] : reasons) {
      words.push_back(count == 1 ? reason : fmt::format("{} ({})", reason, count));
    }
    text += fmt::format("| [{0}](conflists/{4}) | {1} | {2} | {3} |\n", name,
                        static_cast<int>(ids.size()) - skipped, skipped, fmt::join(words, "; "),
                        cell.conflist.file.filename().string());
  }
  return text;
}

Expected<Ending> list_nodes(std::FILE* out) {
  for (const auto& name : scenario::shipped_nodes()) {
    TRY_ASSIGN(const auto source, scenario::find_node(name, {}));
    TRY_ASSIGN(const auto description, load_json(source.file));
    say(out, "{}\n  {}\n", name, text_at(description, "title"));
  }
  return Ending{ExitStatus::good, "listed", Ending::Line::on_error};
}

}  // namespace

Expected<Ending> list_command(const ListArguments& arguments, std::FILE* out) {
  if (arguments.what == "trace-rules") {
    for (const auto& rule : trace::trace_rules()) {
      say(out, "{}\n  {}\n  {}\n", rule.name, rule.says, rule.clause);
    }
    return Ending{ExitStatus::good, "listed", Ending::Line::on_error};
  }
  if (arguments.what == "probes") {
    say(out, "{}\n", fmt::join(probe::probe_names(), "\n"));
    return Ending{ExitStatus::good, "listed", Ending::Line::on_error};
  }
  if (arguments.what == "nodes") {
    return list_nodes(out);
  }
  scenario::ScenarioLibrary library;
  TRY_ASSIGN(const auto scenarios, library.all());
  auto text = arguments.format == "json"       ? json_of(scenarios).dump(2) + "\n"
              : arguments.format == "markdown" ? markdown_of(scenarios)
                                               : text_of(scenarios);
  if (arguments.format == "markdown") {
    TRY_ASSIGN(const auto chains, chains_of(library));
    text += chains;
  }
  say(out, "{}", text);
  return Ending{ExitStatus::good, "listed", Ending::Line::on_error};
}

void add_list(Command& program) {
  auto command = program.command("list", "what there is to choose from");
  const auto arguments = std::make_shared<ListArguments>();
  command.examples(R"(  cni-matrix list scenarios
  cni-matrix list probes)");
  command.option("what", arguments->what, "scenarios, nodes, trace-rules or probes")
      .one_of({"scenarios", "nodes", "trace-rules", "probes"});
  command.option("--format", arguments->format, "of scenarios: text, json or markdown")
      .one_of({"text", "json", "markdown"});
  command.performs([arguments] { return list_command(*arguments, stdout); });
}

}  // namespace cni_matrix::cli
