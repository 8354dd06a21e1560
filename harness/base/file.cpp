#include "file.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix {

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

namespace {

Expected<void> write_to(int fd, std::string_view text, const std::filesystem::path& file) {
  return write_all(fd, text) == 0 ? Expected<void>()
                                  : system_error(fmt::format("cannot write {}", file.string()));
}

}  // namespace

Expected<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const auto failed = [&]() {
    return input_error("cannot read {}: {}", file.string(),
                       std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  };
  if (!fd) {
    return failed();
  }
  std::string text;
  char buffer[1U << 16U];
  for (;;) {
    const auto count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return failed();
    }
    if (count == 0) {
      return text;
    }
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > limit) {
      return input_error("cannot read {}: it is larger than {} bytes", file.string(), limit);
    }
  }
}

Expected<void> write_file(const std::filesystem::path& file, std::string_view text) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) {
    return system_error(fmt::format("cannot write {}", file.string()));
  }
  return write_to(fd.get(), text, file);
}

Expected<void> write_file_atomic(const std::filesystem::path& file, std::string_view text) {
  std::string temporary = file.string() + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) {
    return system_error(fmt::format("cannot write {}", file.string()));
  }
  auto done = write_to(fd.get(), text, file);
  if (done && (::fchmod(fd.get(), 0644) != 0 || ::fsync(fd.get()) != 0 ||
               ::rename(temporary.c_str(), file.c_str()) != 0)) {
    done = system_error(fmt::format("cannot write {}", file.string()));
  }
  if (!done) {
    ::unlink(temporary.c_str());
  }
  return done;
}

Expected<TemporaryDirectory> TemporaryDirectory::create(const std::filesystem::path& parent) {
  std::filesystem::path base = parent;
  if (base.empty()) {
    const char* set = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe)
    base = set != nullptr && *set != '\0' ? set : "/tmp";
  }
  std::string name = (base / "cni-matrix.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    return system_error(fmt::format("cannot make a temporary directory in {}", base.string()));
  }
  return TemporaryDirectory(name);
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : m_path(std::exchange(other.m_path, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  std::swap(m_path, other.m_path);
  return *this;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!m_path.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
  }
}

}  // namespace cni_matrix
