#include "base/file.hpp"
#include "base/format_version.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "scenario/configuration_text.hpp"
#include "scenario/node_files.hpp"
#include "scenario/scenario_library.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

// Parsing of matrix files. The shape is already checked by the schema; here values are given
// meaning.
namespace cni_matrix::matrix {

namespace {

constexpr const char* k_every_scenario = "*";

// An error with the place put before it: "default.json: /scenarios/2: there is no scenario ...".
tl::unexpected<Error> at_place(const Error& error, std::string_view file,
                               const std::string& pointer) {
  return tl::unexpected(
      Error{error.kind, fmt::format("{}: at {}: {}", file, pointer, error.message)});
}

// A value, or each element of a list, with its JSON pointer.
template <typename Visit>
Expected<void> each(const Json& value, const std::string& pointer, const Visit& visit) {
  if (!value.is_array()) {
    return visit(value, pointer);
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    TRY(visit(value[i], fmt::format("{}/{}", pointer, i)));
  }
  return {};
}

class Parser {
 public:
  Parser(const std::filesystem::path& file, scenario::ScenarioLibrary& library)
      : m_file(file), m_name(file.string()), m_library(library) {}

  // The axes of `value`; those that it does not name come from `inherited`.
  Expected<Axes> axes(const Json& value, const std::string& pointer, const Axes& inherited) const {
    Axes axes = inherited;
    for (const auto& [key, target] :
         {std::pair{"containerd", &axes.containerd}, std::pair{"plugins", &axes.plugins}}) {
      if (value.contains(key)) {
        TRY(tokens(value.at(key), fmt::format("{}/{}", pointer, key), *target));
      }
    }
    if (value.contains("conflists")) {
      axes.conflists.clear();
      TRY(each(value.at("conflists"), pointer + "/conflists",
               [&](const Json& entry, const std::string& place) {
                 return conflist(entry, place, axes.conflists);
               }));
    }
    if (value.contains("scenarios")) {
      axes.scenarios.clear();
      TRY(each(value.at("scenarios"), pointer + "/scenarios",
               [&](const Json& entry, const std::string& place) {
                 return scenario(entry, place, axes.scenarios);
               }));
    }
    if (value.contains("node")) {
      // "/include/1" has one of its own.
      const auto name = m_file.stem().string() +
                        (pointer.empty() ? "" : "-" + pointer.substr(pointer.rfind('/') + 1));
      TRY_ASSIGN(axes.node, scenario::node_of(value, m_file, pointer, name));
      TRY(m_library.node(*axes.node));
    }
    if (value.contains("runtime")) {
      axes.runtimes.clear();
      TRY(each(value.at("runtime"), pointer + "/runtime",
               [&](const Json& entry, const std::string& place) -> Expected<void> {
                 const auto choice = parse_runtime(entry.get<std::string>());
                 if (!choice) {
                   return at_place(choice.error(), m_name, place);
                 }
                 axes.runtimes.push_back(*choice);
                 return {};
               }));
    }
    if (value.contains("hostPort")) {
      axes.host_ports.clear();
      TRY(each(value.at("hostPort"), pointer,
               [&](const Json& entry, const std::string&) -> Expected<void> {
                 axes.host_ports.push_back(entry.is_null() ? std::nullopt
                                                           : std::optional(entry.get<int>()));
                 return {};
               }));
    }
    if (value.contains("markChain")) {
      axes.mark_chains.clear();
      TRY(each(value.at("markChain"), pointer,
               [&](const Json& entry, const std::string&) -> Expected<void> {
                 axes.mark_chains.push_back(entry.get<bool>());
                 return {};
               }));
    }
    return axes;
  }

 private:
  Expected<void> tokens(const Json& value, const std::string& pointer,
                        std::vector<std::string>& target) const {
    target.clear();
    return each(value, pointer, [&](const Json& entry, const std::string& place) -> Expected<void> {
      target.push_back(entry.get<std::string>());
      if (const auto token = artifacts::VersionToken::parse(target.back()); !token) {
        return at_place(token.error(), m_name, place);
      }
      return {};
    });
  }

