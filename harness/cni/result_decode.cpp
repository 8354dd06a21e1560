#include "result.hpp"

#include "go/decode.hpp"
#include "go/format.hpp"
#include "go/json_parse.hpp"
#include "go/value.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::cni {

namespace {

using go::DecodeError;
using go::StructDecoder;
using go::Unmarshalled;
using go::Value;

using Field = StructDecoder::Field;

tl::unexpected<DecodeError> other_error(std::string text) {
  return tl::unexpected(DecodeError{std::move(text), "", "", "", ""});
}

// The result of one json.Unmarshal.
template <typename T>
Unmarshalled<T> finish(const StructDecoder& decoder, T value) {
  if (auto error = decoder.error()) {
    return tl::unexpected(std::move(*error));
  }
  return value;
}

// The JSON of a field whose type has UnmarshalJSON.
template <typename T, typename F>
bool unmarshal(StructDecoder& decoder, const Value& value, T& out, F&& function) {
  auto decoded = function(value);
  if (!decoded) {
    return decoder.stop(std::move(decoded).error());
  }
  out = std::move(*decoded);
  return true;
}

// types.IPNet.UnmarshalJSON; null is the empty text to it.
Unmarshalled<go::IpNet> decode_net(const Value& value) {
  std::string text;
  StructDecoder decoder;
  decoder.string(value, text);
  if (auto error = decoder.error()) {
    return tl::unexpected(std::move(*error));
  }
  auto net = go::IpNet::parse(text);
  if (!net) {
    return other_error("invalid CIDR address: " + text);
  }
  return std::move(*net);
}

// net.IP has UnmarshalText: only a string will do.
bool decode_ip(StructDecoder& decoder, const Value& value, go::Ip& out) {
  if (value.is(Value::Kind::null)) {
    out = {};
    return true;
  }
  if (!value.is(Value::Kind::string)) {
    decoder.mismatch(value, "net.IP");
    return true;
  }
  auto ip = go::Ip::parse(value.text);
  if (!ip) {
    return decoder.stop({"invalid IP address: " + value.text, "", "", "", ""});
  }
  out = std::move(*ip);
  return true;
}

Unmarshalled<Result::Route> decode_route(const Value& value, ResultLibrary library) {
  Result::Route route;
  StructDecoder d;
  std::vector<Field> fields = {
      {"dst", [&](const Value& v) { return unmarshal(d, v, route.destination, decode_net); }},
      {"gw", [&](const Value& v) { return decode_ip(d, v, route.gateway); }},
  };
  if (library == ResultLibrary::v1_2) {
    fields.push_back({"mtu", [&](const Value& v) { return d.integer(v, route.mtu); }});
    fields.push_back({"advmss", [&](const Value& v) { return d.integer(v, route.adv_mss); }});
    fields.push_back({"priority", [&](const Value& v) { return d.integer(v, route.priority); }});
    fields.push_back({"table", [&](const Value& v) { return d.optional_integer(v, route.table); }});
    fields.push_back({"scope", [&](const Value& v) { return d.optional_integer(v, route.scope); }});
  }
  d.object(value, "types.route", "route", fields);
  return finish(d, std::move(route));
}

bool decode_dns(StructDecoder& d, const Value& value, Result::Dns& dns) {
  return d.object(value, "types.DNS", "DNS",
                  {{"nameservers", [&](const Value& v) { return d.strings(v, dns.nameservers); }},
                   {"domain", [&](const Value& v) { return d.string(v, dns.domain); }},
                   {"search", [&](const Value& v) { return d.strings(v, dns.search); }},
                   {"options", [&](const Value& v) { return d.strings(v, dns.options); }}});
}

// IPConfig.UnmarshalJSON of types/020.
Unmarshalled<Result::Address020> decode_address_020(const Value& value, ResultLibrary library) {
  Result::Address020 address;
  StructDecoder d;
  d.object(value, "types020.ipConfig", "ipConfig",
           {{"ip", [&](const Value& v) { return unmarshal(d, v, address.ip, decode_net); }},
            {"gateway", [&](const Value& v) { return decode_ip(d, v, address.gateway); }},
            {"routes", [&](const Value& v) {
               return d.array(
                   v, "[]types.Route", [&](std::size_t n) { address.routes.assign(n, {}); },
                   [&](std::size_t i, const Value& item) {
                     return unmarshal(d, item, address.routes[i],
                                      [&](const Value& r) { return decode_route(r, library); });
                   });
             }}});
  return finish(d, std::move(address));
}

// IPConfig.UnmarshalJSON of the later types.
Unmarshalled<Result::Address> decode_address(const Value& value, const std::string& package,
                                             bool has_version) {
  Result::Address address;
  StructDecoder d;
  std::vector<Field> fields = {
      {"interface", [&](const Value& v) { return d.optional_integer(v, address.interface); }},
      {"address", [&](const Value& v) { return unmarshal(d, v, address.address, decode_net); }},
      {"gateway", [&](const Value& v) { return decode_ip(d, v, address.gateway); }},
  };
  if (has_version) {
    fields.push_back({"version", [&](const Value& v) { return d.string(v, address.version); }});
  }
  d.object(value, package + ".ipConfig", "ipConfig", fields);
  return finish(d, std::move(address));
}

// A pointer to a type with UnmarshalJSON: null is nil.
template <typename T, typename F>
bool unmarshal_pointer(StructDecoder& d, const Value& value, std::optional<T>& out, F&& function) {
  if (value.is(Value::Kind::null)) {
    out.reset();
    return true;
  }
  return unmarshal(d, value, out.emplace(), std::forward<F>(function));
}

Unmarshalled<Result> decode_020(const Value& value, ResultLibrary library) {
  Result result;
  result.type = Result::Type::v020;
  StructDecoder d;
  const auto address = [&](const Value& v) { return decode_address_020(v, library); };
  d.object(value, "types020.Result", "Result",
           {{"cniVersion", [&](const Value& v) { return d.string(v, result.cni_version); }},
            {"ip4", [&](const Value& v) { return unmarshal_pointer(d, v, result.ip4, address); }},
            {"ip6", [&](const Value& v) { return unmarshal_pointer(d, v, result.ip6, address); }},
            {"dns", [&](const Value& v) { return decode_dns(d, v, result.dns); }}});
  return finish(d, std::move(result));
}

bool decode_interface(StructDecoder& d, const Value& value, const std::string& package, bool newest,
                      std::optional<Result::Interface>& out) {
  if (value.is(Value::Kind::null)) {
    out.reset();
    return true;
  }
  auto& interface = out.emplace();
  std::vector<Field> fields = {
      {"name", [&](const Value& v) { return d.string(v, interface.name); }},
      {"mac", [&](const Value& v) { return d.string(v, interface.mac); }},
      {"sandbox", [&](const Value& v) { return d.string(v, interface.sandbox); }},
  };
  if (newest) {
    fields.push_back({"mtu", [&](const Value& v) { return d.integer(v, interface.mtu); }});
    fields.push_back(
        {"socketPath", [&](const Value& v) { return d.string(v, interface.socket_path); }});
    fields.push_back({"pciID", [&](const Value& v) { return d.string(v, interface.pci_id); }});
  }
  return d.object(value, package + ".Interface", "Interface", fields);
}

Unmarshalled<Result> decode_with_interfaces(const Value& value, Result::Type type,
                                            ResultLibrary library) {
  const bool is_100 = type == Result::Type::v100;
  const std::string package =
      is_100 ? "types100" : (library == ResultLibrary::v0 ? "current" : "types040");
  Result result;
  result.type = type;
  StructDecoder d;
  const auto interfaces = [&](const Value& v) {
    return d.array(
        v, "[]*" + package + ".Interface", [&](std::size_t n) { result.interfaces.assign(n, {}); },
        [&](std::size_t i, const Value& item) {
          return decode_interface(d, item, package, is_100 && library == ResultLibrary::v1_2,
                                  result.interfaces[i]);
        });
  };
  const auto ips = [&](const Value& v) {
    return d.array(
        v, "[]*" + package + ".IPConfig", [&](std::size_t n) { result.ips.assign(n, {}); },
        [&](std::size_t i, const Value& item) {
          return unmarshal_pointer(d, item, result.ips[i], [&](const Value& address) {
            return decode_address(address, package, !is_100);
          });
        });
  };
  const auto routes = [&](const Value& v) {
    return d.array(
        v, "[]*types.Route", [&](std::size_t n) { result.routes.assign(n, {}); },
        [&](std::size_t i, const Value& item) {
          return unmarshal_pointer(d, item, result.routes[i], [&](const Value& route) {
            return decode_route(route, library);
          });
        });
  };
  d.object(value, package + ".Result", "Result",
           {{"cniVersion", [&](const Value& v) { return d.string(v, result.cni_version); }},
            {"interfaces", interfaces},
            {"ips", ips},
            {"routes", routes},
            {"dns", [&](const Value& v) { return decode_dns(d, v, result.dns); }}});
  return finish(d, std::move(result));
}

std::optional<Result::Type> type_of(std::string_view version, ResultLibrary library) {
  if (version.empty() || version == "0.1.0" || version == "0.2.0") {
    return Result::Type::v020;
  }
  if (version == "0.3.0" || version == "0.3.1" || version == "0.4.0") {
    return Result::Type::v040;
  }
  if ((version == "1.0.0" && library != ResultLibrary::v0) ||
      (version == "1.1.0" && library == ResultLibrary::v1_2)) {
    return Result::Type::v100;
  }
  return std::nullopt;
}

// The versions of a type as fmt's %v prints them.
std::string versions_of(Result::Type type, ResultLibrary library) {
  switch (type) {
    case Result::Type::v020:
      return "[ 0.1.0 0.2.0]";
    case Result::Type::v040:
      return "[0.3.0 0.3.1 0.4.0]";
    case Result::Type::v100:
      return library == ResultLibrary::v1_2 ? "[1.0.0 1.1.0]" : "[1.0.0]";
  }
  return {};
}

}  // namespace

go::Decoded<Result> create_result(std::string_view version, std::string_view json,
                                  ResultLibrary library) {
  const auto type = type_of(version, library);
  if (!type) {
    return tl::unexpected("unsupported CNI result version " + go::quote(version));
  }
  const auto value = go::parse(json);
  if (!value) {
    return tl::unexpected(value.error());
  }
  auto result = *type == Result::Type::v020 ? decode_020(*value, library)
                                            : decode_with_interfaces(*value, *type, library);
  if (!result) {
    return tl::unexpected(result.error().str());
  }
  if (library != ResultLibrary::v0) {
    if (type_of(result->cni_version, library) != *type) {
      return tl::unexpected(fmt::format("result type supports {} but unmarshalled CNIVersion is {}",
                                        versions_of(*type, library),
                                        go::quote(result->cni_version)));
    }
    if (result->cni_version.empty()) {
      result->cni_version = "0.1.0";
    }
  }
  return std::move(*result);
}

go::Decoded<Result> create_result(std::string_view json, ResultLibrary library) {
  const auto version = go::decode_version(json);
  if (!version) {
    return tl::unexpected(version.error());
  }
  return create_result(*version, json, library);
}

}  // namespace cni_matrix::cni
