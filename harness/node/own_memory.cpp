#include "own_memory.hpp"

#include "init_name.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

#include <unistd.h>

namespace cni_matrix::node {

namespace {

// proc(5), /proc/PID/stat: counted from the state, which follows the name in parentheses.
constexpr std::size_t k_arg_start = 48 - 3;
constexpr std::size_t k_env_end = 51 - 3;

char* address_in(const std::string& text) {
  std::uintptr_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return reinterpret_cast<char*>(value);  // NOLINT(performance-no-int-to-ptr): as the kernel tells
}

}  // namespace

void forget_caller() {
  // Empty and no null pointer, which not everybody expects there.
  static std::array<char*, 1> k_nothing = {nullptr};
  environ = k_nothing.data();
  const auto stat = read_file("/proc/self/stat", 4096).value_or("");
  const auto close = stat.rfind(')');
  if (close == std::string::npos || close + 2 >= stat.size()) {
    return;
  }
  const auto fields = split(trim(std::string_view(stat).substr(close + 2)), ' ');
  if (fields.size() <= k_env_end) {
    return;
  }
  char* const begin = address_in(fields[k_arg_start]);
  char* const end = address_in(fields[k_env_end]);
  if (begin == nullptr || end <= begin) {
    return;
  }
  const auto size = static_cast<std::size_t>(end - begin);
  std::memset(begin, 0, size);
  std::strncpy(begin, k_init_name, size - 1);
}

}  // namespace cni_matrix::node
