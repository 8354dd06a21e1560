#pragma once

#include "call_builder.hpp"
#include "collector.hpp"
#include "peer.hpp"
#include "proof.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::recorder {

// One connection to the collector's socket, with what came over it and is proved. It holds no more
// of what is not proved than one record.
class Connection {
 public:
  Connection(Fd socket, const CollectorOptions& options, const FileIdentity& program);

  // Take what has come. Without a wait.
  void receive(CallBuilder::Streams streams);

  [[nodiscard]] bool open() const { return m_socket.valid(); }
  [[nodiscard]] int fd() const { return m_socket.get(); }
  [[nodiscard]] pid_t peer() const { return m_peer.pid; }
  // The processes above it, taken before it had our answer: soon after it may be gone.
  [[nodiscard]] const std::vector<pid_t>& ancestors() const { return m_ancestors; }
  // The peer has said what a recorder says at its start, and has our answer.
  [[nodiscard]] bool greeted() const { return m_proof.has_value(); }
  // It has proved that it is a recorder, and what it told is in `builder`.
  [[nodiscard]] const CallBuilder& builder() const { return m_builder; }
  // What is wrong with the peer; empty when nothing is.
  [[nodiscard]] const std::string& trouble() const { return m_trouble; }
  [[nodiscard]] std::int64_t opened_ns() const { return m_opened_ns; }
  [[nodiscard]] std::int64_t closed_ns() const { return m_closed_ns; }  // when not open
  [[nodiscard]] std::size_t bytes() const { return m_bytes; }           // of proved records

 private:
  void take(CallBuilder::Streams streams);
  bool greet();
  bool take_record(CallBuilder::Streams streams);
  void close();
  void refuse(std::string why);

  const CollectorOptions& m_options;
  const FileIdentity& m_program;
  Fd m_socket;
  Peer m_peer;
  std::vector<pid_t> m_ancestors;
  std::string m_received;
  std::size_t m_taken = 0;  // of m_received
  std::optional<ConnectionProof> m_proof;
  CallBuilder m_builder;
  std::string m_trouble;
  std::int64_t m_opened_ns;
  std::int64_t m_closed_ns = 0;
  std::size_t m_bytes = 0;
};

std::int64_t monotonic_ns();

}  // namespace cni_matrix::recorder
