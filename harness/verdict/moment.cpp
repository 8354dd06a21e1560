#include "moment.hpp"

#include <algorithm>
#include <array>

#include <strings.h>

namespace cni_matrix::verdict {

namespace {

constexpr const char* k_network = "network";

// What a new pod has again.
constexpr std::array k_of_pod = {"node",  "addresses", "interface",    "routes",
                                 "lease", "rules",     "cached-result"};

}  // namespace

bool has_trait(const std::vector<std::string>& traits, std::string_view trait) {
  return std::any_of(traits.begin(), traits.end(), [&](const std::string& one) {
    return one.size() == trait.size() && ::strncasecmp(one.data(), trait.data(), one.size()) == 0;
  });
}

Moment::Moment(const Observation& beginning)
    : containerd(beginning.containerd),
      plugins(beginning.plugins),
      cni_version(beginning.cni_version),
      m_own_file("10-" + beginning.conflist),
      m_own{beginning.traits, beginning.network},
      m_built_with(beginning.built_with) {}

const Moment::Configuration& Moment::in_force() const {
  const bool other = !m_files.empty() && (m_own_gone || m_files.begin()->first < m_own_file);
  return other ? m_files.begin()->second : m_own;
}

const std::vector<std::string>& Moment::traits() const {
  return in_force().traits;
}

std::string Moment::state_of(const std::string& what) const {
  if (what == k_network) {
    return in_force().network;
  }
  const auto found = m_state.find(what);
  return found == m_state.end() ? std::string() : found->second;
}

std::map<std::string, std::string> Moment::states() const {
  auto all = m_state;
  all[k_network] = in_force().network;
  return all;
}

void Moment::begin_pod() {
  netns_gone = false;
  rebooted = false;
  for (const auto* what : k_of_pod) {
    m_state.erase(what);
  }
}

const std::map<std::string, std::string>* Moment::built_with() const {
  const auto found = m_built_with.find(m_plugins_token);
  return found == m_built_with.end() ? nullptr : &found->second;
}

void Moment::take(const scenario::Effect& effect) {
  containerd = effect.containerd.value_or(containerd);
  if (effect.plugins) {
    plugins = *effect.plugins;
    m_plugins_token = effect.plugins_token;
  }
  cni_version = effect.cni_version.value_or(cni_version);
  m_own.traits = effect.traits.value_or(m_own.traits);
  for (const auto& [what, is] : effect.state) {
    if (what == k_network) {
      m_own.network = is;
    } else {
      m_state[what] = is;
    }
  }
  if (effect.config_file.empty()) {
    m_own_gone = effect.conflist_gone.value_or(m_own_gone);
  } else if (effect.config_traits.empty()) {
    m_files.erase(effect.config_file);
  } else {
    m_files[effect.config_file] = {effect.config_traits, effect.config_network};
  }
  conflist_gone = m_own_gone && m_files.empty();
  netns_gone = netns_gone || effect.netns_gone;
  rebooted = rebooted || effect.rebooted;
  if (effect.taken) {
    damaged.insert(*effect.taken);
  }
  if (!effect.plugin_gone.empty()) {
    gone_plugins.insert(effect.plugin_gone);
  }
  gone_plugins.erase(effect.plugin_back);
}

}  // namespace cni_matrix::verdict
