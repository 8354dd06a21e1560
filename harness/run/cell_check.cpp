#include "cell_check.hpp"

#include "cell_plan.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "chain/chain.hpp"
#include "cni/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cni_matrix::run {

namespace {

std::string key_of(const matrix::Cell& cell) {
  auto key = fmt::format("{} {} {} {} {}", cell.conflist.file.string(), cell.conflist.form,
                         cell.conflist.cni_version.value_or("as it is"), cell.scenario,
                         cell.host_port.has_value());
  key += " " + cell.conflist.at;
  if (cell.node) {
    key += fmt::format(" {}#{}", cell.node->file.string(), cell.node->at);
  }
  for (const auto& [name, value] : cell.parameters) {
    key += fmt::format(" {}={}", name, value);
  }
  return key;
}

}  // namespace

Expected<CellCheck::Tokens> CellCheck::tokens_of(const matrix::Cell& cell) {
  using artifacts::Component;
  const auto key = key_of(cell);
  auto known = m_tokens.find(key);
  if (known == m_tokens.end()) {
    TRY_ASSIGN(const auto scenario, m_scenarios.find(cell.scenario));
    TRY_ASSIGN(const auto steps, scenario::bind_steps(*scenario, cell.parameters));
    const auto demands = scenario::demands_of(steps);
    known = m_tokens.emplace(key, Tokens()).first;
    for (const auto& token : demands.containerds) {
      known->second.emplace_back(Component::containerd, token);
    }
    for (const auto& token : demands.plugins) {
      known->second.emplace_back(Component::plugins, token);
    }
  }
  Tokens tokens = {{Component::containerd, cell.containerd}, {Component::plugins, cell.plugins}};
  tokens.insert(tokens.end(), known->second.begin(), known->second.end());
  return tokens;
}

Expected<void> CellCheck::check_versions(const matrix::Cell& cell) {
  if (cell.runtime != matrix::RuntimeChoice::embedded) {
    return {};
  }
  TRY_ASSIGN(const auto tokens, tokens_of(cell));
  for (const auto& [component, token] : tokens) {
    if (component != artifacts::Component::containerd || !m_modelled.insert(token).second) {
      continue;
    }
    TRY_ASSIGN(const auto parsed, artifacts::VersionToken::parse(token));
    if (parsed.version) {
      TRY(cni::profile_for(*parsed.version));
    }
  }
  return {};
}

Expected<std::string> CellCheck::lack_of(const matrix::Cell& cell) {
  TRY(check_versions(cell));
  const auto key = key_of(cell);
  if (const auto known = m_lacks.find(key); known != m_lacks.end()) {
    return known->second;
  }
  const auto good = check_cell(cell, m_scenarios);
  if (!good && good.error().kind != ErrorKind::unavailable) {
    return tl::unexpected(good.error());
  }
  return m_lacks[key] = good ? std::string() : good.error().message;
}

Expected<std::string> CellCheck::warning_of(const matrix::Cell& cell) {
  if (!m_read.insert(cell.conflist.file.string()).second) {
    return std::string();
  }
  TRY_ASSIGN(const auto conflist, scenario::ConflistFile::load(cell.conflist));
  return conflist.refusal();
}

Expected<std::vector<std::string>> CellCheck::plugins_of_node(const matrix::Cell& cell) {
  TRY_ASSIGN(const auto scenario, m_scenarios.find(cell.scenario));
  std::vector<scenario::NodePointer> nodes = {scenario->description};
  if (cell.node) {
    TRY_ASSIGN(auto given, m_scenarios.node(*cell.node));
    nodes.push_back(std::move(given));
  }
  std::vector<std::string> names;
  for (const auto& node : nodes) {
    if (node == nullptr) {
      continue;
    }
    for (const auto& plugin : node->plugins) {
      names.push_back(plugin.name);
    }
  }
  return names;
}

Expected<std::vector<std::string>> CellCheck::missing_plugins(const matrix::Cell& cell,
                                                              const artifacts::Artifact& plugins) {
  if (!m_told.insert(fmt::format("{} {}", cell.plugins, cell.conflist.file.string())).second) {
    return std::vector<std::string>();
  }
  TRY_ASSIGN(const auto conflist, scenario::ConflistFile::load(cell.conflist));
  TRY_ASSIGN(auto names, plugins_of_node(cell));
  for (const auto& [name, digest] : plugins.binaries) {
    names.push_back(name);
  }
  std::vector<std::string> sentences;
  for (const auto& type : chain::Chain(conflist.json()).types()) {
    if (std::find(names.begin(), names.end(), type) != names.end()) {
      continue;
    }
    auto similar = did_you_mean(type, names);
    auto sentence = fmt::format(
        "{}: {} is none of {}'s plugins{}", cell.conflist.name, excerpt(type), cell.plugins,
        similar.empty() ? fmt::format("; add it with --plugins {}+dir:/opt/cni/bin", cell.plugins)
                        : similar);
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

}  // namespace cni_matrix::run
