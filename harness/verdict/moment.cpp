#include "moment.hpp"

#include <algorithm>

namespace cni_matrix::verdict {

Moment::Moment(const Observation& beginning)
    : containerd(beginning.containerd),
      plugins(beginning.plugins),
      cni_version(beginning.cni_version),
      m_own_file("10-" + beginning.conflist),
      m_own_traits(beginning.traits) {}

const std::vector<std::string>& Moment::traits() const {
  const bool other = !m_files.empty() && (m_own_gone || m_files.begin()->first < m_own_file);
  return other ? m_files.begin()->second : m_own_traits;
}

bool Moment::has_trait(std::string_view trait) const {
  const auto& all = traits();
  return std::find(all.begin(), all.end(), trait) != all.end();
}

void Moment::take(const scenario::Effect& effect) {
  containerd = effect.containerd.value_or(containerd);
  plugins = effect.plugins.value_or(plugins);
  cni_version = effect.cni_version.value_or(cni_version);
  m_own_traits = effect.traits.value_or(m_own_traits);
  if (effect.config_file.empty()) {
    m_own_gone = effect.conflist_gone.value_or(m_own_gone);
  } else if (effect.config_traits.empty()) {
    m_files.erase(effect.config_file);
  } else {
    m_files[effect.config_file] = effect.config_traits;
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
