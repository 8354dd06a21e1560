#include "base/text.hpp"
#include "base/try.hpp"
#include "scenario/node_files.hpp"
#include "scenario/scenario_library.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

// What the command line does to a matrix.
namespace cni_matrix::matrix {

namespace {

// "1.6.4+" stands for 1.6.4 and every later 1.6.x.
Expected<std::pair<Version, VersionRange>> parse_recommended(const std::string& text) {
  TRY_ASSIGN(auto lowest,
             Version::parse(text.ends_with('+') ? text.substr(0, text.size() - 1) : text));
  TRY_ASSIGN(auto range, VersionRange::parse(fmt::format(">={} <{}.{}.0", lowest.str(),
                                                         lowest.major, lowest.minor + 1)));
  return std::pair{std::move(lowest), std::move(range)};
}

// "repair:to=0.4.0,to=1.0.0"
Expected<ScenarioAxis> parse_scenario(const std::string& text) {
  ScenarioAxis axis;
  const auto colon = text.find(':');
  axis.scenario = text.substr(0, colon);
  if (colon == std::string::npos) {
    return axis;
  }
  for (const auto& assignment : split(std::string_view(text).substr(colon + 1), ',')) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == assignment.size()) {
      return input_error("--scenario {}: \"{}\" is not NAME=VALUE", text, assignment);
    }
    axis.with[assignment.substr(0, equals)].push_back(assignment.substr(equals + 1));
  }
  return axis;
}

// "repair:to=0.4.0,by=x,lifecycle": a piece with "=" goes on with the scenario before it.
std::vector<std::string> split_scenarios(const std::string& text) {
  std::vector<std::string> scenarios;
  for (const auto& piece : split(text, ',')) {
    // A value may have a colon of its own: "to_plugins=debian:forky".
    const auto equals = piece.find('=');
    if (!scenarios.empty() && equals != std::string::npos && piece.find(':') > equals) {
      scenarios.back() += "," + piece;
    } else {
      scenarios.push_back(piece);
    }
  }
  return scenarios;
}

// What is wrong with an option's value. An error that begins with the value, or with the file in
// it, names it already.
tl::unexpected<Error> wrong_value(const char* option, const std::string& value,
                                  std::string_view begin, const Error& error) {
  return error.message.starts_with(begin) ? input_error("{} {}", option, error.message)
                                          : input_error("{} {}: {}", option, value, error.message);
}

Expected<void> check_tokens(const char* option, const std::vector<std::string>& tokens) {
  for (const auto& token : tokens) {
    if (const auto parsed = artifacts::VersionToken::parse(token); !parsed) {
      return input_error("{} {}: {}", option, token, parsed.error().message);
    }
  }
  return {};
}

// Each configuration file of `conflists` once, with every version of `versions`.
std::vector<scenario::Conflist> with_versions(const std::vector<scenario::Conflist>& conflists,
                                              const std::vector<std::string>& versions) {
  std::vector<scenario::Conflist> result;
  std::vector<std::tuple<std::filesystem::path, std::string, std::string>> seen;
  for (const auto& conflist : conflists) {
    std::tuple key{conflist.file, conflist.at, conflist.form};
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      continue;
    }
    seen.push_back(std::move(key));
    for (const auto& version : versions) {
      auto one = conflist;
      one.cni_version = version == "as-is" ? std::nullopt : std::optional(version);
      result.push_back(std::move(one));
    }
  }
  return result;
}

// The parameters that the matrix itself gives to a scenario, so that `--scenario repair` on a
// matrix with repairs keeps their versions.
ScenarioAxis with_known_parameters(ScenarioAxis axis, const Matrix& spec) {
  if (axis.with.empty()) {
    for (const auto& product : spec.products) {
      for (const auto& known : product.scenarios) {
        if (known.scenario == axis.scenario && !known.with.empty()) {
          return known;
        }
      }
    }
  }
  return axis;
}

Expected<std::vector<scenario::Conflist>> conflists_of(const Selection& selection) {
  std::vector<scenario::Conflist> conflists;
  for (const auto& name : selection.conflists) {
    auto conflist = find_conflist(name, {});
    if (!conflist) {
      return wrong_value("--conflist", name, name, conflist.error());
    }
    conflists.push_back(*std::move(conflist));
  }
  return conflists;
}

