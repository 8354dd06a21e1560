#pragma once

#include "go/json_parse.hpp"
#include "go/net.hpp"
#include "go/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// CNI results as libcni's packages types/020, types/current or types/040, and types/100 hold them.
namespace cni_matrix::cni {

// libcni was rewritten twice where results are concerned.
enum class ResultLibrary {
  v0,    // 0.7, 0.8: types/020 and types/current; no result after 0.4.0
  v1_0,  // 1.0, 1.1: a table of converters; up to 1.0.0
  v1_2,  // 1.2, 1.3: up to 1.1.0; more fields
};

struct Result {
  enum class Type { v020, v040, v100 };

  struct Dns {
    std::vector<std::string> nameservers;
    std::string domain;
    std::vector<std::string> search;
    std::vector<std::string> options;
    [[nodiscard]] bool empty() const {
      return nameservers.empty() && domain.empty() && search.empty() && options.empty();
    }
  };

  struct Route {
    go::IpNet destination;
    go::Ip gateway;
    std::int64_t mtu = 0;
    std::int64_t adv_mss = 0;
    std::int64_t priority = 0;
    std::optional<std::int64_t> table;
    std::optional<std::int64_t> scope;
  };

  struct Interface {
    std::string name;
    std::string mac;
    std::int64_t mtu = 0;
    std::string sandbox;
    std::string socket_path;
    std::string pci_id;
  };

  struct Address {
    std::string version;  // "4" or "6"; of type v040 only
    std::optional<std::int64_t> interface;
    go::IpNet address;
    go::Ip gateway;
  };

  struct Address020 {
    go::IpNet ip;
    go::Ip gateway;
    std::vector<Route> routes;
  };

  Type type = Type::v040;
  std::string cni_version;
  std::optional<Address020> ip4;  // type v020
  std::optional<Address020> ip6;
  // Types v040 and v100. An element that was `null` is Go's nil.
  std::vector<std::optional<Interface>> interfaces;
  std::vector<std::optional<Address>> ips;
  std::vector<std::optional<Route>> routes;
  Dns dns;
};

// version.NewResult or create.Create: the JSON as a result of the type that has `version`.
// Errors: `unsupported CNI result version "1.0.0"`, those of decoding.
go::Decoded<Result> create_result(std::string_view version, std::string_view json,
                                  ResultLibrary library);

// create.CreateFromBytes: the version is the JSON's own.
go::Decoded<Result> create_result(std::string_view json, ResultLibrary library);

// result.GetAsVersion(version).
go::Decoded<Result> get_as_version(Result result, std::string_view version, ResultLibrary library);

// NewResultFromResult of types/current or types/100: what go-cni works with.
go::Decoded<Result> to_newest(Result result, ResultLibrary library);

// What json.Marshal makes of the result.
go::Value to_value(const Result& result, ResultLibrary library);

// What a Go program says when it dies of a nil pointer; containerd then is gone.
inline constexpr const char* k_nil_panic =
    "panic: runtime error: invalid memory address or nil pointer dereference";

}  // namespace cni_matrix::cni
