#pragma once

#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// matrix/compatibility.json (matrix/compatibility.schema.json): what runs of the harness came to,
// in little room. Made from saved runs by `cni-matrix compat --record`, never by hand.
namespace cni_matrix::compat {

// Where and when cells were run.
struct RecordedRun {
  std::string started;  // RFC 3339, UTC
  std::string program_version;
  std::string kernel;
  std::string architecture;
  std::string iptables;
  std::string runc;
  std::string privileges;  // what held the nodes

  [[nodiscard]] std::string day() const { return started.substr(0, started.find('T')); }
};

// Binaries that they were run with.
struct RecordedBuild {
  artifacts::Component component = artifacts::Component::containerd;
  Version version;
  std::string token;                            // "debian:bookworm"
  std::string package_version;                  // "1.6.20~ds1-1+deb12u3", or empty
  std::string source;                           // file name of the archive or package
  std::string sha256;                           // of that; empty for a directory
  std::string go_version;                       // "go1.19.8", or empty
  std::map<std::string, std::string> binaries;  // name -> SHA-256
};

struct RecordedList {
  std::string name;
  std::vector<std::string> kinds;  // NetworkList::kinds_of()
  std::vector<std::string> keys;   // NetworkList::keys
};

// How the life of a pod went: run, stop, remove.
struct RecordedOutcome {
  struct Failure {
    std::string step;   // the label: "StopPodSandbox"
    std::string error;  // normalised
    friend bool operator==(const Failure&, const Failure&) = default;
  };
  std::string verdict;  // "pass", "known", "fail" or "leak"
  std::vector<std::string> known;
  std::vector<Failure> failed;
  std::vector<std::string> left;  // leak classes

  [[nodiscard]] bool works() const { return failed.empty() && left.empty(); }
  friend bool operator==(const RecordedOutcome&, const RecordedOutcome&) = default;
};

// The cells of one list on one containerd with one set of plugins.
struct RecordedRow {
  std::size_t run = 0;  // each of these is an index into Records
  std::size_t list = 0;
  std::size_t plugins = 0;                // the build
  std::optional<std::size_t> containerd;  // the build; absent when modelled without the binary
  Version containerd_version;
  bool modelled = false;                        // by the embedded runtime
  std::map<std::string, std::size_t> outcomes;  // by cniVersion: "none", "1.0.0"
};

struct Records {
  std::vector<RecordedRun> runs;
  std::vector<RecordedBuild> builds;
  std::vector<RecordedList> lists;
  std::vector<RecordedOutcome> outcomes;
  std::vector<RecordedRow> rows;

  // Error kind: input.
  static Expected<Records> from_json(const Json& value, std::string_view name);
  static Expected<Records> load(const std::filesystem::path& file);
  // matrix/compatibility.json of data_directory().
  static std::filesystem::path shipped_file();
};

OrderedJson to_json(const Records& records);

}  // namespace cni_matrix::compat