  Expected<void> conflist(const Json& entry, const std::string& place,
                          std::vector<scenario::Conflist>& target) const {
    const auto name =
        entry.is_string() ? entry.get<std::string>() : entry.at("file").get<std::string>();
    auto found = find_conflist(name, m_file.parent_path());
    if (!found) {
      return at_place(found.error(), m_name, entry.is_string() ? place : place + "/file");
    }
    if (entry.is_object() && entry.contains("form")) {
      found->form = entry.at("form").get<std::string>();
    }
    if (entry.is_string() || !entry.contains("cniVersion")) {
      target.push_back(*std::move(found));
      return {};
    }
    return each(entry.at("cniVersion"), place,
                [&](const Json& version, const std::string&) -> Expected<void> {
                  auto one = *found;
                  if (!version.is_null()) {
                    one.cni_version = version.get<std::string>();
                  }
                  target.push_back(std::move(one));
                  return {};
                });
  }

  Expected<void> scenario(const Json& entry, const std::string& place,
                          std::vector<ScenarioAxis>& target) const {
    ScenarioAxis axis;
    if (entry == k_every_scenario) {
      TRY_ASSIGN(const auto all, all_scenarios(m_library, false));
      for (const auto& id : all) {
        target.push_back({id, {}});
      }
      return {};
    }
    if (entry.is_string()) {
      axis.scenario = entry.get<std::string>();
    } else {
      axis.scenario = entry.at("scenario").get<std::string>();
      if (entry.contains("with")) {
        for (const auto& [name, values] : entry.at("with").items()) {
          axis.with[name] = values.is_array() ? values.get<std::vector<std::string>>()
                                              : std::vector{values.get<std::string>()};
        }
      }
    }
    if (const auto good = check_scenario_axis(axis, m_library); !good) {
      return at_place(good.error(), m_name, place);
    }
    target.push_back(std::move(axis));
    return {};
  }

