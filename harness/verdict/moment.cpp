#include "moment.hpp"

namespace cni_matrix::verdict {

Moment::Moment(const Observation& beginning)
    : containerd(beginning.containerd),
      plugins(beginning.plugins),
      cni_version(beginning.cni_version) {}

void Moment::take(const scenario::Effect& effect) {
  containerd = effect.containerd.value_or(containerd);
  plugins = effect.plugins.value_or(plugins);
  cni_version = effect.cni_version.value_or(cni_version);
  conflist_gone = effect.conflist_gone.value_or(conflist_gone);
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
