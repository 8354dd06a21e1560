#include "outcome.hpp"

#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/text.hpp>

#include <regex>

namespace cni_matrix::test {
namespace {

Json with_normalised_texts(const Json& value) {
  if (value.is_string()) {
    return normalised(value.get<std::string>());
  }
  Json copy = value;
  if (value.is_structured()) {
    for (auto& item : copy) {
      item = with_normalised_texts(item);
    }
  }
  return copy;
}

}  // namespace

std::vector<Json> observed_rows() {
  const std::string file = CNI_MATRIX_TEST_DATA "/observed-outcomes.jsonl";
  std::vector<Json> rows;
  for (const std::string& line : split(value_or_throw(read_file(file)), '\n')) {
    if (!trim(line).empty()) {
      rows.push_back(value_or_throw(parse_json(line, file)));
    }
  }
  return rows;
}

std::string normalised(std::string text) {
  static const std::vector<std::pair<std::regex, std::string>> k_rules = {
      {std::regex("[0-9a-f]{64}"), "<ID>"},
      {std::regex("cni-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "cni-<UUID>"},
      {std::regex("(CNI-(DN|SN)-)[0-9a-f]+"), "$1<HASH>"},
      {std::regex("iptables v[^ ]+ \\([a-z_]+\\)"), "iptables <BANNER>"},
      {std::regex("\\[[^\\] ]*/bin\\]"), "[<DIR>/bin]"},
      {std::regex("found in [^ :]*/net\\.d"), "found in <DIR>/net.d"},
  };
  for (const auto& [pattern, replacement] : k_rules) {
    text = std::regex_replace(text, pattern, replacement);
  }
  return text;
}

Json comparable(const Json& outcome, const Json& row) {
  Json result = Json::object();
  for (const char* part :
       {"steps", "leftover", "leftover_after_run", "net", "net_after_edit", "pods_after_restart"}) {
    if (row.contains(part)) {
      result[part] = with_normalised_texts(outcome.value(part, Json()));
    }
  }
  for (Json& step : result["steps"]) {
    step.erase("umount_rc");  // of the tool that made the recording
  }
  return result;
}

std::string title(const Json& row) {
  std::string text =
      row.at("containerd").get<std::string>() + " / " + row.at("plugins").get<std::string>() +
      " / " + row.at("conflist").get<std::string>() + " / " + row.at("scenario").get<std::string>();
  for (const char* second : {"to", "to_containerd", "to_plugins"}) {
    if (row.contains(second)) {
      text += " to " + row.at(second).get<std::string>();
    }
  }
  if (row.contains("hostport")) {
    text += row.contains("markchain") ? " hostport, markchain" : " hostport";
  }
  return text;
}

}  // namespace cni_matrix::test
