#include "node_files.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/paths.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace cni_matrix::scenario {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view k_ending = ".node.json";

fs::path shipped_folder() {
  return data_directory() / "scenarios" / "nodes";
}

std::string name_of(const fs::path& file) {
  auto name = file.filename().string();
  for (const std::string_view ending : {k_ending, std::string_view(".json")}) {
    if (name.ends_with(ending) && name.size() > ending.size()) {
      return name.substr(0, name.size() - ending.size());
    }
  }
  return name;
}

fs::path absolute_of(const fs::path& file) {
  std::error_code ignored;
  return fs::absolute(file, ignored).lexically_normal();
}

NodeSource source_of(const fs::path& file) {
  return {name_of(file), absolute_of(file), {}};
}

}  // namespace

std::vector<std::string> shipped_nodes() {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(shipped_folder(), error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().ends_with(k_ending)) {
      names.push_back(name_of(entry->path()));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Expected<NodeSource> find_node(std::string_view name, const fs::path& base) {
  const fs::path given{std::string(name)};
  std::error_code ignored;
  if (const auto file = fs::absolute(base / given, ignored); fs::is_regular_file(file, ignored)) {
    return source_of(file);
  }
  const auto names = shipped_nodes();
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return source_of(shipped_folder() / (std::string(name) + std::string(k_ending)));
  }
  return input_error("there is no file {} {}, and no node of that name{}", excerpt(name, 100),
                     base.empty() ? "in the working directory" : "beside " + base.string(),
                     suggestion(name, names));
}

Expected<NodeSource> node_of(const Json& value, const fs::path& file, const std::string& at,
                             const std::string& name) {
  const auto& node = value.at("node");
  if (!node.is_string()) {
    return NodeSource{name, absolute_of(file), at + "/node"};
  }
  auto found = find_node(node.get<std::string>(), file.parent_path());
  if (!found) {
    return input_error("{}: at {}/node: {}", file.string(), at, found.error().message);
  }
  return found;
}

Expected<NodePointer> load_node(const NodeSource& source) {
  TRY_ASSIGN(const auto document, load_json(source.file));
  const Json::json_pointer there(source.at);
  if (!document.contains(there)) {
    return input_error("{}: there is nothing at {}", source.file.string(), source.at);
  }
  TRY_ASSIGN(auto description,
             equipment::description_from_json(document.at(there), source.file.string(), source.at,
                                              source.file.parent_path()));
  return std::make_shared<const equipment::NodeDescription>(std::move(description));
}

std::optional<Conflist> chain_of(const NodeSource& source,
                                 const equipment::NodeDescription& description) {
  if (!description.conflist) {
    return std::nullopt;
  }
  Conflist conflist;
  conflist.name = source.name;
  conflist.file = source.file;
  conflist.at = source.at + "/conflist";
  return conflist;
}

}  // namespace cni_matrix::scenario
