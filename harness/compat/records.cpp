#include "records.hpp"

#include "base/try.hpp"
#include <cni_matrix/base/paths.hpp>

#include <utility>

namespace cni_matrix::compat {

namespace {

using Texts = std::vector<std::string>;

constexpr const char* k_schema = "compatibility";

RecordedRun run_from_json(const Json& value) {
  return {value.at("started").get<std::string>(),   value.at("program").get<std::string>(),
          value.at("kernel").get<std::string>(),    value.at("architecture").get<std::string>(),
          value.at("iptables").get<std::string>(),  value.at("runc").get<std::string>(),
          value.at("privileges").get<std::string>()};
}

Expected<RecordedBuild> build_from_json(const Json& value, std::string_view place) {
  RecordedBuild build;
  const auto component = artifacts::parse_component(value.at("component").get<std::string>());
  if (!component) {
    return input_error("{}/component: there is no such component", place);
  }
  build.component = *component;
  TRY_ASSIGN(build.version, Version::parse(value.at("version").get<std::string>()));
  build.token = value.at("token").get<std::string>();
  build.package_version = value.value("packageVersion", "");
  build.source = value.value("source", "");
  build.sha256 = value.value("sha256", "");
  build.go_version = value.value("go", "");
  build.binaries = value.at("binaries").get<std::map<std::string, std::string>>();
  return build;
}

RecordedOutcome outcome_from_json(const Json& value) {
  RecordedOutcome outcome;
  outcome.verdict = value.at("verdict").get<std::string>();
  outcome.known = value.value("known", Texts{});
  for (const auto& failure : value.value("failed", Json::array())) {
    outcome.failed.push_back(
        {failure.at("step").get<std::string>(), failure.at("error").get<std::string>()});
  }
  outcome.left = value.value("left", Texts{});
  return outcome;
}

Expected<std::size_t> index_at(const Json& value, const char* key, std::size_t count,
                               std::string_view place) {
  const auto index = value.at(key).get<std::size_t>();
  if (index >= count) {
    return input_error("{}/{}: there is no entry {}; the last one is {}", place, key, index,
                       static_cast<std::ptrdiff_t>(count) - 1);
  }
  return index;
}

Expected<RecordedRow> row_from_json(const Json& value, const Records& records,
                                    std::string_view place) {
  RecordedRow row;
  TRY_ASSIGN(row.run, index_at(value, "run", records.runs.size(), place));
  TRY_ASSIGN(row.list, index_at(value, "list", records.lists.size(), place));
  TRY_ASSIGN(row.plugins, index_at(value, "plugins", records.builds.size(), place));
  if (value.contains("build")) {
    TRY_ASSIGN(row.containerd, index_at(value, "build", records.builds.size(), place));
  }
  TRY_ASSIGN(row.containerd_version, Version::parse(value.at("containerd").get<std::string>()));
  row.modelled = value.at("runtime").get<std::string>() == "embedded";
  const auto& outcomes = value.at("outcomes");
  for (const auto& [cni_version, unused] : outcomes.items()) {
    TRY_ASSIGN(row.outcomes[cni_version],
               index_at(outcomes, cni_version.c_str(), records.outcomes.size(), place));
  }
  return row;
}

void put(OrderedJson& object, const char* key, const std::string& text) {
  if (!text.empty()) {
    object[key] = text;
  }
}

void put(OrderedJson& object, const char* key, const Texts& texts) {
  if (!texts.empty()) {
    object[key] = texts;
  }
}

OrderedJson json_of(const RecordedRun& run) {
  return {{"started", run.started},      {"program", run.program_version},
          {"kernel", run.kernel},        {"architecture", run.architecture},
          {"iptables", run.iptables},    {"runc", run.runc},
          {"privileges", run.privileges}};
}

OrderedJson json_of(const RecordedBuild& build) {
  OrderedJson value = {{"component", artifacts::name_of(build.component)},
                       {"version", build.version.str()},
                       {"token", build.token}};
  put(value, "packageVersion", build.package_version);
  put(value, "source", build.source);
  put(value, "sha256", build.sha256);
  put(value, "go", build.go_version);
  value["binaries"] = build.binaries;
  return value;
}

OrderedJson json_of(const RecordedOutcome& outcome) {
  OrderedJson value = {{"verdict", outcome.verdict}};
  put(value, "known", outcome.known);
  for (const auto& failure : outcome.failed) {
    value["failed"].push_back({{"step", failure.step}, {"error", failure.error}});
  }
  put(value, "left", outcome.left);
  return value;
}

OrderedJson json_of(const RecordedRow& row) {
  OrderedJson value = {{"run", row.run},
                       {"list", row.list},
                       {"containerd", row.containerd_version.str()},
                       {"runtime", row.modelled ? "embedded" : "daemon"}};
  if (row.containerd) {
    value["build"] = *row.containerd;
  }
  value["plugins"] = row.plugins;
  value["outcomes"] = row.outcomes;
  return value;
}

template <typename T>
OrderedJson array_of(const std::vector<T>& values) {
  auto array = OrderedJson::array();
  for (const auto& value : values) {
    array.push_back(json_of(value));
  }
  return array;
}

}  // namespace

Expected<Records> Records::from_json(const Json& value, std::string_view name) {
  TRY(check_schema(value, k_schema, name));
  Records records;
  for (const auto& run : value.at("runs")) {
    records.runs.push_back(run_from_json(run));
  }
  for (const auto& build : value.at("builds")) {
    const auto place = fmt::format("{}: at /builds/{}", name, records.builds.size());
    TRY_ASSIGN(auto read, build_from_json(build, place));
    records.builds.push_back(std::move(read));
  }
  for (const auto& list : value.at("lists")) {
    records.lists.push_back({list.at("name").get<std::string>(), list.at("traits").get<Texts>(),
                             list.at("keys").get<Texts>()});
  }
  for (const auto& outcome : value.at("outcomes")) {
    records.outcomes.push_back(outcome_from_json(outcome));
  }
  for (const auto& row : value.at("rows")) {
    const auto place = fmt::format("{}: at /rows/{}", name, records.rows.size());
    TRY_ASSIGN(auto read, row_from_json(row, records, place));
    records.rows.push_back(std::move(read));
  }
  return records;
}

Expected<Records> Records::load(const std::filesystem::path& file) {
  TRY_ASSIGN(const auto value, load_json(file));
  return from_json(value, file.string());
}

std::filesystem::path Records::shipped_file() {
  return data_directory() / "matrix" / "compatibility.json";
}

OrderedJson to_json(const Records& records) {
  auto lists = OrderedJson::array();
  for (const auto& list : records.lists) {
    lists.push_back({{"name", list.name}, {"traits", list.kinds}, {"keys", list.keys}});
  }
  return {{"$schema", "./compatibility.schema.json"}, {"runs", array_of(records.runs)},
          {"builds", array_of(records.builds)},       {"lists", std::move(lists)},
          {"outcomes", array_of(records.outcomes)},   {"rows", array_of(records.rows)}};
}

}  // namespace cni_matrix::compat
