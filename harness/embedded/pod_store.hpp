#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::embedded {

// What containerd keeps of a pod: the sandbox's metadata, and whether its pause task runs, which
// the real one asks the shim for.
struct PodRecord {
  std::string id;
  PodSpec spec;
  std::string netns;             // NetNSPath; empty before it was made, and for hostNetwork
  std::vector<std::string> ips;  // the primary one first
  bool has_result = false;       // CNIResult is not nil
  // Of the task that stands for the pod, not part of the metadata:
  bool running = false;
  int shim = 2;  // protocol of the shim that holds it

  // makeSandboxName: name, namespace, uid, attempt.
  [[nodiscard]] std::string full_name() const;
};

// The metadata.
Json to_json(const PodRecord& record);
Expected<PodRecord> pod_record_from_json(const Json& value);

// The records on disk: the metadata in one file, DIRECTORY/pods.json, replaced at every change, and
// for each running task a file TASKS/ID with the protocol of its shim.
class PodStore {
 public:
  PodStore(std::filesystem::path directory, std::filesystem::path tasks)
      : m_directory(std::move(directory)), m_tasks(std::move(tasks)) {}

  // Error kind: broken, naming the file.
  Expected<std::map<std::string, PodRecord>> load();
  Expected<void> save(const PodRecord& record);
  // The task has ended: the metadata stays as it is.
  Expected<void> save_end(const std::string& id);
  Expected<void> erase(const std::string& id);

 private:
  [[nodiscard]] std::filesystem::path file() const { return m_directory / "pods.json"; }
  Expected<void> write() const;
  Expected<void> write_task(const PodRecord& record) const;

  std::filesystem::path m_directory;
  std::filesystem::path m_tasks;
  std::map<std::string, PodRecord> m_records;
};

}  // namespace cni_matrix::embedded
