#include "links.hpp"

#include "programs.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "node/route_netlink.hpp"
#include "probe/network.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>

#include <net/if.h>

namespace cni_matrix::equipment {

namespace {

using Words = std::vector<std::string>;

// `ip` with these words, in the calling thread's network.
Expected<void> ip(const Words& words, const std::string& what) {
  Words argv = {"ip"};
  argv.insert(argv.end(), words.begin(), words.end());
  TRY_ASSIGN(const auto done, run_program(argv));
  if (done.ok()) {
    return {};
  }
  const auto said = excerpt(trim(done.err));
  if (said.find("not supported") != std::string::npos ||
      said.find("Unknown device type") != std::string::npos) {
    return unavailable("{}: this kernel cannot: {}", what, said);
  }
  return input_error("{}: {}", what, said);
}

bool is_there(const std::string& link) {
  return ::if_nametoindex(link.c_str()) != 0;
}

Words words_of(const Link& link) {
  Words words = {"link", "add", "name", link.name};
  if (!link.parent.empty()) {
    words.insert(words.end(), {"link", link.parent});
  }
  words.insert(words.end(), {"type", link.kind});
  if (link.kind == "vlan") {
    words.insert(words.end(), {"id", std::to_string(link.id)});
  } else if (link.kind == "macvlan") {
    words.insert(words.end(), {"mode", link.mode});
  } else if (link.kind == "veth") {
    words.insert(words.end(), {"peer", "name", link.peer.name, "netns", layout::k_outside});
  }
  return words;
}

// In that network.
Expected<void> dress(const std::string& link, const std::string& master, int mtu, bool up,
                     const std::vector<std::string>& addresses) {
  const auto what = "the link " + link;
  TRY(node::skip_address_detection(link));
  if (!master.empty()) {
    TRY(ip({"link", "set", "dev", link, "master", master}, what));
  }
  if (mtu > 0) {
    TRY(ip({"link", "set", "dev", link, "mtu", std::to_string(mtu)}, what));
  }
  for (const auto& address : addresses) {
    Words words = {"address", "replace", address, "dev", link};
    if (address.find(':') != std::string::npos) {
      words.emplace_back("nodad");
    }
    TRY(ip(words, what));
  }
  return up ? ip({"link", "set", "dev", link, "up"}, what) : Expected<void>();
}

}  // namespace

Expected<void> make_link(const Link& link) {
  const auto make = [&]() -> Expected<void> {
    if (!is_there(link.name)) {
      TRY(ip(words_of(link), "the link " + link.name));
    }
    return dress(link.name, link.master, link.mtu, link.up, link.addresses);
  };
  TRY(probe::in_namespace(network_of(link.where), make));
  if (link.kind != "veth") {
    return {};
  }
  return probe::in_namespace(network_of(Where::outside), [&] {
    return dress(link.peer.name, link.peer.master, link.mtu, true, link.peer.addresses);
  });
}

Expected<void> make_route(const Route& route) {
  Words words;
  if (route.to.find(':') != std::string::npos || route.via.find(':') != std::string::npos) {
    words.emplace_back("-6");
  }
  words.insert(words.end(), {"route", "replace", route.to});
  if (!route.via.empty()) {
    words.insert(words.end(), {"via", route.via});
  }
  if (!route.link.empty()) {
    words.insert(words.end(), {"dev", route.link});
  }
  return probe::in_namespace(network_of(route.where),
                             [&] { return ip(words, "the route to " + route.to); });
}

}  // namespace cni_matrix::equipment