Expected<std::vector<ScenarioAxis>> scenarios_of(const Selection& selection, const Matrix& spec,
                                                 scenario::ScenarioLibrary& library) {
  std::vector<std::string> texts;
  for (const auto& list : selection.scenarios) {
    const auto some = split_scenarios(list);
    texts.insert(texts.end(), some.begin(), some.end());
  }
  if (selection.all_scenarios) {
    TRY_ASSIGN(const auto all, all_scenarios(library, selection.host_port.has_value()));
    texts.insert(texts.end(), all.begin(), all.end());
  }
  std::vector<ScenarioAxis> scenarios;
  for (const auto& text : texts) {
    TRY_ASSIGN(auto axis, parse_scenario(text));
    axis = with_known_parameters(std::move(axis), spec);
    if (const auto good = check_scenario_axis(axis, library); !good) {
      return wrong_value("--scenario", text, axis.scenario, good.error());
    }
    scenarios.push_back(std::move(axis));
  }
  return scenarios;
}

void replace_axes(Axes& product, const Selection& selection,
                  const std::vector<std::string>& containerd,
                  const std::vector<scenario::Conflist>& conflists,
                  const std::vector<ScenarioAxis>& scenarios) {
  const auto replace = [](auto& axis, const auto& other) {
    if (!other.empty()) {
      axis = other;
    }
  };
  replace(product.containerd, containerd);
  replace(product.plugins, selection.plugins);
  replace(product.conflists, conflists);
  replace(product.scenarios, scenarios);
  if (selection.runtime) {
    product.runtimes = {*selection.runtime};
  }
  if (selection.host_port) {
    product.host_ports = {*selection.host_port};
  }
  if (selection.mark_chain) {
    product.mark_chains = {*selection.mark_chain};
  }
}

Expected<void> check_complete(const Axes& product, const Matrix& spec) {
  std::string missing;
  for (const auto& [name, empty] : {std::pair{"containerd", product.containerd.empty()},
                                    std::pair{"plugins", product.plugins.empty()},
                                    std::pair{"conflists", product.conflists.empty()},
                                    std::pair{"scenarios", product.scenarios.empty()}}) {
    if (empty) {
      missing += fmt::format("{}\"{}\"", missing.empty() ? "" : ", ", name);
    }
  }
  if (missing.empty()) {
    return {};
  }
  if (spec.file.empty()) {
    return input_error(
        "nothing is selected for {}; give a matrix file, or for example --containerd "
        "debian:bookworm --plugins debian:bookworm",
        missing);
  }
  return input_error(
      "{}: at /: the matrix is empty: it has no {}; name them in the file or on the command line "
      "(--containerd, --plugins, --conflist, --scenario)",
      spec.file.string(), missing);
}

Expected<std::optional<scenario::NodeSource>> node_of(const Selection& selection,
                                                      scenario::ScenarioLibrary& library) {
  if (selection.node.empty()) {
    return std::nullopt;
  }
  auto source = scenario::find_node(selection.node, {});
  if (!source) {
    return wrong_value("--node", selection.node, selection.node, source.error());
  }
  TRY(library.node(*source));
  return std::optional(*std::move(source));
}

// The chain that the cells of a scenario bring with them: the scenario's node, or else the
// product's, has it.
Expected<std::optional<scenario::Conflist>> own_chain(const ScenarioAxis& axis, const Axes& product,
                                                      scenario::ScenarioLibrary& library) {
  TRY_ASSIGN(const auto scenario, library.find(axis.scenario));
  if (scenario->description && scenario->description->conflist) {
    return scenario::chain_of(*scenario->node, *scenario->description);
  }
  if (!product.node) {
    return std::nullopt;
  }
  TRY_ASSIGN(const auto description, library.node(*product.node));
  return scenario::chain_of(*product.node, *description);
}

// Where no conflist is named, each scenario has the chain that it brings with it, in a product of
// its own; what is left has bridge-portmap where there is no matrix file.
Expected<std::vector<Axes>> with_chains(const Matrix& spec, const Selection& selection,
                                        scenario::ScenarioLibrary& library) {
  std::vector<Axes> products;
  for (const auto& product : spec.products) {
    if (!product.conflists.empty()) {
      products.push_back(product);
      continue;
    }
    auto rest = product;
    rest.scenarios.clear();
    std::vector<Axes> own;
    for (const auto& axis : product.scenarios) {
      TRY_ASSIGN(const auto chain, own_chain(axis, product, library));
      if (!chain) {
        rest.scenarios.push_back(axis);
        continue;
      }
      own.push_back(product);
      own.back().scenarios = {axis};
      own.back().conflists = {*chain};
    }
    if (!rest.scenarios.empty() || own.empty()) {
      if (spec.file.empty()) {
        TRY_ASSIGN(auto usual, find_conflist("bridge-portmap", {}));
        rest.conflists.push_back(std::move(usual));
      }
      products.push_back(std::move(rest));
    }
    products.insert(products.end(), own.begin(), own.end());
  }
  if (!selection.cni_versions.empty()) {
    for (auto& product : products) {
      product.conflists = with_versions(product.conflists, selection.cni_versions);
    }
  }
  return products;
}

