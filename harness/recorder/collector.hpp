#pragma once

#include "secret.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace cni_matrix::recorder {

struct CollectorOptions {
  std::filesystem::path socket;   // is made, and must not exist; at most 107 bytes
  std::filesystem::path program;  // the recorder, as it is run
  Secret secret{};                // the one inside it
  std::size_t open_limit = 512;   // calls at once
  std::size_t call_limit = 20'000;
  std::size_t byte_limit = 256U << 20U;  // of the streams of all calls
};

// Takes the record of every plugin call of a node: a recorder connects to the socket when it
// starts, proves that it knows the secret of the run, and tells what happens as it happens. What
// does not prove that is not taken. A thread of its own takes it; the functions may be called by
// any thread.
class Collector {
 public:
  // Error kind: broken, when the socket or the thread cannot be made, or the recorder is not there.
  static Expected<Collector> start(const CollectorOptions& options);
  Collector(Collector&& other) noexcept;
  Collector& operator=(Collector&& other) noexcept;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector();  // calls that run go on, without a record

  // Every call up to this moment, in order of its start; those that run are not finished.
  std::vector<PluginCall> calls();

  // How many of them run.
  std::size_t open_calls();

  // Why the calls may not be all, or not whole; a sentence each, none when all is well: a call
  // whose recorder ended without saying how the plugin did, outside of the interruptions and of
  // faults that mean just that; a peer that is no recorder; a record that was changed on its way; a
  // socket that was taken away; more than the limits. Waits two seconds for calls that still run.
  std::vector<std::string> troubles(const std::vector<Interruption>& interruptions);

 private:
  class Work;
  explicit Collector(std::unique_ptr<Work> work);
  std::unique_ptr<Work> m_work;
};

}  // namespace cni_matrix::recorder
