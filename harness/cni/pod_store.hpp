#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::cni {

// What containerd keeps of a pod: the sandbox's metadata, and whether its pause task runs, which
// the real one asks the shim for.
struct PodRecord {
  std::string id;
  PodSpec spec;
  std::string netns;             // NetNSPath; empty before it was made, and for hostNetwork
  std::vector<std::string> ips;  // the primary one first
  bool has_result = false;       // CNIResult is not nil
  bool running = false;          // the task that stands for the pod
  int shim = 2;                  // protocol of the shim that holds that task

  // makeSandboxName: name, namespace, uid, attempt.
  [[nodiscard]] std::string full_name() const;
};

Json to_json(const PodRecord& record);
Expected<PodRecord> pod_record_from_json(const Json& value);

// The records on disk: one file, DIRECTORY/pods.json, replaced at every change.
class PodStore {
 public:
  explicit PodStore(std::filesystem::path directory) : m_directory(std::move(directory)) {}

  // Error kind: broken, naming the file.
  Expected<std::map<std::string, PodRecord>> load();
  Expected<void> save(const PodRecord& record);
  // The task has ended: nothing else of the stored record changes, nothing happens without one.
  Expected<void> save_end(const std::string& id);
  Expected<void> erase(const std::string& id);

 private:
  [[nodiscard]] std::filesystem::path file() const { return m_directory / "pods.json"; }
  Expected<void> write() const;

  std::filesystem::path m_directory;
  std::map<std::string, PodRecord> m_records;
};

}  // namespace cni_matrix::cni