// A cell's name says the names of a conflist and of a node, not their files, and the id is made
// from the cell's name.
Expected<void> check_names(const Matrix& spec) {
  using Places = std::map<std::string, std::pair<std::filesystem::path, std::string>>;
  const auto check = [](Places& places, const std::string& name, const std::filesystem::path& file,
                        const std::string& at) -> Expected<void> {
    const auto& place = places.try_emplace(name, file, at).first->second;
    if (place != std::pair(file, at)) {
      return input_error("{} and {} would have the same name, {}; rename one of the files",
                         place.first.string(), file.string(), name);
    }
    return {};
  };
  Places conflists;
  Places nodes;
  for (const auto& product : spec.products) {
    for (const auto& conflist : product.conflists) {
      TRY(check(conflists, conflist.name, conflist.file, conflist.at));
    }
    if (product.node) {
      TRY(check(nodes, product.node->name, product.node->file, product.node->at));
    }
  }
  return {};
}

}  // namespace

Expected<std::vector<std::string>> containerd_for_kubernetes(
    std::string_view kubernetes, const std::map<std::string, Version>& at_hand) {
  const auto file = data_directory() / "matrix" / "kubernetes-support.json";
  TRY_ASSIGN(const auto support, load_json(file));
  TRY(check_schema(support, "kubernetes-support", file.string()));
  const auto& recommended = support.at("recommended");
  const auto found = recommended.find(std::string(kubernetes));
  if (found == recommended.end()) {
    std::vector<std::string> versions;
    for (const auto& [version, ranges] : recommended.items()) {
      versions.push_back(version);
    }
    const auto similar = did_you_mean(kubernetes, versions);
    return input_error(
        "there is no recommendation for Kubernetes {} in {}{}", kubernetes, file.string(),
        similar.empty() ? fmt::format("; it has {}", fmt::join(versions, ", ")) : similar);
  }
  std::vector<std::string> tokens;
  for (const auto& entry : *found) {
    TRY_ASSIGN(const auto range, parse_recommended(entry.get<std::string>()));
    std::vector<std::pair<Version, std::string>> good;
    bool lowest_at_hand = false;
    for (const auto& [token, version] : at_hand) {
      if (range.second.contains(version)) {
        good.emplace_back(version, token);
        lowest_at_hand = lowest_at_hand || token == range.first.str();
      }
    }
    if (!lowest_at_hand) {
      good.emplace_back(range.first, range.first.str());
    }
    std::sort(good.begin(), good.end(), [](const auto& a, const auto& b) {
      const auto order = a.first <=> b.first;
      return order != 0 ? order < 0 : a.second < b.second;
    });
    for (auto& [version, token] : good) {
      tokens.push_back(std::move(token));
    }
  }
  return tokens;
}

Expected<Matrix> select(Matrix spec, const Selection& selection) {
  if (spec.products.empty()) {
    Axes axes{{},      {}, {}, {{"lifecycle", {}}}, {RuntimeChoice::automatic}, {std::nullopt},
              {false}, {}};
    spec.products.push_back(std::move(axes));
  }
  constexpr int k_last_port = 65535;
  if (selection.host_port && (*selection.host_port < 1 || *selection.host_port > k_last_port)) {
    return input_error("--host-port {}: a port is a number from 1 to {}", *selection.host_port,
                       k_last_port);
  }
  TRY(check_tokens("--containerd", selection.containerd));
  TRY(check_tokens("--plugins", selection.plugins));
  auto containerd = selection.containerd;
  for (const auto& kubernetes : selection.kubernetes) {
    TRY_ASSIGN(auto tokens, containerd_for_kubernetes(kubernetes, selection.at_hand));
    containerd.insert(containerd.end(), tokens.begin(), tokens.end());
  }
  scenario::ScenarioLibrary library;
  TRY_ASSIGN(const auto conflists, conflists_of(selection));
  TRY_ASSIGN(const auto node, node_of(selection, library));
  TRY_ASSIGN(const auto scenarios, scenarios_of(selection, spec, library));
  for (auto& product : spec.products) {
    replace_axes(product, selection, containerd, conflists, scenarios);
    if (!selection.node.empty()) {
      product.node = node;
    }
  }
  TRY_ASSIGN(spec.products, with_chains(spec, selection, library));
  for (const auto& product : spec.products) {
    TRY(check_complete(product, spec));
  }
  TRY(check_names(spec));
  TRY(check_cells(spec, selection.cells));
  return spec;
}

}  // namespace cni_matrix::matrix
