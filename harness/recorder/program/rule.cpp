#include "rule.hpp"

#include "paths.hpp"
#include "streams.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

constexpr std::size_t k_file_limit = k_rule_magic_size + k_rule_line_limit + k_rule_text_limit;

struct File {
  char bytes[k_file_limit + 1];  // one more shows that it is too long
  std::size_t size;
};

struct Line {
  std::string_view plugin;
  std::string_view command;
  int call = 0;
};

void read_whole(int fd, File& file) {
  file.size = 0;
  while (file.size < sizeof(file.bytes)) {
    const ssize_t count = read_again(fd, file.bytes + file.size, sizeof(file.bytes) - file.size);
    if (count <= 0) {
      return;
    }
    file.size += static_cast<std::size_t>(count);
  }
}

// The text up to `end`, which is taken away too. False when there is no `end`.
bool take_until(std::string_view& text, char end, std::string_view& field) {
  const void* found = std::memchr(text.data(), end, text.size());
  if (found == nullptr) {
    return false;
  }
  const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  field = std::string_view(text.data(), size);
  text.remove_prefix(size + 1);
  return true;
}

// Up to nine digits, so that it fits.
bool take_number(std::string_view& text, char end, int& number) {
  std::string_view field;
  if (!take_until(text, end, field) || field.empty() || field.size() > 9) {
    return false;
  }
  number = 0;
  for (const char c : field) {
    if (c < '0' || c > '9') {
      return false;
    }
    number = number * 10 + (c - '0');
  }
  return true;
}

bool parse(const File& file, Line& line, Rule& rule) {
  std::string_view text(file.bytes, file.size);
  if (file.size > k_file_limit || file.size < k_rule_magic_size ||
      std::memcmp(file.bytes, k_rule_magic, k_rule_magic_size) != 0) {
    return false;
  }
  text.remove_prefix(k_rule_magic_size);
  std::string_view action;
  if (!take_until(text, ' ', line.plugin) || !take_until(text, ' ', line.command) ||
      !take_number(text, ' ', line.call) || !take_until(text, ' ', action) ||
      !take_number(text, ' ', rule.status) || !take_number(text, '\n', rule.milliseconds) ||
      rule.status > 255 || rule.milliseconds > k_longest_wait_ms) {
    return false;
  }
  rule.text = text;
  for (const FaultActionTraits& known : k_fault_actions) {
    if (action == known.name) {
      rule.action = known.action;
      rule.name = known.name;
      return true;
    }
  }
  return false;
}

// Which such call this is, from 1 on; 0 when that cannot be counted (faults being cleared, full
// disk). An appended byte's end is its own number: the kernel appends under the file's lock.
off_t count_call(const char* rule_path) {
  char path[PATH_MAX];
  const int length = std::snprintf(path, sizeof(path), "%s.count", rule_path);
  if (length < 0 || static_cast<std::size_t>(length) >= sizeof(path)) {
    return 0;
  }
  const Fd fd(::open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!fd || ::write(fd.get(), "+", 1) != 1) {
    return 0;
  }
  const off_t end = ::lseek(fd.get(), 0, SEEK_CUR);
  return end > 0 ? end : 0;
}

bool is_for(const Line& line, std::string_view plugin, std::string_view command) {
  const bool any = line.command.size() == 1 && line.command.front() == k_any_command;
  return line.plugin == plugin && (any || line.command == command);
}

}  // namespace

const Rule* due_rule(const char* plugin, const char* command) {
  // The first keeps the text of the rule found while the later rules are read and counted.
  static File files[2];
  static Rule found;
  static Rule unreadable;
  unreadable.readable = false;
  bool has_found = false;
  bool has_unreadable = false;
  for (int number = 1; number <= k_rules_limit; ++number) {
    char path[PATH_MAX];
    std::snprintf(path, sizeof(path), "%s/rules/%d", faults_directory(), number);
    const Fd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
      break;
    }
    File& file = files[has_found ? 1 : 0];
    read_whole(fd.get(), file);
    Line line;
    Rule rule;
    if (!parse(file, line, rule)) {
      has_unreadable = true;
      continue;
    }
    if (!is_for(line, plugin, command == nullptr ? "" : command)) {
      continue;
    }
    const off_t call = count_call(path);
    if (!has_found && call > 0 && (line.call == 0 || line.call == call)) {
      found = rule;
      has_found = true;
    }
  }
  if (has_found) {
    return &found;
  }
  return has_unreadable ? &unreadable : nullptr;
}

}  // namespace cni_matrix::recorder
