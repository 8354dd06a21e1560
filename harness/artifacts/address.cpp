#include "address.hpp"

#include "base/text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace cni_matrix::artifacts {

namespace {

// What is before the last @ may be secret, also where the rest is no URL.
std::string shown(const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos) {
    return excerpt(address, 80);
  }
  const auto scheme = address.find("://");
  const auto begin = scheme == std::string::npos || scheme > at ? 0 : scheme + 3;
  return excerpt(address.substr(0, begin) + "***" + address.substr(at), 80);
}

// Why libcurl would not take it; empty for a good one.
std::string fault_of(const std::string& address) {
  // libcurl takes a third slash for a slip of the pen; an unset $HOST it is.
  if (address.find(":///") != std::string::npos) {
    return "it has no host";
  }
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  switch (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0)) {
    case CURLUE_OK:
      break;
    case CURLUE_BAD_PORT_NUMBER:
      return "its port is no number from 1 to 65535";
    default:
      return "it has no host, or what no host is called";
  }
  char* host = nullptr;
  const bool has_host = curl_url_get(url.get(), CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                        host != nullptr && *host != '\0';
  curl_free(host);
  return has_host ? "" : "it has no host";
}

}  // namespace

Expected<void> check_address(std::string_view what, const std::string& address,
                             const std::vector<std::string>& schemes) {
  const auto colon = address.find(':');
  const auto scheme = address.substr(0, colon == std::string::npos ? 0 : colon);
  const bool known = std::find(schemes.begin(), schemes.end(), scheme) != schemes.end();
  const bool is_file = scheme == "file";
  if (!known || (!is_file && address.compare(colon, 3, "://") != 0)) {
    std::vector<std::string> beginnings;
    beginnings.reserve(schemes.size());
    for (const auto& one : schemes) {
      beginnings.push_back(one + (one == "file" ? ":" : "://"));
    }
    return input_error("{} {}: an address begins with {}", what, shown(address),
                       fmt::join(beginnings, " or "));
  }
  if (std::any_of(address.begin(), address.end(),
                  [](unsigned char c) { return c <= ' ' || c == 0x7F; })) {
    return input_error("{} {}: it has white space or control characters in it", what,
                       shown(address));
  }
  if (is_file) {
    return address.size() > colon + 1 && address[colon + 1] == '/'
               ? Expected<void>()
               : input_error("{} {}: what follows file: is an absolute path", what, shown(address));
  }
  const auto fault = fault_of(address);
  return fault.empty() ? Expected<void>() : input_error("{} {}: {}", what, shown(address), fault);
}

}  // namespace cni_matrix::artifacts
