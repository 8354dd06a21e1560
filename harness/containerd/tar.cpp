#include "tar.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/fd.hpp>

#include <archive.h>

#include <algorithm>
#include <vector>

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::containerd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_read_block = 1U << 20U;

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

Entry make_entry(const std::string& name, mode_t type, unsigned permissions) {
  Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), static_cast<mode_t>(permissions));
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), 0);
  return entry;
}

la_ssize_t append(archive* /*archive*/, void* text, const void* data, std::size_t size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

// Names come from us, but the file lies in a cache that others may write.
bool is_inside(const fs::path& name) {
  return name.is_relative() &&
         std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".."; });
}

Expected<void> unpack_entry(archive* archive, archive_entry* entry, int root) {
  const fs::path name = fs::path(archive_entry_pathname(entry)).lexically_normal();
  const mode_t permissions = archive_entry_perm(entry);
  if (!is_inside(name)) {
    return broken("the entry {} leaves the directory", name.string());
  }
  // A directory's name ends with a slash, which some calls do not take.
  const std::string path = name.has_filename() ? name.string() : name.parent_path().string();
  switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
      if ((::mkdirat(root, path.c_str(), permissions) != 0 && errno != EEXIST) ||
          ::fchmodat(root, path.c_str(), permissions, 0) != 0) {
        return system_error("cannot make " + path);
      }
      return {};
    case AE_IFLNK:
      if (::symlinkat(archive_entry_symlink(entry), root, path.c_str()) != 0) {
        return system_error("cannot make the link " + path);
      }
      return {};
    case AE_IFREG: {
      const Fd file(::openat(root, path.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions));
      if (!file || ::fchmod(file.get(), permissions) != 0) {
        return system_error("cannot make " + path);
      }
      if (archive_read_data_into_fd(archive, file.get()) != ARCHIVE_OK) {
        return broken("cannot write {}: {}", path, archive_error_string(archive));
      }
      return {};
    }
    default:
      return broken("the entry {} is neither file, directory nor link", path);
  }
}

}  // namespace

struct TarWriter::State {
  archive* writer = archive_write_new();
  std::string memory;

  State() { archive_write_set_format_ustar(writer); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { archive_write_free(writer); }

  Expected<void> write(const Entry& entry, std::string_view content) {
    if (archive_write_header(writer, entry.get()) != ARCHIVE_OK ||
        archive_write_data(writer, content.data(), content.size()) < 0) {
      return broken("cannot pack {}: {}", archive_entry_pathname(entry.get()),
                    archive_error_string(writer));
    }
    return {};
  }
};

TarWriter::TarWriter() : m_state(std::make_unique<State>()) {
  archive_write_set_bytes_per_block(m_state->writer, 0);
  archive_write_open(m_state->writer, &m_state->memory, nullptr, append, nullptr);
}

TarWriter::TarWriter(int fd) : m_state(std::make_unique<State>()) {
  archive_write_open_fd(m_state->writer, fd);
}

TarWriter::~TarWriter() = default;

Expected<void> TarWriter::add_directory(const std::string& name, unsigned permissions) {
  return m_state->write(make_entry(name + "/", AE_IFDIR, permissions), {});
}

Expected<void> TarWriter::add_file(const std::string& name, unsigned permissions,
                                   std::string_view content) {
  const Entry entry = make_entry(name, AE_IFREG, permissions);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  return m_state->write(entry, content);
}

Expected<void> TarWriter::add_link(const std::string& name, const std::string& target) {
  const Entry entry = make_entry(name, AE_IFLNK, 0777);
  archive_entry_set_symlink(entry.get(), target.c_str());
  return m_state->write(entry, {});
}

Expected<void> TarWriter::add_tree(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    paths.push_back(entry->path());
  }
  if (error) {
    return broken("cannot read {}: {}", directory.string(), error.message());
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    const std::string name = path.lexically_relative(directory).string();
    const fs::file_status status = fs::symlink_status(path);
    const auto permissions = static_cast<unsigned>(status.permissions());
    if (fs::is_directory(status)) {
      TRY(add_directory(name, permissions));
    } else if (fs::is_symlink(status)) {
      TRY(add_link(name, fs::read_symlink(path, error).string()));
    } else if (fs::is_regular_file(status)) {
      TRY_ASSIGN(const std::string content, read_file(path));
      TRY(add_file(name, permissions, content));
    } else {
      return broken("{} is neither file, directory nor link", path.string());
    }
  }
  return {};
}

Expected<std::string> TarWriter::finish() {
  if (archive_write_close(m_state->writer) != ARCHIVE_OK) {
    return broken("cannot end the archive: {}", archive_error_string(m_state->writer));
  }
  return std::move(m_state->memory);
}

Expected<void> unpack_tar(const fs::path& file, const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  const Fd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (error || !root) {
    return system_error("cannot make " + directory.string());
  }
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  archive_read_support_format_tar(reader.get());
  const auto damaged = [&] {
    return broken("{} cannot be unpacked: {}; remove it and it is made anew", file.string(),
                  archive_error_string(reader.get()));
  };
  if (archive_read_open_filename(reader.get(), file.c_str(), k_read_block) != ARCHIVE_OK) {
    return damaged();
  }
  for (archive_entry* entry = nullptr;;) {
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) {
      return {};
    }
    if (result != ARCHIVE_OK) {
      return damaged();
    }
    if (auto done = unpack_entry(reader.get(), entry, root.get()); !done) {
      return broken("{}: {}", file.string(), done.error().message);
    }
  }
}

}  // namespace cni_matrix::containerd
