#include "variants.hpp"

#include "scenario.hpp"

#include "base/format_version.hpp"
#include "base/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>

namespace cni_matrix::scenario {

namespace {

bool is_family(const std::filesystem::path& file) {
  return file.stem().extension() == ".family";
}

// `changes` are by the numbers of steps.
Expected<void> change_steps(const Json& changes, std::string_view place, Json& steps) {
  for (const auto& [key, members] : changes.items()) {
    std::size_t number = 0;
    const auto* const end = key.data() + key.size();
    if (const auto read = std::from_chars(key.data(), end, number);
        read.ec != std::errc() || read.ptr != end || number >= steps.size()) {
      return input_error("{}/{}: there is no such step; they are numbered 0 to {}", place, key,
                         steps.size() - 1);
    }
    steps[number].update(members);
  }
  return {};
}

Expected<Json> one_of(const Json& family, const Json& variant, std::string_view place) {
  auto scenario = family;
  scenario.erase("variants");
  scenario.erase("$schema");
  for (const auto& [key, value] : variant.items()) {
    if (key != "steps") {
      scenario[key] = value;
    }
  }
  TRY(change_steps(variant.value("steps", Json::object()), fmt::format("{}/steps", place),
                   scenario["steps"]));
  return scenario;
}

}  // namespace

Expected<std::vector<Json>> variants_of(const Json& family, std::string_view name) {
  TRY(check_format(family, k_scenario_format, "scenario family", name));
  TRY(check_schema(family, "scenario-family", name));
  std::vector<Json> scenarios;
  for (const auto& variant : family.at("variants")) {
    TRY_ASSIGN(auto scenario,
               one_of(family, variant, fmt::format("{}: at /variants/{}", name, scenarios.size())));
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

Expected<std::vector<std::string>> ids_in(const std::filesystem::path& file) {
  if (!is_family(file)) {
    return std::vector{file.stem().string()};
  }
  TRY_ASSIGN(const auto family, load_json(file));
  TRY_ASSIGN(const auto scenarios, variants_of(family, file.string()));
  std::vector<std::string> ids;
  for (const auto& scenario : scenarios) {
    ids.push_back(scenario.at("id").get<std::string>());
  }
  return ids;
}

Expected<std::filesystem::path> file_of(std::string_view id,
                                        const std::map<std::string, std::filesystem::path>& files) {
  if (const auto found = files.find(std::string(id)); found != files.end()) {
    return found->second;
  }
  for (const auto& [name, file] : files) {
    if (!is_family(file)) {
      continue;
    }
    TRY_ASSIGN(const auto ids, ids_in(file));
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) {
      return file;
    }
  }
  return std::filesystem::path();
}

Expected<Json> load_document(const std::filesystem::path& file, std::string_view id) {
  TRY_ASSIGN(auto document, load_json(file));
  if (!is_family(file)) {
    return document;
  }
  TRY_ASSIGN(auto scenarios, variants_of(document, file.string()));
  const auto found = std::find_if(scenarios.begin(), scenarios.end(), [id](const Json& scenario) {
    return scenario.at("id").get<std::string>() == id;
  });
  if (found == scenarios.end()) {
    return input_error("{}: has no variant \"{}\"", file.string(), id);
  }
  return std::move(*found);
}

}  // namespace cni_matrix::scenario
