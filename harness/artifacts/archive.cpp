#include "archive.hpp"

#include "writing.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/fd.hpp>

#include <archive.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

struct CloseReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, CloseReader>;

// "./usr/lib/cni/bridge" as {"usr", "lib", "cni", "bridge"}; nothing when it leads out of the tree.
// `path` may go up within the tree of `start`.
std::optional<std::vector<std::string>> resolve(std::vector<std::string> start,
                                                std::string_view path) {
  for (auto& part : split(path, '/')) {
    if (part.empty() || part == ".") {
      continue;
    }
    if (part == "..") {
      if (start.empty()) {
        return std::nullopt;
      }
      start.pop_back();
    } else {
      start.push_back(std::move(part));
    }
  }
  return start;
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    text += (text.empty() ? "" : "/") + part;
  }
  return text;
}

std::string quoted(const char* path) {
  return path == nullptr ? "" : printable(path);
}

// libarchive gives a name that the locale cannot write in UTF-8 only, and one that is no UTF-8 as
// it stands.
using NameOf = const char* (*)(archive_entry*);
const char* either(archive_entry* entry, NameOf plain, NameOf utf8) {
  const char* name = plain(entry);
  return name != nullptr ? name : utf8(entry);
}

// The entry's place in the tree, or why the archive is refused for it.
Expected<std::vector<std::string>> place_of(const char* path, std::string_view name,
                                            std::string_view what) {
  if (path == nullptr || *path == '\0') {
    return input_error("{} is refused: it has {} without a name", name, what);
  }
  if (!is_utf8(path)) {
    return input_error("{} is refused: the name of {} \"{}\" is no UTF-8", name, what,
                       quoted(path));
  }
  if (*path == '/') {
    return input_error("{} is refused: {} \"{}\" is an absolute path", name, what, quoted(path));
  }
  for (const auto& part : split(path, '/')) {
    if (part == "..") {
      return input_error("{} is refused: {} \"{}\" leads out of the archive", name, what,
                         quoted(path));
    }
  }
  return *resolve({}, path);
}

class Unpacker {
 public:
  Unpacker(ArchiveKind kind, const Selection& selection, std::filesystem::path destination,
           std::string_view name, const ArchiveLimits& limits,
           const std::function<bool()>& cancelled)
      : m_kind(kind),
        m_selection(selection),
        m_destination(std::move(destination)),
        m_name(name),
        m_limits(limits),
        m_cancelled(cancelled) {}

