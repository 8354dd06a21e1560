#pragma once

#include "attempt.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

// What several attempts need.
namespace hostile {

class File {
 public:
  explicit File(int fd) : m_fd(fd) {}
  File(const std::string& path, int flags, unsigned mode = 0600);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();
  [[nodiscard]] int get() const { return m_fd; }
  [[nodiscard]] bool valid() const { return m_fd >= 0; }

 private:
  int m_fd;
};

std::string read_text(const std::string& path);  // empty when it cannot be read
std::string link_target(const std::string& path);

Outcome open_and_close(const std::string& path, int flags);
// Makes a file, closes it and takes it away again.
Outcome make_and_unmake(const std::string& path);
// There and back.
Outcome move_and_move_back(const std::string& path);
Outcome write_back(const std::string& path, const std::string& value);
// Of a file that holds its value; one that cannot be read is refused or not applicable.
Outcome write_back(const std::string& path);

std::vector<std::string> names_in(const std::string& folder);
// "/proc/17/exe"
std::string proc_path(pid_t pid, const std::string& name);
std::vector<pid_t> processes();  // of this /proc
pid_t process_named(const std::string& name, const Target& target);
std::vector<std::string> mount_points_below(const std::string& prefix);
bool in_host_namespace(const Target& target, const std::string& kind);
// An empty folder, where one can be made.
std::string empty_folder();
void make_writable(const std::string& mount_point);  // remount of a bind; may be refused

}  // namespace hostile