  const std::filesystem::path& m_file;
  std::string m_name;
  scenario::ScenarioLibrary& m_library;
};

// What is meant as a range has to be one; as a glob it would only fit nothing.
Expected<void> check_version_pattern(const std::string& pattern) {
  if (pattern.find_first_of("<>=") != std::string::npos) {
    TRY(VersionRange::parse(pattern));
  }
  return {};
}

bool complete(const Axes& axes) {
  return !axes.containerd.empty() && !axes.plugins.empty() && !axes.conflists.empty() &&
         !axes.scenarios.empty();
}

}  // namespace

std::vector<std::string> shipped_conflists() {
  std::vector<std::string> names;
  std::error_code error;
  const auto directory = data_directory() / "scenarios" / "conflists";
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Expected<std::vector<std::string>> all_scenarios(scenario::ScenarioLibrary& library,
                                                 bool with_host_port) {
  std::vector<std::string> ids;
  TRY_ASSIGN(const auto all, library.all());
  for (const auto& scenario : all) {
    const bool complete =
        std::all_of(scenario->parameters.begin(), scenario->parameters.end(),
                    [](const auto& parameter) { return !parameter.second.fallback.empty(); });
    if (complete && (with_host_port || !scenario->needs_host_port())) {
      ids.push_back(scenario->id);
    }
  }
  return ids;
}

Expected<void> check_scenario_axis(const ScenarioAxis& axis, scenario::ScenarioLibrary& library) {
  TRY_ASSIGN(const auto scenario, library.find(axis.scenario));
  std::map<std::string, std::string> first;
  for (const auto& [name, values] : axis.with) {
    if (values.empty()) {
      return input_error("scenario {}: \"{}\" has no value", axis.scenario, name);
    }
    first[name] = values.front();
    const auto parameter = scenario->parameters.find(name);
    if (parameter == scenario->parameters.end() ||
        (parameter->second.kind != scenario::ParameterKind::containerd &&
         parameter->second.kind != scenario::ParameterKind::plugins)) {
      continue;
    }
    for (const auto& value : values) {
      TRY(artifacts::VersionToken::parse(value));
    }
  }
  TRY(scenario::bind_steps(*scenario, first));
  return {};
}

namespace {

scenario::Conflist conflist_of(const std::filesystem::path& file) {
  scenario::Conflist conflist;
  conflist.file = file.lexically_normal();
  conflist.name = conflist.file.stem().string();
  // As containerd does: .conflist is a list, .conf and .json are a single plugin.
  conflist.form = conflist.file.extension() == ".conflist" ? "conflist" : "conf";
  return conflist;
}

// As containerd does with max_conf_num 1: the first in the order of names, and where that one does
// not load, none.
Expected<scenario::Conflist> first_conflist_in(const std::filesystem::path& directory) {
  TRY_ASSIGN(const auto files, scenario::configuration_files_in(directory));
  if (files.empty()) {
    return input_error(
        "{}: no file of this directory is a network configuration: none ends in .conflist, .conf "
        "or .json",
        directory.string());
  }
  std::error_code error;
  return conflist_of(std::filesystem::absolute(files.front(), error));
}

// Those in matrix/ that are no data of ours, which have a schema of their own.
std::vector<std::string> shipped_matrices() {
  std::vector<std::string> names;
  std::error_code error;
  const auto directory = data_directory() / "matrix";
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto name = entry.path().stem().string();
    if (entry.path().extension() == ".json" && !name.ends_with(".schema") &&
        !std::filesystem::exists(directory / (name + ".schema.json"), error)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Expected<std::filesystem::path> find_matrix(const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".json")) {
    return name;
  }
  const auto names = shipped_matrices();
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return data_directory() / "matrix" / (name + ".json");
  }
  std::error_code error;
  if (std::filesystem::exists(name, error)) {
    return name;
  }
  return input_error("there is no matrix {} (a file's name ends in .json){}", excerpt(name, 80),
                     suggestion(name, names));
}

Expected<scenario::Conflist> find_conflist(std::string_view name,
                                           const std::filesystem::path& base) {
  const std::filesystem::path given{std::string(name)};
  std::vector<std::filesystem::path> directories = {base};
  if (!given.is_absolute()) {
    directories.push_back(data_directory() / "scenarios" / "conflists");
  }
  std::error_code ignored;
  for (const auto& directory : directories) {
    for (const char* extension : {"", ".conflist", ".conf"}) {
      auto file = std::filesystem::absolute(directory / (given.string() + extension), ignored);
      if (std::filesystem::is_directory(file, ignored) && !given.empty()) {
        return first_conflist_in(file);
      }
      if (std::filesystem::is_regular_file(file, ignored)) {
        return conflist_of(file);
      }
    }
  }
  const auto names = shipped_conflists();
  const auto similar = did_you_mean(name, names);
  return input_error("there is no conflist {} {} nor in {}{}", name,
                     base.empty() ? "in the working directory" : "beside " + base.string(),
                     directories.back().string(),
                     similar.empty() ? "; write the path of its file" : similar);
}

Expected<Matrix> matrix_from_json(const Json& value, const std::filesystem::path& file) {
  const auto name = file.string();
  TRY(check_format(value, k_matrix_format, "matrix", name));
  TRY(check_schema(value, "matrix", name));
  Matrix spec;
  spec.title = value.value("title", "");
  spec.file = file;
  scenario::ScenarioLibrary library;
  const Parser parser(file, library);
  const Axes defaults{{}, {}, {}, {}, {RuntimeChoice::automatic}, {std::nullopt}, {false}, {}};
  TRY_ASSIGN(auto top, parser.axes(value, "", defaults));
  const auto include = value.value("include", Json::array());
  // Axes that are missing may still come from the command line: select() has the last word.
  if (complete(top) || include.empty()) {
    spec.products.push_back(top);
  }
  for (std::size_t i = 0; i < include.size(); ++i) {
    const auto pointer = fmt::format("/include/{}", i);
    TRY_ASSIGN(auto product, parser.axes(include[i], pointer, top));
    spec.products.push_back(std::move(product));
  }
  const auto exclude = value.value("exclude", Json::array());
  for (std::size_t i = 0; i < exclude.size(); ++i) {
    const auto& entry = exclude[i];
    spec.exclusions.push_back({entry.value("containerd", ""), entry.value("plugins", ""),
                               entry.value("conflist", ""), entry.value("cniVersion", ""),
                               entry.value("scenario", "")});
    for (const char* key : {"containerd", "plugins"}) {
      const auto good = check_version_pattern(entry.value(key, ""));
      if (!good) {
        return at_place(good.error(), name, fmt::format("/exclude/{}/{}", i, key));
      }
    }
  }
  const auto claims = value.value("claims", Json::array());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    TRY_ASSIGN(auto claim, verdict::statement_from_json(
                               claims[i], fmt::format("{}: at /claims/{}", name, i), library));
    spec.claims.push_back(std::move(claim));
  }
  return spec;
}

Expected<Matrix> load_matrix(const std::filesystem::path& file) {
  TRY_ASSIGN(const auto value, load_json(file));
  return matrix_from_json(value, file);
}

}  // namespace cni_matrix::matrix
