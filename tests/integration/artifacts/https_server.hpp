#pragma once

#include <cni_matrix/base/fd.hpp>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cni_matrix::artifacts::test {

// What the server does for one path.
struct Behaviour {
  std::string body;
  int status = 200;
  int failures = 0;  // so many requests get 503 first
  std::size_t drop_after =
      0;  // the first request's connection is cut after so many bytes of the body
  bool always_drop = false;  // and every other's too
  bool ranges = true;        // answers Range with 206
  int delay_ms = 0;
  int drip_ms = 0;  // between one 20 bytes of the body and the next
};

struct Request {
  std::string path;
  std::string range;  // of the Range header; empty without
};

// A small HTTPS server on 127.0.0.1 with a certificate of its own, made when it starts. One
// connection at a time.
class HttpsServer {
 public:
  // Writes the certificate, for clients to trust, to `certificate`.
  explicit HttpsServer(const std::filesystem::path& certificate);
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;
  ~HttpsServer();

  void serve(const std::string& path, Behaviour behaviour);
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<Request> requests() const;

 private:
  struct Tls;
  void loop();
  void answer(int connection);

  std::unique_ptr<Tls> m_tls;
  Fd m_listener;
  Fd m_stop;  // eventfd
  int m_port = 0;
  mutable std::mutex m_mutex;
  std::map<std::string, Behaviour> m_behaviours;
  std::vector<Request> m_requests;
  std::thread m_thread;
};

}  // namespace cni_matrix::artifacts::test
