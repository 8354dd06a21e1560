#include "https_server.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cni_matrix::artifacts::test {

namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    throw std::runtime_error(fmt::format("the test server fails: {}", what));
  }
}

void extend(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  require(extension != nullptr, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

struct HttpsServer::Tls {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), &X509_free};
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()),
                                                            &SSL_CTX_free};

  Tls() {
    auto* x = certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key.get());
    auto* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("cni-matrix test"), -1, -1,
                               0);
    X509_set_issuer_name(x, name);
    extend(x, NID_basic_constraints, "critical,CA:TRUE");
    extend(x, NID_subject_key_identifier, "hash");
    extend(x, NID_subject_alt_name, "IP:127.0.0.1");
    require(X509_sign(x, key.get(), EVP_sha256()) != 0, "sign");
    require(SSL_CTX_use_certificate(context.get(), x) == 1 &&
                SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1,
            "use the certificate");
  }
};

HttpsServer::HttpsServer(const std::filesystem::path& certificate)
    : m_tls(std::make_unique<Tls>()) {
  std::signal(SIGPIPE, SIG_IGN);
  std::FILE* file = std::fopen(certificate.c_str(), "we");
  require(file != nullptr, "write the certificate");
  PEM_write_X509(file, m_tls->certificate.get());
  std::fclose(file);

  m_listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(
      ::bind(m_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
      "bind");
  require(::listen(m_listener.get(), 16) == 0, "listen");
  socklen_t size = sizeof address;
  ::getsockname(m_listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  m_port = ntohs(address.sin_port);
  m_stop.reset(::eventfd(0, EFD_CLOEXEC));
  m_thread = std::thread([this] { loop(); });
}

HttpsServer::~HttpsServer() {
  ::eventfd_write(m_stop.get(), 1);
  m_thread.join();
}

void HttpsServer::serve(const std::string& path, Behaviour behaviour) {
  const std::lock_guard lock(m_mutex);
  m_behaviours[path] = std::move(behaviour);
}

std::string HttpsServer::url() const {
  return fmt::format("https://127.0.0.1:{}", m_port);
}

std::vector<Request> HttpsServer::requests() const {
  const std::lock_guard lock(m_mutex);
  return m_requests;
}

void HttpsServer::loop() {
  for (;;) {
    pollfd waits[] = {{m_listener.get(), POLLIN, 0}, {m_stop.get(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) {
      continue;
    }
    if (waits[1].revents != 0) {
      return;
    }
    const Fd connection(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) {
      answer(connection.get());
    }
  }
}

void HttpsServer::answer(int connection) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(m_tls->context.get()), &SSL_free);
  SSL_set_fd(tls.get(), connection);
  if (SSL_accept(tls.get()) != 1) {
    ERR_clear_error();
    return;
  }
  std::string head;
  char buffer[4096];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const int count = SSL_read(tls.get(), buffer, sizeof buffer);
    if (count <= 0) {
      return;
    }
    head.append(buffer, static_cast<std::size_t>(count));
  }
  Request request;
  const auto path_start = head.find(' ') + 1;
  request.path = head.substr(path_start, head.find(' ', path_start) - path_start);
  constexpr std::string_view k_range = "\r\nRange: bytes=";
  if (const auto at = head.find(k_range); at != std::string::npos) {
    const auto start = at + k_range.size();
    request.range = head.substr(start, head.find("\r\n", start) - start);
  }

  int status = 404;
  std::string body = "not found\n";
  std::string extra;
  std::size_t drop_after = std::string::npos;
  int delay_ms = 0;
  int drip_ms = 0;
  {
    const std::lock_guard lock(m_mutex);
    m_requests.push_back(request);
    if (const auto found = m_behaviours.find(request.path); found != m_behaviours.end()) {
      auto& behaviour = found->second;
      delay_ms = behaviour.delay_ms;
      drip_ms = behaviour.drip_ms;
      if (behaviour.failures > 0) {
        --behaviour.failures;
        status = 503;
        body = "busy\n";
      } else {
        status = behaviour.status;
        body = behaviour.body;
        if (behaviour.drop_after > 0) {
          drop_after = behaviour.drop_after;
          if (!behaviour.always_drop) {
            behaviour.drop_after = 0;
          }
        }
        if (!request.range.empty() && behaviour.ranges && status == 200) {
          const auto from = std::stoul(request.range);
          if (from >= body.size()) {
            status = 416;
            extra = fmt::format("Content-Range: bytes */{}\r\n", body.size());
            body.clear();
          } else {
            status = 206;
            extra = fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, body.size() - 1,
                                body.size());
            body = body.substr(from);
          }
        }
      }
    }
  }
  if (delay_ms > 0) {
    ::usleep(static_cast<useconds_t>(delay_ms) * 1000U);
  }
  const auto header =
      fmt::format("HTTP/1.1 {} Status\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n", status,
                  body.size(), extra);
  SSL_write(tls.get(), header.data(), static_cast<int>(header.size()));
  const auto send = std::min(drop_after, body.size());
  std::size_t sent = 0;
  while (sent < send) {
    constexpr std::size_t k_drop = 20;
    const auto piece = std::min<std::size_t>(send - sent, drip_ms > 0 ? k_drop : 1U << 14U);
    ::usleep(static_cast<useconds_t>(drip_ms) * 1000U);
    const int count = SSL_write(tls.get(), body.data() + sent, static_cast<int>(piece));
    if (count <= 0) {
      return;
    }
    sent += static_cast<std::size_t>(count);
  }
  if (send == body.size()) {
    SSL_shutdown(tls.get());
  }
  // Let the client read what is on its way before the socket goes; it closes first.
  ::shutdown(connection, SHUT_WR);
  pollfd wait{connection, POLLIN, 0};
  while (::poll(&wait, 1, 2000) > 0 && ::read(connection, buffer, sizeof buffer) > 0) {
  }
}

}  // namespace cni_matrix::artifacts::test
