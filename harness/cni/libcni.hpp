#pragma once

#include "libcni_traits.hpp"
#include "network_config.hpp"
#include "result.hpp"

#include "go/json_parse.hpp"
#include "go/value.hpp"

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::cni {

// libcni.RuntimeConf.
struct RuntimeConf {
  std::string container_id;
  std::string netns;
  std::string interface;
  std::vector<std::pair<std::string, std::string>> arguments;
  go::Value capabilities = go::Value::object();  // by name
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// libcni.NetworkAttachment: what the cache keeps of an attachment beside its result.
struct CachedAttachment {
  std::string network;
  RuntimeConf runtime;  // without a deadline; no netns before libcni 1.2
};

// types.GCAttachment.
struct ValidAttachment {
  std::string container_id;
  std::string interface;
  friend auto operator<=>(const ValidAttachment&, const ValidAttachment&) = default;
};

// libcni.CNIConfig of one release: runs the plugins of a list and keeps the cache. Its functions
// may be called from several threads at once. Errors are Go's texts.
class Libcni {
 public:
  Libcni(LibcniTraits traits, std::vector<std::filesystem::path> plugin_dirs,
         std::filesystem::path cache_dir, std::vector<std::string> environment);

  go::Decoded<Result> add_network_list(const NetworkConfigList& list, const RuntimeConf& runtime);
  go::Decoded<void> del_network_list(const NetworkConfigList& list, const RuntimeConf& runtime);
  go::Decoded<void> status_network_list(const NetworkConfigList& list);
  go::Decoded<void> check_network_list(const NetworkConfigList& list, const RuntimeConf& runtime);
  // DEL of the list's cached attachments that are not valid, then GC of every plugin; all errors,
  // one a line. Only for a release that collects_garbage; as 1.2.3 does it (no containerd has 1.2.0
  // to 1.2.2). Plugins are killed at `deadline`.
  go::Decoded<void> gc_network_list(const NetworkConfigList& list,
                                    const std::vector<ValidAttachment>& valid,
                                    std::chrono::steady_clock::time_point deadline);

  // GetCachedAttachments: by name of their files. Files of libcni 0.7 say nothing of theirs.
  [[nodiscard]] go::Decoded<std::vector<CachedAttachment>> cached_attachments() const;

  // cache_dir/results/NETWORK-CONTAINER-INTERFACE; an error when one of them is empty (0.8.0 on).
  [[nodiscard]] go::Decoded<std::filesystem::path> cache_file(const std::string& network,
                                                              const RuntimeConf& runtime) const;

  [[nodiscard]] const LibcniTraits& traits() const { return m_traits; }
  std::string take_stderr();

 private:
  [[nodiscard]] go::Decoded<std::filesystem::path> find_plugin(const std::string& type) const;
  [[nodiscard]] go::Decoded<PluginConfig> build_config(const NetworkConfigList& list,
                                                       const PluginConfig& plugin,
                                                       const std::optional<Result>& previous,
                                                       const RuntimeConf& runtime) const;
  [[nodiscard]] std::vector<std::string> plugin_environment(const std::string& command,
                                                            const RuntimeConf& runtime) const;
  go::Decoded<std::string> exec(const std::filesystem::path& plugin, const std::string& input,
                                const std::string& command, const RuntimeConf& runtime);
  [[nodiscard]] go::Decoded<Result> decode_result(const std::string& config,
                                                  const std::string& output) const;

  go::Decoded<Result> add_network(const NetworkConfigList& list, const PluginConfig& plugin,
                                  const std::optional<Result>& previous,
                                  const RuntimeConf& runtime);
  // delNetwork and checkNetwork.
  go::Decoded<void> exec_without_result(const std::string& command, const NetworkConfigList& list,
                                        const PluginConfig& plugin,
                                        const std::optional<Result>& previous,
                                        const RuntimeConf& runtime);

  go::Decoded<void> cache_add(const Result& result, const NetworkConfigList& list,
                              const RuntimeConf& runtime) const;
  void cache_del(const NetworkConfigList& list, const RuntimeConf& runtime) const;
  // Nothing when there is no such file.
  [[nodiscard]] go::Decoded<std::optional<Result>> cached_result(const NetworkConfigList& list,
                                                                 const RuntimeConf& runtime) const;

  LibcniTraits m_traits;
  std::vector<std::filesystem::path> m_plugin_dirs;
  std::filesystem::path m_cache_dir;
  std::vector<std::string> m_environment;
  std::mutex m_mutex;
  std::string m_stderr;
};

}  // namespace cni_matrix::cni