  Expected<void> run(archive* reader) {
    std::size_t entries = 0;
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(reader, &entry);
      if (status == ARCHIVE_EOF) {
        return {};
      }
      if (status < ARCHIVE_WARN) {
        return damaged(reader);
      }
      TRY(not_cancelled());
      if (++entries > m_limits.entries) {
        return input_error("{} is refused: it has more than {} entries", m_name, m_limits.entries);
      }
      TRY(take(reader, entry));
    }
  }

 private:
  [[nodiscard]] tl::unexpected<Error> damaged(archive* reader) const {
    const char* text = archive_error_string(reader);
    return input_error("{} is damaged or no archive: {}; fetch it again", m_name,
                       text == nullptr ? "it ends too early" : printable(text));
  }

  Expected<void> take(archive* reader, archive_entry* entry) {
    TRY_ASSIGN(const auto place,
               place_of(either(entry, archive_entry_pathname, archive_entry_pathname_utf8), m_name,
                        "entry"));
    const auto path = join(place);
    const bool wanted = is_wanted(place);
    if (either(entry, archive_entry_hardlink, archive_entry_hardlink_utf8) != nullptr) {
      TRY_ASSIGN(const auto target, hard_link_target(entry, path));
      TRY(skip(reader, entry));  // pax(1): a link may have a file's data with it
      return wanted ? link(target, place) : Expected<void>{};
    }
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR:
        return {};
      case AE_IFLNK: {
        TRY_ASSIGN(const auto target, symbolic_link_target(entry, place));
        return wanted ? link(target, place) : Expected<void>{};
      }
      case AE_IFREG:
        break;
      default:
        return input_error("{} is refused: entry \"{}\" is a device, pipe or socket", m_name,
                           printable(path));
    }
    const bool executable = (archive_entry_perm(entry) & 0111U) != 0;
    return wanted && executable ? extract(reader, entry, place.back()) : skip(reader, entry);
  }

  [[nodiscard]] bool is_wanted(const std::vector<std::string>& place) const {
    if (place.empty()) {
      return false;
    }
    const auto directory = join({place.begin(), place.end() - 1});
    const auto& directories = m_selection.directories;
    return std::find(directories.begin(), directories.end(), directory) != directories.end() &&
           (m_selection.names.empty() || m_selection.names.contains(place.back()));
  }

  Expected<std::vector<std::string>> hard_link_target(archive_entry* entry,
                                                      const std::string& path) {
    const char* target = either(entry, archive_entry_hardlink, archive_entry_hardlink_utf8);
    auto place = place_of(target, m_name, "the target of a hard link");
    if (!place) {
      return input_error("{} is refused: hard link \"{}\" to \"{}\" leads out of the archive",
                         m_name, printable(path), quoted(target));
    }
    return place;
  }

  Expected<std::vector<std::string>> symbolic_link_target(archive_entry* entry,
                                                          const std::vector<std::string>& place) {
    const char* target = either(entry, archive_entry_symlink, archive_entry_symlink_utf8);
    const std::string text = target == nullptr ? "" : target;
    if (!is_utf8(text)) {
      return input_error("{} is refused: the target \"{}\" of a symbolic link is no UTF-8", m_name,
                         quoted(target));
    }
    std::optional<std::vector<std::string>> resolved;
    // A package's tree is the root of a system: an absolute link stays in it.
    if (text.starts_with('/') && m_kind == ArchiveKind::debian_package) {
      resolved = resolve({}, text);
    } else if (!text.empty() && !text.starts_with('/') && !place.empty()) {
      resolved = resolve({place.begin(), place.end() - 1}, text);
    }
    if (!resolved) {
      return input_error("{} is refused: symbolic link \"{}\" to \"{}\" leads out of the archive",
                         m_name, printable(join(place)), quoted(target));
    }
    return *resolved;
  }

  // A second name of a binary that was taken already. Links to anything else are left out.
  Expected<void> link(const std::vector<std::string>& target,
                      const std::vector<std::string>& place) {
    if (!is_wanted(target) || target.back() == place.back()) {
      return {};
    }
    std::error_code error;
    if (!std::filesystem::exists(m_destination / target.back(), error)) {
      return {};
    }
    std::filesystem::create_hard_link(m_destination / target.back(), m_destination / place.back(),
                                      error);
    if (error == std::errc::file_exists) {
      return input_error("{} is refused: it has \"{}\" twice", m_name, printable(place.back()));
    }
    if (error) {
      return cannot_write(m_destination / place.back(), error.value());
    }
    return {};
  }

  // Data that is not taken still has to be decompressed, so it counts.
  Expected<void> skip(archive* reader, archive_entry* entry) {
    return each_block(reader, entry,
                      [](const void*, std::size_t, std::int64_t) { return Expected<void>{}; });
  }

  Expected<void> extract(archive* reader, archive_entry* entry, const std::string& name) {
    const auto file = m_destination / name;
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
      return errno == EEXIST
                 ? input_error("{} is refused: it has \"{}\" twice", m_name, printable(name))
                 : cannot_write(file, errno);
    }
    TRY(each_block(reader, entry,
                   [&](const void* data, std::size_t size, std::int64_t offset) -> Expected<void> {
                     const auto* bytes = static_cast<const char*>(data);
                     while (size > 0) {
                       const auto written = ::pwrite(fd.get(), bytes, size, offset);
                       if (written < 0 && errno == EINTR) {
                         continue;
                       }
                       if (written < 0) {
                         return cannot_write(file, errno);
                       }
                       bytes += written;
                       size -= static_cast<std::size_t>(written);
                       offset += written;
                     }
                     return {};
                   }));
    return ::fchmod(fd.get(), 0555) == 0 ? Expected<void>{} : cannot_write(file, errno);
  }

  template <typename Consumer>
  Expected<void> each_block(archive* reader, archive_entry* entry, Consumer&& consume) {
    const auto before = m_length;
    // No block tells of a hole at the end of a file; its length does.
    const auto length = static_cast<std::uint64_t>(std::max<la_int64_t>(
        archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0, 0));
    if (before + length > m_limits.bytes || length > m_limits.bytes) {
      return too_much(reader, std::max(before + length, length));
    }
    m_length = before + length;
    for (;;) {
      TRY(not_cancelled());
      const void* data = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(reader, &data, &size, &offset);
      if (status == ARCHIVE_EOF) {
        return {};
      }
      if (status < ARCHIVE_WARN) {
        return damaged(reader);
      }
      m_bytes += size;
      const auto compressed =
          static_cast<std::uint64_t>(std::max<la_int64_t>(archive_filter_bytes(reader, -1), 1));
      // A file may have holes, which take no room here and much wherever it is copied to.
      const auto end = static_cast<std::uint64_t>(offset) + size;
      m_length = std::max(m_length, end > m_limits.bytes ? end : before + end);
      if (m_bytes > m_limits.bytes || m_length > m_limits.bytes ||
          (m_bytes > m_limits.free_bytes && m_bytes / compressed > m_limits.ratio)) {
        return too_much(reader, std::max(m_bytes, m_length));
      }
      TRY(consume(data, size, offset));
    }
  }

  [[nodiscard]] tl::unexpected<Error> too_much(archive* reader, std::uint64_t bytes) const {
    return input_error(
        "{} is refused: it is a decompression bomb, {} bytes of it become more than {}", m_name,
        std::max<la_int64_t>(archive_filter_bytes(reader, -1), 1), bytes);
  }

  [[nodiscard]] Expected<void> not_cancelled() const {
    if (m_cancelled && m_cancelled()) {
      return fail(ErrorKind::interrupted, "stopped while {} was unpacked", m_name);
    }
    return {};
  }

  ArchiveKind m_kind;
  const Selection& m_selection;
  std::filesystem::path m_destination;
  std::string_view m_name;
  ArchiveLimits m_limits;
  const std::function<bool()>& m_cancelled;
  std::uint64_t m_bytes = 0;
  std::uint64_t m_length = 0;  // of all files, their holes too
};

