#pragma once

#include <archive.h>

#include <filesystem>
#include <string>
#include <string_view>

#include <archive_entry.h>

namespace cni_matrix::artifacts::test {

// Writes a .tar.gz with whatever entries a test wants, hostile ones too.
class ArchiveBuilder {
 public:
  explicit ArchiveBuilder(const std::filesystem::path& file) : m_archive(archive_write_new()) {
    archive_write_add_filter_gzip(m_archive);
    archive_write_set_format_gnutar(m_archive);
    archive_write_open_filename(m_archive, file.c_str());
  }
  ArchiveBuilder(const ArchiveBuilder&) = delete;
  ArchiveBuilder& operator=(const ArchiveBuilder&) = delete;
  ~ArchiveBuilder() {
    archive_write_close(m_archive);
    archive_write_free(m_archive);
  }

  ArchiveBuilder& file(const std::string& path, std::string_view data, unsigned mode = 0755) {
    auto* entry = start(path, AE_IFREG, mode);
    archive_entry_set_size(entry, static_cast<la_int64_t>(data.size()));
    archive_write_header(m_archive, entry);
    archive_write_data(m_archive, data.data(), data.size());
    archive_entry_free(entry);
    return *this;
  }
  ArchiveBuilder& directory(const std::string& path) { return finish(start(path, AE_IFDIR, 0755)); }
  ArchiveBuilder& symbolic_link(const std::string& path, const std::string& target) {
    auto* entry = start(path, AE_IFLNK, 0777);
    archive_entry_set_symlink(entry, target.c_str());
    return finish(entry);
  }
  ArchiveBuilder& hard_link(const std::string& path, const std::string& target) {
    auto* entry = start(path, AE_IFREG, 0755);
    archive_entry_set_hardlink(entry, target.c_str());
    return finish(entry);
  }
  ArchiveBuilder& device(const std::string& path) {
    auto* entry = start(path, AE_IFCHR, 0666);
    archive_entry_set_rdev(entry, 0x103);
    return finish(entry);
  }

 private:
  static archive_entry* start(const std::string& path, unsigned type, unsigned mode) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, static_cast<mode_t>(mode));
    return entry;
  }
  ArchiveBuilder& finish(archive_entry* entry) {
    archive_write_header(m_archive, entry);
    archive_entry_free(entry);
    return *this;
  }
  archive* m_archive;
};

inline constexpr std::string_view k_script = "#!/bin/sh\nexit 0\n";

}  // namespace cni_matrix::artifacts::test
