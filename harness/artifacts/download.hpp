#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace cni_matrix::artifacts {

// The host of a URL with its port, if any: what is remembered when it cannot be reached.
std::string host_of(std::string_view url);

// Which certificates are trusted, as a part of a file's name: empty for the system's.
std::string trust_key(const FetchOptions& options);

// Fetches one file at a time over HTTP(S).
class Downloader {
 public:
  // `memory` keeps one small file for each host that could not be reached, so that neither 50
  // versions nor the next run within the hour wait for it.
  Downloader(const FetchOptions& options, std::filesystem::path memory);

  // Bring the file that has this SHA-256 to `file`. What an earlier attempt left there is taken up
  // with a Range request. A file with another digest is removed and is an error (kind: input).
  // After a connection that broke or was stopped `file` stays, for the next attempt.
  Expected<void> fetch(const std::string& url, const std::string& sha256,
                       const std::filesystem::path& file);

 private:
  struct Attempt;
  Attempt attempt(const std::string& url, const std::filesystem::path& file) const;
  // Why it could not be reached: certificates that are not trusted are remembered for those alone.
  enum class Cause { away, not_trusted };
  [[nodiscard]] std::filesystem::path memory_of(const std::string& host, Cause cause) const;
  [[nodiscard]] std::string remembered(const std::string& host);
  void remember(const std::string& host, Cause cause, const std::string& reason);

  const FetchOptions& m_options;
  std::filesystem::path m_memory;
  std::map<std::string, std::string> m_unreachable;  // host -> why
};

}  // namespace cni_matrix::artifacts
