#pragma once

#include <cni_matrix/base/error.hpp>

#include <netlink/netlink.h>

#include <memory>
#include <string>

// Links, addresses and routes, made by netlink in the network namespace that the caller is in. An
// empty name of a link stands for none. Errors are of kind broken.
namespace cni_matrix::node {

// Frees one of libnl's objects.
template <auto Free>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

class RouteNetlink {
 public:
  // Errors begin with `who`: "the probe".
  static Expected<RouteNetlink> open(std::string who);

  // "203.0.113.1/32". It is used at once: a new IPv6 address would be tentative for a second while
  // duplicates are looked for. `flags` are those of the request (NLM_F_REPLACE).
  [[nodiscard]] Expected<void> add_address(const std::string& link, const std::string& address,
                                           int flags = 0) const;
  [[nodiscard]] Expected<void> delete_address(const std::string& link,
                                              const std::string& address) const;

  // "203.0.113.0/24" or "default", through `gateway`.
  [[nodiscard]] Expected<void> add_route(const std::string& to, const std::string& gateway,
                                         const std::string& link, int flags = 0) const;
  [[nodiscard]] Expected<void> delete_route(const std::string& to,
                                            const std::string& gateway) const;

  // A veth pair: `name` here, `peer` in the namespace of that descriptor.
  [[nodiscard]] Expected<void> add_veth(const std::string& name, const std::string& peer,
                                        int peer_namespace) const;

  // What a call of libnl returned, as an error: "the probe cannot list the addresses: ...".
  [[nodiscard]] Expected<void> check(int result, const std::string& what) const;
  [[nodiscard]] nl_sock* get() const { return m_socket.get(); }

 private:
  explicit RouteNetlink(std::string who);

  std::string m_who;
  std::unique_ptr<nl_sock, Release<nl_socket_free>> m_socket;
};

// A link of ours is point to point: there are no duplicates to look for, which takes up to two
// seconds. To be called before the link is up.
Expected<void> skip_address_detection(const std::string& link);

}  // namespace cni_matrix::node
