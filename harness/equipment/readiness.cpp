#include "readiness.hpp"

#include "programs.hpp"

#include "base/file.hpp"
#include "base/regex_text.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "probe/network.hpp"
#include <cni_matrix/base/fd.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <filesystem>

#include <sys/socket.h>
#include <sys/un.h>

namespace cni_matrix::equipment {

namespace {

bool accepts(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return false;
  }
  std::memcpy(&address.sun_path[0], path.data(), path.size());
  // Whatever kind of socket it is, somebody has it.
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
    const Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (fd &&
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      return true;
    }
  }
  return false;
}

Expected<bool> is_port_taken(int port, bool udp, Where where) {
  bool taken = false;
  TRY(probe::in_namespace(network_of(where), [&]() -> Expected<void> {
    for (const auto* family : {"", "6"}) {
      const auto file = fmt::format("/proc/thread-self/net/{}{}", udp ? "udp" : "tcp", family);
      // Without IPv6 there is no table of it.
      taken = taken || has_port(read_file(file).value_or(""), port, udp);
    }
    return {};
  }));
  return taken;
}

}  // namespace

bool has_port(std::string_view table, int port, bool udp) {
  // sl  local_address rem_address   st ...; 0: 0100007F:0035 00000000:0000 0A ...
  constexpr std::size_t k_local = 1;
  constexpr std::size_t k_state = 3;
  constexpr std::string_view k_listening = "0A";
  constexpr int k_hexadecimal = 16;
  for (const auto& line : split(table, '\n')) {
    const auto fields = split(line, ' ');
    std::vector<std::string_view> words;
    for (const auto& field : fields) {
      if (!field.empty()) {
        words.push_back(field);
      }
    }
    if (words.size() <= k_state) {
      continue;
    }
    const auto local = words[k_local];
    const auto colon = local.rfind(':');
    int number = 0;
    if (colon == std::string_view::npos ||
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), number,
                        k_hexadecimal)
                .ec != std::errc()) {
      continue;
    }
    if (number == port && (udp || words[k_state] == k_listening)) {
      return true;
    }
  }
  return false;
}

Expected<bool> is_ready(const Readiness& ready, Where where, std::string_view printed) {
  std::error_code error;
  if ((!ready.file.empty() && !std::filesystem::exists(ready.file, error)) ||
      (!ready.socket.empty() && !accepts(ready.socket))) {
    return false;
  }
  if (!ready.output.empty()) {
    bool found = false;
    for (const auto& line : split(printed, '\n')) {
      found = found || regex_found(ready.output, line);
    }
    if (!found) {
      return false;
    }
  }
  return ready.port == 0 ? Expected<bool>(true) : is_port_taken(ready.port, ready.udp, where);
}

}  // namespace cni_matrix::equipment
