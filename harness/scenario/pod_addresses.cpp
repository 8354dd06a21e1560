#include "pod_addresses.hpp"

#include "base/ip_range.hpp"
#include "base/try.hpp"
#include "probe/network.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <ifaddrs.h>

namespace cni_matrix::scenario {

Expected<std::vector<std::string>> addresses_of(const std::string& netns,
                                                const std::string& interface) {
  std::vector<std::string> found;
  TRY(probe::in_namespace(netns, [&]() -> Expected<void> {
    ifaddrs* raw = nullptr;
    if (::getifaddrs(&raw) != 0) {
      return system_error("cannot list the addresses of " + netns);
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(raw, ::freeifaddrs);
    for (const auto* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
      if (entry->ifa_addr == nullptr || interface != entry->ifa_name) {
        continue;
      }
      const int family = entry->ifa_addr->sa_family;
      const void* address = nullptr;
      if (family == AF_INET) {
        address = &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr;
      } else if (family == AF_INET6) {
        const auto* in6 = &reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr;
        address = IN6_IS_ADDR_LINKLOCAL(in6) ? nullptr : in6;
      }
      std::array<char, INET6_ADDRSTRLEN> text{};
      if (address != nullptr && ::inet_ntop(family, address, text.data(), text.size()) != nullptr) {
        found.emplace_back(text.data());
      }
    }
    return {};
  }));
  return found;
}

std::string problem_of(const PodAddresses& pods, const std::string& in,
                       const std::string& outside) {
  const auto wanted = in.empty() ? std::nullopt : std::optional(IpRange::parse(in));
  const auto unwanted = outside.empty() ? std::nullopt : std::optional(IpRange::parse(outside));
  for (const auto& range : {wanted, unwanted}) {
    if (range && !*range) {
      return range->error().message;
    }
  }
  std::map<std::string, std::string> owners;
  for (const auto& [pod, addresses] : pods) {
    if (addresses.empty()) {
      return fmt::format("{} has no address", pod);
    }
    for (const auto& address : addresses) {
      const auto [owner, is_new] = owners.emplace(address, pod);
      if (!is_new) {
        return fmt::format("{} and {} both have {}", owner->second, pod, address);
      }
      if (unwanted && (*unwanted)->contains(address)) {
        return fmt::format("{} has {}, which is in {}", pod, address, outside);
      }
    }
    if (wanted && std::none_of(addresses.begin(), addresses.end(),
                               [&](const auto& address) { return (*wanted)->contains(address); })) {
      return fmt::format("{} has {}, and none in {}", pod, fmt::join(addresses, ", "), in);
    }
  }
  return {};
}

}  // namespace cni_matrix::scenario