Reader tar_reader() {
  Reader reader(archive_read_new());
  // No archive_read_support_filter_all: some of its filters start other programs.
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  archive_read_support_format_tar(reader.get());
  return reader;
}

// Reads the current entry of an outer archive as a file.
struct Inner {
  archive* outer = nullptr;
  std::array<char, 1U << 16U> buffer{};

  static la_ssize_t read(archive*, void* self, const void** data) {
    auto* inner = static_cast<Inner*>(self);
    *data = inner->buffer.data();
    return archive_read_data(inner->outer, inner->buffer.data(), inner->buffer.size());
  }
};

constexpr std::size_t k_block = 1U << 16U;

}  // namespace

Expected<void> unpack(const std::filesystem::path& archive_file, ArchiveKind kind,
                      const Selection& selection, const std::filesystem::path& destination,
                      std::string_view name, const ArchiveLimits& limits,
                      const std::function<bool()>& cancelled) {
  Unpacker unpacker(kind, selection, destination, name, limits, cancelled);
  const auto damaged = [&](archive* reader) {
    const char* text = archive_error_string(reader);
    return input_error("{} is damaged or no archive: {}; fetch it again", name,
                       text == nullptr ? "nothing can be read" : printable(text));
  };
  if (kind == ArchiveKind::tar) {
    const auto reader = tar_reader();
    if (archive_read_open_filename(reader.get(), archive_file.c_str(), k_block) != ARCHIVE_OK) {
      return damaged(reader.get());
    }
    return unpacker.run(reader.get());
  }
  const Reader outer(archive_read_new());
  archive_read_support_format_ar(outer.get());
  if (archive_read_open_filename(outer.get(), archive_file.c_str(), k_block) != ARCHIVE_OK) {
    return damaged(outer.get());
  }
  archive_entry* entry = nullptr;
  while (archive_read_next_header(outer.get(), &entry) == ARCHIVE_OK) {
    const char* path = archive_entry_pathname(entry);
    if (path != nullptr && std::string_view(path).starts_with("data.tar")) {
      Inner inner{outer.get(), {}};
      const auto reader = tar_reader();
      if (archive_read_open(reader.get(), &inner, nullptr, &Inner::read, nullptr) != ARCHIVE_OK) {
        return damaged(reader.get());
      }
      return unpacker.run(reader.get());
    }
  }
  return input_error("{} is no Debian package: it has no data.tar; fetch it again", name);
}

}  // namespace cni_matrix::artifacts
