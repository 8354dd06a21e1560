#include "download.hpp"

#include "remembered_failure.hpp"
#include "writing.hpp"

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/fd.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

constexpr int k_attempts = 5;
constexpr std::chrono::milliseconds k_look{50};
constexpr curl_off_t k_largest_file = 2LL << 30U;
constexpr long k_slowest = 1024;  // bytes a second: with fewer no archive would ever come

struct CloseCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CloseCurl>;

struct Transfer {
  CURL* handle = nullptr;
  int fd = -1;
  curl_off_t offset = 0;  // bytes that were there before
  curl_off_t written = 0;
  int write_errno = 0;
  const FetchOptions* options = nullptr;
  std::string name;
  bool cancelled = false;
  std::chrono::steady_clock::time_point heard = std::chrono::steady_clock::now();
  bool silent = false;
};

std::size_t on_data(char* data, std::size_t, std::size_t size, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  long status = 0;
  curl_easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200 && status != 206) {
    return size;  // the text of an error page
  }
  if (transfer->offset + transfer->written + static_cast<curl_off_t>(size) > k_largest_file) {
    transfer->write_errno = EFBIG;
    return 0;
  }
  std::size_t done = 0;
  while (done < size) {
    const auto count = ::write(transfer->fd, data + done, size - done);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      transfer->write_errno = errno;
      return 0;
    }
    done += static_cast<std::size_t>(count);
  }
  transfer->written += static_cast<curl_off_t>(size);
  return size;
}

std::size_t on_header(char*, std::size_t, std::size_t size, void* self) {
  static_cast<Transfer*>(self)->heard = std::chrono::steady_clock::now();
  return size;
}

// Neither an answer nor a redirection, for longer than a connection may take to be made and an
// answer to come. What stalls later is libcurl's to notice.
bool is_silent(const Transfer& transfer) {
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  return status != 200 && status != 206 &&
         std::chrono::steady_clock::now() - transfer.heard > 2 * transfer.options->connect_timeout;
}

int on_progress(void* self, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto* transfer = static_cast<Transfer*>(self);
  if (transfer->options->cancelled && transfer->options->cancelled()) {
    transfer->cancelled = true;
    return 1;
  }
  if (is_silent(*transfer)) {
    transfer->silent = true;
    return 1;
  }
  if (transfer->options->progress && total > 0) {
    constexpr double k_mega = 1e6;
    const auto all = static_cast<double>(total + transfer->offset);
    const auto now = static_cast<double>(done + transfer->offset);
    transfer->options->progress(fmt::format("fetching {}: {:.1f} of {:.1f} MB ({:.0f} %)",
                                            transfer->name, now / k_mega, all / k_mega,
                                            100.0 * now / all));
  }
  return 0;
}

bool is_distrust(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_CONNECT_ERROR;
}

bool is_connection_failure(CURLcode code, long connect_status, curl_off_t written) {
  if (is_distrust(code)) {
    return true;
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return true;
    case CURLE_OPERATION_TIMEDOUT:
      return written == 0;  // not even after it was asked for the rest
    default:
      return connect_status >= 400;  // a proxy that lets nobody through
  }
}

void start_curl() {
  static const bool started = [] { return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }();
  static_cast<void>(started);
}

}  // namespace

struct Downloader::Attempt {
  enum class Outcome {
    done,
    retry,
    restart,
    gone,
    unreachable,
    not_trusted,
    too_slow,
    no_write,
    cancelled
  } outcome;
  std::string reason;
  int write_errno = 0;  // of no_write
};

std::string host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url = url.substr(scheme + 3);
  }
  url = url.substr(0, url.find('/'));
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    url = url.substr(at + 1);
  }
  return std::string(url);
}

Downloader::Downloader(const FetchOptions& options, std::filesystem::path memory)
    : m_options(options), m_memory(std::move(memory)) {
  start_curl();
}

std::string trust_key(const FetchOptions& options) {
  if (options.ca_file.empty()) {
    return {};
  }
  // With what is in it: a file may be mended where it is.
  const auto text = read_file(options.ca_file);
  return sha256(options.ca_file.string() + "\n" + (text ? *text : "")).substr(0, 8);
}

std::filesystem::path Downloader::memory_of(const std::string& host, Cause cause) const {
  std::string name = host;
  for (auto& letter : name) {
    letter = letter == '/' || letter == ':' ? '_' : letter;
  }
  if (cause == Cause::not_trusted) {
    name += "-certificate-" + trust_key(m_options);
  }
  return m_memory / ("host-" + name + ".json");
}

std::string Downloader::remembered(const std::string& host) {
  if (const auto found = m_unreachable.find(host); found != m_unreachable.end()) {
    return found->second;
  }
  if (m_options.refresh) {
    return {};
  }
  for (const auto cause : {Cause::away, Cause::not_trusted}) {
    if (const auto failure = remembered_failure(memory_of(host, cause))) {
      return fmt::format("{}, {} ago; --refresh tries again", failure->reason, failure->age());
    }
  }
  return {};
}

void Downloader::remember(const std::string& host, Cause cause, const std::string& reason) {
  m_unreachable.emplace(host, reason);
  remember_failure(memory_of(host, cause), reason);
}

