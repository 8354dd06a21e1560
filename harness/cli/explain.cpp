#include "explain.hpp"

#include "command_line.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "base/wrapped.hpp"
#include "verdict/behaviour_files.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace cni_matrix::cli {

namespace {

// What a run puts names of the cell's own in place of.
constexpr std::pair<std::string_view, std::string_view> k_placeholders[] = {
    {"<NETWORK>", "the name of the network, as the configuration has it"},
    {"<BRIDGE>", "its bridge"},
    {"<LEASES>", "where host-local keeps its leases: /var/lib/cni/networks/<NETWORK>, or dataDir"},
    {"<PLUGIN>", "the plugin that the error names"},
};

std::string describe(const verdict::KnownBehaviour& known) {
  auto text = fmt::format("{}  {}\n", known.id, known.title);
  text += fmt::format("  since     {}\n  until     {}\n  evidence  {}\n", known.since, known.until,
                      known.observed ? "observed with the real binaries"
                                     : "predicted from the source, not yet observed");
  if (const auto& seen = known.seen) {
    text += "  seen\n" + wrapped(fmt::format("{} with {}{}{}", seen->on, seen->with,
                                             seen->prediction.empty() ? "" : "; the prediction is ",
                                             seen->prediction),
                                 4);
  }
  text += "  why\n" + wrapped(known.why, 4);
  text += "  remedy\n" + wrapped(known.remedy, 4);
  for (const auto& [placeholder, meaning] : k_placeholders) {
    if (known.remedy.find(placeholder) != std::string::npos) {
      text += wrapped(fmt::format("({} is {})", placeholder, meaning), 4);
    }
  }
  text += "  references\n";
  for (const auto& reference : known.references) {
    text += "    " + reference + '\n';
  }
  return text;
}

Expected<std::string> json_text(const ExplainArguments& arguments) {
  const auto& ids = arguments.ids;
  TRY_ASSIGN(const auto all, verdict::all_behaviour_entries(arguments.knowledge.known));
  Json chosen = Json::array();
  for (const auto& entry : all) {
    if (ids.empty() || std::find(ids.begin(), ids.end(), entry.id) != ids.end()) {
      chosen.push_back(entry.value);
    }
  }
  return chosen.dump(2) + "\n";
}

}  // namespace

Expected<Ending> explain_command(const ExplainArguments& arguments, std::FILE* out) {
  TRY_ASSIGN(const auto behaviours, verdict::KnownBehaviours::load(arguments.knowledge.known));
  std::vector<std::string> known_ids;
  for (const auto& known : behaviours.all()) {
    known_ids.push_back(known.id);
  }
  for (const auto& id : arguments.ids) {
    if (behaviours.find(id) == nullptr) {
      return input_error("there is no known behaviour {}{}; \"cni-matrix explain\" lists them",
                         excerpt(id, 80), suggestion(id, known_ids));
    }
  }
  std::string text;
  if (arguments.json) {
    TRY_ASSIGN(text, json_text(arguments));
  } else if (arguments.ids.empty()) {
    for (const auto& known : behaviours.all()) {
      text += fmt::format("{}  {}\n", known.id, known.title);
    }
  } else {
    for (const auto& id : arguments.ids) {
      text += (text.empty() ? "" : "\n") + describe(*behaviours.find(id));
    }
  }
  std::fputs(text.c_str(), out);
  const auto count = arguments.ids.empty() ? known_ids.size() : arguments.ids.size();
  return Ending{ExitStatus::good,
                fmt::format("{} known {}", count, count == 1 ? "behaviour" : "behaviours"),
                arguments.json ? Ending::Line::on_error : Ending::Line::on_output};
}

void add_explain(Command& program) {
  auto command = program.command("explain", "print a known behaviour and its remedy");
  const auto arguments = std::make_shared<ExplainArguments>();
  command.examples(R"(  cni-matrix explain
  cni-matrix explain F02 F05)");
  command.option("id", arguments->ids, "such as F02; none lists all");
  command.flag("--json", arguments->json, "as JSON");
  command
      .option("--known", arguments->knowledge.known,
              "known behaviours of one's own: a file, or a folder of them")
      .shown_as("FILE");
  command.performs([arguments] { return explain_command(*arguments, stdout); });
}

}  // namespace cni_matrix::cli
