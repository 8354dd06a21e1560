#include "boundary.hpp"

#include "base/file.hpp"
#include "base/names.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

constexpr std::uint64_t k_first_range = 1'879'048'192;
constexpr std::uint64_t k_range = 65'536;
constexpr std::uint64_t k_ranges = 4'000;  // below 2^31: some programs take ids for int

struct Span {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::vector<std::uint64_t> numbers_in(std::string_view line, char separator) {
  std::vector<std::uint64_t> numbers;
  for (const auto& word : split(line, separator)) {
    std::uint64_t number = 0;
    const auto* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, number);
    if (error == std::errc() && stop == end) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

// What /etc/subuid and /etc/subgid give to users: "name:first:count" (subuid(5)).
std::vector<Span> given_away() {
  std::vector<Span> spans;
  for (const auto* file : {"/etc/subuid", "/etc/subgid"}) {
    for (const auto& line : split(read_file(file).value_or(""), '\n')) {
      const auto colon = line.find(':');
      const auto numbers = numbers_in(line.substr(colon == std::string::npos ? 0 : colon + 1), ':');
      if (numbers.size() == 2) {
        spans.push_back({numbers[0], numbers[0] + numbers[1]});
      }
    }
  }
  return spans;
}

// The ids that our own user namespace has: "inside outside count" (user_namespaces(7)).
std::vector<Span> our_own(const char* map) {
  std::vector<Span> spans;
  for (const auto& line : split(read_file(map).value_or(""), '\n')) {
    const auto numbers = numbers_in(line, ' ');
    if (numbers.size() == 3) {
      spans.push_back({numbers[0], numbers[0] + numbers[2]});
    }
  }
  return spans;
}

bool covers(const std::vector<Span>& spans, const Span& wanted) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
    return span.begin <= wanted.begin && wanted.end <= span.end;
  });
}

bool overlaps(const std::vector<Span>& spans, const Span& wanted) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
    return span.begin < wanted.end && wanted.begin < span.end;
  });
}

// An abstract socket's name is free again when the last descriptor of it is closed.
Fd lock_range(std::uint64_t base) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = fmt::format("cni-matrix ids {}", base);
  std::memcpy(&address.sun_path[1], name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return Fd();
  }
  return socket;
}

Expected<IdMap> choose(bool privileged) {
  IdMap ids;
  if (::geteuid() != 0) {
    ids.boundary = Boundary::user;
    return ids;
  }
  if (privileged) {
    ids.boundary = Boundary::privileged;
    return ids;
  }
  const auto uids = our_own("/proc/self/uid_map");
  const auto gids = our_own("/proc/self/gid_map");
  const auto taken = given_away();
  bool mappable = false;
  for (std::uint64_t i = 0; i < k_ranges; ++i) {
    const Span range{k_first_range + i * k_range, k_first_range + (i + 1) * k_range};
    if (!covers(uids, range) || !covers(gids, range)) {
      continue;
    }
    mappable = true;
    if (overlaps(taken, range)) {
      continue;
    }
    if (auto lock = lock_range(range.begin)) {
      ids.boundary = Boundary::own_ids;
      ids.base_uid = static_cast<std::uint32_t>(range.begin);
      ids.base_gid = ids.base_uid;
      ids.size = k_range;
      ids.lock = std::move(lock);
      return ids;
    }
  }
  if (mappable) {
    return unavailable("every range of user ids for nodes is taken by other runs of cni-matrix");
  }
  // A container that has few ids itself: the node gets those from 0 on.
  std::uint64_t size = k_range;
  for (const auto& spans : {uids, gids}) {
    const auto from_zero =
        std::find_if(spans.begin(), spans.end(), [](const Span& span) { return span.begin == 0; });
    size = from_zero == spans.end() ? 1 : std::min(size, from_zero->end);
  }
  ids.boundary = Boundary::same_ids;
  ids.size = static_cast<std::uint32_t>(size);
  return ids;
}

}  // namespace

std::string_view name_of(Boundary boundary) {
  static constexpr auto k_names =
      names_of<Boundary>({{Boundary::own_ids, "root in a user namespace"},
                          {Boundary::same_ids, "root in a user namespace of the same ids"},
                          {Boundary::user, "user namespace"},
                          {Boundary::privileged, "root, privileged"}});
  return k_names.of(boundary);
}

Expected<const IdMap*> node_ids(bool privileged) {
  static std::optional<Expected<IdMap>> k_chosen[2];
  auto& chosen = k_chosen[privileged ? 1 : 0];
  if (!chosen) {
    chosen = choose(privileged);
  }
  if (!*chosen) {
    return tl::unexpected(chosen->error());
  }
  return &**chosen;
}

}  // namespace cni_matrix::node