Downloader::Attempt Downloader::attempt(const std::string& url,
                                        const std::filesystem::path& file) const {
  using enum Attempt::Outcome;
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return {no_write, {}, errno};
  }
  const Handle handle(curl_easy_init());
  if (!handle) {
    return {no_write, {}, ENOMEM};  // libcurl says no more
  }
  Transfer transfer{handle.get(), fd.get(), status.st_size, 0, 0, &m_options, {}};
  transfer.name = url.substr(url.rfind('/') + 1);
  std::array<char, CURL_ERROR_SIZE> error_text{};
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(handle.get(), option, value);
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, url.starts_with("http:") ? "http,https" : "https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("http:") ? "http,https" : "https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 8L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "cni-matrix");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(m_options.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, k_slowest);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(m_options.slow_limit.count()));
  set(CURLOPT_ERRORBUFFER, error_text.data());
  set(CURLOPT_WRITEFUNCTION, &on_data);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  const auto ca_file = m_options.ca_file.string();
  if (!ca_file.empty()) {
    set(CURLOPT_CAINFO, ca_file.c_str());
  }
  if (transfer.offset > 0) {
    set(CURLOPT_RESUME_FROM_LARGE, transfer.offset);
  }
  const auto code = curl_easy_perform(handle.get());
  long http = 0;
  long connect = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &http);
  curl_easy_getinfo(handle.get(), CURLINFO_HTTP_CONNECTCODE, &connect);
  const std::string reason =
      printable(error_text[0] != '\0' ? error_text.data() : curl_easy_strerror(code));
  if (transfer.cancelled) {
    return {cancelled, "stopped"};
  }
  if (transfer.write_errno != 0) {
    return {no_write, {}, transfer.write_errno};
  }
  if (transfer.silent) {
    return {unreachable, "it does not answer"};
  }
  if (is_connection_failure(code, connect, transfer.written)) {
    return {is_distrust(code) ? not_trusted : unreachable, reason};
  }
  if (http == 416 || code == CURLE_RANGE_ERROR) {
    return {restart, "the server does not continue a file"};  // or has it shorter than we have
  }
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) {
    return {gone, reason};
  }
  if (http >= 500 || http == 429 || http == 408) {
    return {retry, fmt::format("HTTP status {}", http)};
  }
  if (http >= 400) {
    return {gone, fmt::format("HTTP status {}", http)};
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {too_slow, fmt::format("less than {} bytes a second came for {} s", k_slowest,
                                  m_options.slow_limit.count())};
  }
  if (code != CURLE_OK) {
    return {retry, reason};
  }
  return {done, {}};
}

Expected<void> Downloader::fetch(const std::string& url, const std::string& sha256,
                                 const std::filesystem::path& file) {
  const auto host = host_of(url);
  if (const auto reason = remembered(host); !reason.empty()) {
    return unavailable("{} cannot be reached ({})", host, reason);
  }
  std::error_code ignored;
  bool resumed = std::filesystem::exists(file, ignored);
  bool was_slow = false;
  auto pause = m_options.retry_pause;
  std::string last;
  for (int number = 1; number <= k_attempts; ++number) {
    const auto result = attempt(url, file);
    last = result.reason;
    switch (result.outcome) {
      case Attempt::Outcome::done: {
        TRY_ASSIGN(const auto found, sha256_file(file, m_options.cancelled));
        if (found == sha256) {
          return {};
        }
        std::filesystem::remove(file, ignored);
        if (resumed) {  // what was there before may have been of another file
          resumed = false;
          last = fmt::format("SHA-256 {}", found);
          continue;
        }
        return input_error(
            "{} is not the file that is expected: its SHA-256 is {} and not {}; it was "
            "removed, take another mirror",
            url, found, sha256);
      }
      case Attempt::Outcome::restart: {
        const auto found = sha256_file(file, m_options.cancelled);
        if (!found && found.error().kind == ErrorKind::interrupted) {
          return tl::unexpected(found.error());
        }
        if (found && *found == sha256) {
          return {};  // it was complete already
        }
        std::filesystem::remove(file, ignored);
        resumed = false;
        continue;
      }
      case Attempt::Outcome::gone:
        std::filesystem::remove(file, ignored);
        return unavailable("{} cannot be fetched: {}", url, result.reason);
      case Attempt::Outcome::unreachable:
      case Attempt::Outcome::not_trusted:
        remember(host,
                 result.outcome == Attempt::Outcome::not_trusted ? Cause::not_trusted : Cause::away,
                 result.reason);
        if (std::filesystem::is_empty(file, ignored)) {
          std::filesystem::remove(file, ignored);
        }
        return unavailable("{} cannot be reached ({})", host, result.reason);
      case Attempt::Outcome::no_write:
        std::filesystem::remove(file, ignored);  // it may be what fills the disk
        return cannot_write(file, result.write_errno);
      case Attempt::Outcome::cancelled:
        if (std::filesystem::is_empty(file, ignored)) {
          std::filesystem::remove(file, ignored);
        }
        return fail(ErrorKind::interrupted, "stopped while {} was fetched", url);
      case Attempt::Outcome::too_slow:
        if (std::exchange(was_slow, true)) {  // what has come stays for the next run
          remember(host, Cause::away, result.reason);
          return unavailable("{} cannot be fetched: {}", url, result.reason);
        }
        break;
      case Attempt::Outcome::retry:
        break;
    }
    if (number < k_attempts) {
      resumed = true;
      if (m_options.progress) {
        m_options.progress(fmt::format("fetching {}: {}; trying again",
                                       url.substr(url.rfind('/') + 1), result.reason));
      }
      // Politeness to a server in trouble.
      const auto until = std::chrono::steady_clock::now() + pause;
      while (std::chrono::steady_clock::now() < until) {
        if (m_options.cancelled && m_options.cancelled()) {
          return fail(ErrorKind::interrupted, "stopped while {} was fetched", url);
        }
        std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(pause, k_look));
      }
      pause *= 2;
    }
  }
  return unavailable("{} cannot be fetched: {} attempts failed, the last with: {}", url, k_attempts,
                     last);
}

}  // namespace cni_matrix::artifacts
