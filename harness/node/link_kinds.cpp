#include "link_kinds.hpp"

#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <cerrno>
#include <map>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

constexpr int k_yes = 0;
constexpr int k_no = 1;

// In a child: its namespaces go with it, and so does what it makes.
[[noreturn]] void ask(const char* kind) {
  const int user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
  if (::unshare(CLONE_NEWNET | user) != 0) {
    ::_exit(k_yes);
  }
  nl_sock* socket = nl_socket_alloc();
  rtnl_link* link = rtnl_link_alloc();
  // libnl knows what a kind needs beside its name only for some, and refuses no other.
  if (socket == nullptr || link == nullptr || nl_connect(socket, NETLINK_ROUTE) != 0) {
    ::_exit(k_yes);
  }
  rtnl_link_set_name(link, "probe");
  rtnl_link_set_type(link, kind);
  // Whatever else is wrong with the request, an unknown kind is said to be not supported.
  const int error = rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL);
  ::_exit(error == -NLE_OPNOTSUPP ? k_no : k_yes);
}

}  // namespace

Expected<bool> has_link_kind(const std::string& kind) {
  static std::map<std::string, bool> k_asked;
  if (const auto asked = k_asked.find(kind); asked != k_asked.end()) {
    return asked->second;
  }
  const pid_t child = ::fork();
  if (child < 0) {
    return system_error("cannot ask for kinds of links");
  }
  if (child == 0) {
    ask(kind.c_str());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const bool has = !WIFEXITED(status) || WEXITSTATUS(status) != k_no;
  k_asked[kind] = has;
  return has;
}

}  // namespace cni_matrix::node
