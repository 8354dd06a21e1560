#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace cni_matrix::report {

// A file that is opened before a run and written during it. What it holds stays until begin(), and
// a file that was made for a run which never began is taken away again. Unbuffered: a process that
// is forked off in between has nothing to write twice.
class OutputFile {
 public:
  // "-" is standard output. Error kind: input.
  static Expected<OutputFile> open(const std::filesystem::path& file);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  void begin();
  // The first write that fails is remembered, and those after it do nothing.
  void write(std::string_view text);
  // Error kind: broken, with the path and errno's text.
  Expected<void> finish();
  // False in a process that was forked off since open(): a copy must not write.
  [[nodiscard]] bool ours() const;

 private:
  enum class Origin { standard, there, created };
  OutputFile(std::string name, Fd fd, Origin origin);
  std::string m_name;
  Fd m_fd;
  Origin m_origin;
  bool m_begun = false;
  pid_t m_owner;
  Expected<void> m_outcome;
};

}  // namespace cni_matrix::report
