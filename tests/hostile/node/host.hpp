#pragma once

#include "target_json.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/fd.hpp>
#include <cni_matrix/base/process.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cni_matrix::hostile_tests {

using Words = std::vector<std::string>;

inline constexpr uid_t k_nobody = 65534;

// What the attempts are aimed at, as a user's: files, sockets, a queue, shared memory, a key,
// processes that are named as ours are. All of it goes with this object.
class Host {
 public:
  // `user`: "root", or "user" for an ordinary one (nobody, when root runs the tests).
  explicit Host(const std::string& user);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  [[nodiscard]] const std::filesystem::path& folder() const { return m_directory.path(); }
  [[nodiscard]] const hostile::Target& target() const { return m_target; }
  [[nodiscard]] uid_t uid() const { return m_uid; }

  // A folder that is the user's; made when it is not there.
  [[nodiscard]] std::filesystem::path own_folder(const std::string& name) const;
  // A file that is the user's.
  [[nodiscard]] std::filesystem::path own_file(const std::string& name, const std::string& text,
                                               mode_t mode = 0644) const;
  void give(const std::filesystem::path& path) const;  // to the user
  // A copy of the hostile program, that is the user's.
  void put_hostile(const std::filesystem::path& path, mode_t mode = 0755) const;

  // argv as that user, with a home, a cache and a TMPDIR of its own and the secret in its
  // environment.
  [[nodiscard]] Words as_user(const Words& argv) const;
  [[nodiscard]] std::vector<std::string> environment() const;
  [[nodiscard]] CommandResult run(const Words& argv) const;

  // The attempts in a plain process: attempt lines.
  [[nodiscard]] std::string in_plain_process() const;

  // `cni-matrix run` of the hostile plugin, with a secret among its arguments.
  [[nodiscard]] Words run_words(const std::string& deed, const Words& more = {}) const;
  // The saved run; null when none was written. `result` gets what the program said.
  nlohmann::json run_plugin(const std::string& deed, const Words& more = {},
                            CommandResult* result = nullptr) const;

  // Why the file that a breach could have changed is not as it was; empty when it is.
  [[nodiscard]] std::string changes() const;

 private:
  void listen_on_sockets();
  void make_shared_things();
  void know_disk();
  void start_decoys();

  TemporaryDirectory m_directory;
  uid_t m_uid;
  hostile::Target m_target;
  std::vector<Fd> m_sockets;
  std::vector<BackgroundProcess> m_decoys;
  int m_memory = -1;
};

// Of a cell's recorded trace: what the hostile plugin printed to standard error on ADD.
std::string said_on_add(const nlohmann::json& cell);

// Whether root's nodes can do without their user namespace (`run --privileged`).
bool has_privileged();

// Which users the tests can be: an ordinary user cannot become root.
std::optional<std::string> cannot_be(const std::string& user);

}  // namespace cni_matrix::hostile_tests
