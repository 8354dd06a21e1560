#include "libcni_caller.hpp"

#include "attachment_options.hpp"
#include "libcni.hpp"

#include "go/value.hpp"
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::cni {

namespace {

constexpr const char* k_interface = "eth0";  // the first network's, with containerd's prefix

std::vector<std::string> marked_environment() {
  auto environment = fixed_environment();
  environment.push_back(fmt::format("{}=1", k_caller_mark));
  return environment;
}

}  // namespace

struct LibcniCaller::Impl {
  Impl(const Profile& profile, NetworkConfigList the_list, std::chrono::milliseconds the_limit)
      : cri(release_facts(profile.containerd)),
        library(traits_of(profile), settings.plugin_dirs, settings.cache_dir, marked_environment()),
        list(std::move(the_list)),
        limit(the_limit) {}

  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const {
    return std::chrono::steady_clock::now() + limit;
  }

  [[nodiscard]] RuntimeConf runtime_conf(const AttachedPod& pod) const {
    RuntimeConf runtime;
    const auto cached = library.cached_attachments();
    const auto own = [&](const CachedAttachment& attachment) {
      return attachment.network == list.name && attachment.runtime.container_id == pod.id &&
             attachment.runtime.interface == k_interface;
    };
    const auto known = cached ? std::find_if(cached->begin(), cached->end(), own)
                              : std::vector<CachedAttachment>::const_iterator();
    if (cached && known != cached->end()) {
      runtime = known->runtime;
    } else {
      // A pod of which nothing can be made is one that containerd has refused.
      const auto options =
          attachment_options(cri, pod.id, pod.spec, Direction::setup).value_or(AttachmentOptions());
      runtime.container_id = pod.id;
      runtime.interface = k_interface;
      runtime.arguments = options.arguments;
      runtime.capabilities = go::from_json(options.capabilities);
    }
    runtime.netns = pod.netns;
    runtime.deadline = deadline();
    return runtime;
  }

  GoCniSettings settings;  // containerd's directories
  ReleaseFacts cri;
  Libcni library;
  NetworkConfigList list;
  std::chrono::milliseconds limit;
};

LibcniCaller::LibcniCaller(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
LibcniCaller::LibcniCaller(LibcniCaller&&) noexcept = default;
LibcniCaller& LibcniCaller::operator=(LibcniCaller&&) noexcept = default;
LibcniCaller::~LibcniCaller() = default;

Expected<LibcniCaller> LibcniCaller::create(const Profile& profile,
                                            const std::string& configuration,
                                            std::chrono::milliseconds limit) {
  auto list = conf_list_from_bytes(configuration, traits_of(profile));
  if (!list) {
    return input_error("libcni {} does not take the network configuration: {}",
                       profile.libcni.str(), list.error());
  }
  return LibcniCaller(std::make_unique<Impl>(profile, std::move(*list), limit));
}

go::Decoded<void> LibcniCaller::add(const AttachedPod& pod) {
  return m_impl->library.add_network_list(m_impl->list, m_impl->runtime_conf(pod))
      .map([](const Result&) {});
}

go::Decoded<void> LibcniCaller::check(const AttachedPod& pod) {
  return m_impl->library.check_network_list(m_impl->list, m_impl->runtime_conf(pod));
}

go::Decoded<void> LibcniCaller::collect_garbage(const std::vector<AttachedPod>& valid) {
  std::vector<ValidAttachment> attachments;
  attachments.reserve(valid.size());
  for (const auto& pod : valid) {
    attachments.push_back({pod.id, k_interface});
  }
  return m_impl->library.gc_network_list(m_impl->list, attachments, m_impl->deadline());
}

std::string lack_of_garbage_collection(const Profile& profile) {
  if (LibcniTraits::of(profile.libcni).collects_garbage) {
    return {};
  }
  return fmt::format("containerd {} has libcni {}, and GC came with libcni 1.2.0",
                     profile.containerd.str(), profile.libcni.str());
}

}  // namespace cni_matrix::cni
