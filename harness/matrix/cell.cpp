#include "base/digest.hpp"
#include "base/names.hpp"
#include "base/try.hpp"
#include <cni_matrix/matrix/cell.hpp>

#include <fmt/format.h>

#include <iterator>

namespace cni_matrix::matrix {

namespace {

constexpr auto k_runtimes = names_of<RuntimeChoice>({{RuntimeChoice::automatic, "auto"},
                                                     {RuntimeChoice::daemon, "daemon"},
                                                     {RuntimeChoice::embedded, "embedded"}});

// Error kind: input.
Expected<std::string> needed_text(const Json& value, const char* key) {
  const auto found = value.find(key);
  if (found == value.end() || !found->is_string()) {
    return input_error("a cell has no text \"{}\"", key);
  }
  return found->get<std::string>();
}

// Of a saved run, which somebody may have written. Error kind: input.
Expected<void> check_pointer(const std::string& text) {
  try {
    const Json::json_pointer pointer(text);
  } catch (const Json::exception&) {
    return input_error("a cell's \"at\" is no JSON pointer");
  }
  return {};
}

}  // namespace

std::string_view name_of(RuntimeChoice choice) {
  return k_runtimes.of(choice);
}

Expected<RuntimeChoice> parse_runtime(std::string_view text) {
  if (const auto choice = k_runtimes.parse(text)) {
    return *choice;
  }
  return input_error("there is no runtime \"{}\"; it is auto, daemon or embedded", text);
}

std::string Cell::name() const {
  std::string text = fmt::format("{}/{}/{}/{}", containerd, plugins, conflist.label(), scenario);
  std::string extra;
  const auto add = [&extra](std::string_view part) {
    if (!extra.empty()) {
      extra += ',';
    }
    extra += part;
  };
  if (conflist.form != "conflist") {
    add(conflist.form);
  }
  for (const auto& [key, value] : parameters) {
    add(fmt::format("{}={}", key, value));
  }
  if (host_port) {
    add(fmt::format("hostport={}", *host_port));
  }
  if (mark_chain) {
    add("markchain");
  }
  if (node) {
    add("node=" + node->name);
  }
  if (runtime != RuntimeChoice::automatic) {
    add(name_of(runtime));
  }
  if (!extra.empty()) {
    fmt::format_to(std::back_inserter(text), "[{}]", extra);
  }
  return text;
}

std::string Cell::id() const {
  return sha256(name()).substr(0, 10);
}

Json to_json(const Cell& cell) {
  Json conflist = {{"name", cell.conflist.name},
                   {"file", cell.conflist.file.string()},
                   {"form", cell.conflist.form}};
  if (cell.conflist.cni_version) {
    conflist["cniVersion"] = *cell.conflist.cni_version;
  }
  if (!cell.conflist.at.empty()) {
    conflist["at"] = cell.conflist.at;
  }
  Json value = {{"id", cell.id()},
                {"name", cell.name()},
                {"containerd", cell.containerd},
                {"plugins", cell.plugins},
                {"conflist", std::move(conflist)},
                {"scenario", cell.scenario},
                {"runtime", name_of(cell.runtime)}};
  if (!cell.parameters.empty()) {
    value["with"] = cell.parameters;
  }
  if (cell.host_port) {
    value["hostPort"] = *cell.host_port;
  }
  if (cell.mark_chain) {
    value["markChain"] = true;
  }
  if (cell.node) {
    value["node"] = {
        {"name", cell.node->name}, {"file", cell.node->file.string()}, {"at", cell.node->at}};
  }
  return value;
}

Expected<Cell> cell_from_json(const Json& value) {
  if (!value.is_object()) {
    return input_error("a cell is not a JSON object");
  }
  Cell cell;
  TRY_ASSIGN(cell.containerd, needed_text(value, "containerd"));
  TRY_ASSIGN(cell.plugins, needed_text(value, "plugins"));
  TRY_ASSIGN(cell.scenario, needed_text(value, "scenario"));
  TRY_ASSIGN(const auto runtime, needed_text(value, "runtime"));
  TRY_ASSIGN(cell.runtime, parse_runtime(runtime));
  const auto conflist = value.find("conflist");
  if (conflist == value.end() || !conflist->is_object()) {
    return input_error("a cell has no \"conflist\"");
  }
  TRY_ASSIGN(cell.conflist.name, needed_text(*conflist, "name"));
  TRY_ASSIGN(const auto file, needed_text(*conflist, "file"));
  cell.conflist.file = file;
  TRY_ASSIGN(cell.conflist.form, needed_text(*conflist, "form"));
  if (conflist->contains("cniVersion")) {
    TRY_ASSIGN(cell.conflist.cni_version, needed_text(*conflist, "cniVersion"));
  }
  if (conflist->contains("at")) {
    TRY_ASSIGN(cell.conflist.at, needed_text(*conflist, "at"));
    TRY(check_pointer(cell.conflist.at));
  }
  if (const auto node = value.find("node"); node != value.end()) {
    scenario::NodeSource source;
    TRY_ASSIGN(source.name, needed_text(*node, "name"));
    TRY_ASSIGN(const auto described, needed_text(*node, "file"));
    source.file = described;
    TRY_ASSIGN(source.at, needed_text(*node, "at"));
    TRY(check_pointer(source.at));
    cell.node = std::move(source);
  }
  if (const auto with = value.find("with"); with != value.end() && with->is_object()) {
    for (const auto& [key, parameter] : with->items()) {
      TRY_ASSIGN(cell.parameters[key], needed_text(*with, key.c_str()));
    }
  }
  if (const auto port = value.find("hostPort"); port != value.end() && port->is_number_integer()) {
    cell.host_port = port->get<int>();
  }
  if (const auto mark = value.find("markChain"); mark != value.end() && mark->is_boolean()) {
    cell.mark_chain = mark->get<bool>();
  }
  return cell;
}

}  // namespace cni_matrix::matrix
