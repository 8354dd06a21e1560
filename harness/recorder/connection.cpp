#include "connection.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>

#include <sys/socket.h>

namespace cni_matrix::recorder {

Connection::Connection(Fd socket, const CollectorOptions& options, const FileIdentity& program)
    : m_options(options),
      m_program(program),
      m_socket(std::move(socket)),
      m_peer(peer_of(m_socket)),
      m_opened_ns(monotonic_ns()) {}

void Connection::receive(CallBuilder::Streams streams) {
  std::array<char, 64U << 10U> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (open()) {
    const auto count = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
      m_received.append(buffer.data(), static_cast<std::size_t>(count));
      take(streams);
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && errno == EAGAIN) {
      return;
    } else {
      close();
    }
  }
}

void Connection::take(CallBuilder::Streams streams) {
  while (open() && (greeted() ? take_record(streams) : greet())) {
  }
  m_received.erase(0, m_taken);
  m_taken = 0;
}

// False: there is more to come first, or the connection is closed.
bool Connection::greet() {
  const std::string_view magic(k_magic, k_magic_size);
  const auto said = std::string_view(m_received).substr(0, k_magic_size);
  if (said != magic.substr(0, said.size())) {
    refuse("does not speak as a recorder does");
    return false;
  }
  if (m_received.size() < k_hello_size) {
    return false;
  }
  switch (program_of(m_peer, m_program)) {
    case PeerProgram::another:
      refuse("runs another program than the recorder");
      return false;
    case PeerProgram::gone:
      close();
      return false;
    default:
      break;
  }
  std::array<unsigned char, k_nonce_size + k_proof_size> answer{};
  if (!random_bytes(answer.data(), k_nonce_size)) {
    refuse("cannot be answered, since the kernel has no random numbers");
    return false;
  }
  m_proof.emplace(m_options.secret.data(),
                  reinterpret_cast<const unsigned char*>(m_received.data()) + k_magic_size,
                  answer.data());
  m_proof->of_worker(answer.data() + k_nonce_size);
  m_taken = k_hello_size;
  m_ancestors = ancestors_of(m_peer.pid);
  // A new connection has room for it.
  if (::send(fd(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL) !=
      static_cast<ssize_t>(answer.size())) {
    close();
  }
  return open();
}

bool Connection::take_record(CallBuilder::Streams streams) {
  const std::size_t there = m_received.size() - m_taken;
  if (there < k_record_header_size) {
    return false;
  }
  const std::size_t size = size_at(m_received.data() + m_taken);
  const bool possible = size > 0 && size <= k_record_limit;
  if (possible && there < k_record_header_size + size + k_proof_size) {
    return false;
  }
  if (possible) {
    const char* const chunks = m_received.data() + m_taken + k_record_header_size;
    std::array<unsigned char, k_proof_size> proof{};
    m_proof->of_next_record(chunks, size, proof.data());
    if (same_bytes(proof.data(), reinterpret_cast<const unsigned char*>(chunks + size),
                   k_proof_size)) {
      m_taken += k_record_header_size + size + k_proof_size;
      m_bytes += size;
      if (!m_builder.take({chunks, size}, streams)) {
        refuse("told what no recorder of this version tells");
      }
      return open();
    }
  }
  refuse(m_builder.begun() ? "told what was changed on its way, or does not come from the recorder"
                           : "does not know the secret of this run");
  return false;
}

void Connection::close() {
  m_socket.reset();
  m_closed_ns = monotonic_ns();
  m_received.clear();
  m_taken = 0;
}

void Connection::refuse(std::string why) {
  m_trouble = std::move(why);
  close();
}

std::int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace cni_matrix::recorder
