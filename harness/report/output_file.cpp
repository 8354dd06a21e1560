#include "output_file.hpp"

#include "base/file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::report {

namespace {

std::string error_text(int number) {
  return std::strerror(number);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

OutputFile::OutputFile(std::string name, Fd fd, Origin origin)
    : m_name(std::move(name)), m_fd(std::move(fd)), m_origin(origin), m_owner(::getpid()) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : m_name(std::move(other.m_name)),
      m_fd(std::move(other.m_fd)),
      m_origin(std::exchange(other.m_origin, Origin::there)),
      m_begun(other.m_begun),
      m_owner(other.m_owner),
      m_outcome(std::move(other.m_outcome)) {}

OutputFile::~OutputFile() {
  if (m_origin == Origin::created && !m_begun && ours()) {
    std::error_code ignored;
    std::filesystem::remove(m_name, ignored);
  }
}

Expected<OutputFile> OutputFile::open(const std::filesystem::path& file) {
  if (file == "-") {
    Fd fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!fd) {
      return input_error("standard output cannot be written: {}", error_text(errno));
    }
    return OutputFile("standard output", std::move(fd), Origin::standard);
  }
  constexpr mode_t k_mode = 0666;  // the umask takes away what it must
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, k_mode));
  const bool created = fd.valid();
  if (!created && errno == EEXIST) {
    fd.reset(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  }
  if (!fd) {
    return input_error(
        "{}: cannot be written: {}; name a file in a directory that you may write to",
        file.string(), error_text(errno));
  }
  return OutputFile(file.string(), std::move(fd), created ? Origin::created : Origin::there);
}

void OutputFile::begin() {
  m_begun = true;
  struct stat status {};
  if (m_origin == Origin::there && ::fstat(m_fd.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      ::ftruncate(m_fd.get(), 0) != 0) {
    m_outcome = broken("write {}: {}", m_name, error_text(errno));
  }
}

void OutputFile::write(std::string_view text) {
  if (!m_outcome || !ours()) {
    return;
  }
  if (const int error = write_all(m_fd.get(), text); error != 0) {
    m_outcome = broken("write {}: {}", m_name, error_text(error));
  }
}

Expected<void> OutputFile::finish() {
  return m_outcome;
}

bool OutputFile::ours() const {
  return ::getpid() == m_owner;
}

}  // namespace cni_matrix::report
