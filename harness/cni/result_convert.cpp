#include "result.hpp"

#include "go/format.hpp"
#include "go/interface.hpp"
#include "go/json_parse.hpp"
#include "go/value.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cni_matrix::cni {

namespace {

using go::Decoded;
using go::Value;
using Type = Result::Type;

bool is_02(std::string_view version) {
  return version == "0.1.0" || version == "0.2.0";
}
bool is_04(std::string_view version) {
  return version == "0.3.0" || version == "0.3.1" || version == "0.4.0";
}
bool is_10(std::string_view version, ResultLibrary library) {
  return version == "1.0.0" || (version == "1.1.0" && library == ResultLibrary::v1_2);
}

template <typename T>
bool has_nil(const std::vector<std::optional<T>>& values) {
  return std::any_of(values.begin(), values.end(), [](const auto& value) { return !value; });
}

Result up_from_02(const Result& from, std::string_view version) {
  Result to;
  to.type = Type::v040;
  to.cni_version = version;
  to.dns = from.dns;
  const auto add = [&](const std::optional<Result::Address020>& address, const char* family) {
    if (!address) {
      return;
    }
    to.ips.emplace_back(Result::Address{family, std::nullopt, address->ip, address->gateway});
    for (const auto& route : address->routes) {
      to.routes.emplace_back(route);
    }
  };
  add(from.ip4, "4");
  add(from.ip6, "6");
  return to;
}

// 0.2.0 has one address of each family and no interfaces.
Decoded<Result> down_to_02(const Result& from, std::string_view version) {
  Result to;
  to.type = Type::v020;
  to.cni_version = version;
  to.dns = from.dns;
  for (const auto& ip : from.ips) {
    if (!ip) {
      return tl::unexpected(std::string(k_nil_panic));
    }
    auto* slot = ip->version == "4" ? &to.ip4 : (ip->version == "6" ? &to.ip6 : nullptr);
    if (slot != nullptr && !*slot) {
      *slot = Result::Address020{ip->address, ip->gateway, {}};
    }
    if (to.ip4 && to.ip6) {
      break;
    }
  }
  for (const auto& route : from.routes) {
    if (!route) {
      return tl::unexpected(std::string(k_nil_panic));
    }
    auto& slot = route->destination.ip.is_4() ? to.ip4 : to.ip6;
    if (slot) {
      Result::Route copy;
      copy.destination = route->destination;
      copy.gateway = route->gateway;
      slot->routes.push_back(std::move(copy));
    }
  }
  if (!to.ip4 && !to.ip6) {
    return tl::unexpected(std::string("cannot convert: no valid IP addresses"));
  }
  return to;
}

Decoded<Result> between_04_and_10(Result from, Type type, std::string_view version) {
  if (has_nil(from.interfaces) || has_nil(from.ips)) {
    return tl::unexpected(std::string(k_nil_panic));
  }
  from.type = type;
  from.cni_version = version;
  for (auto& interface : from.interfaces) {
    interface->mtu = 0;
    interface->socket_path.clear();
    interface->pci_id.clear();
  }
  for (auto& ip : from.ips) {
    ip->version = type == Type::v100 ? "" : (ip->address.ip.is_4() ? "4" : "6");
  }
  return from;
}

// convert.Convert of libcni 1.0 on: the table of converters.
Decoded<Result> convert(Result from, std::string_view version, ResultLibrary library) {
  const std::string to = version.empty() ? "0.1.0" : std::string(version);
  const std::string& source = from.cni_version;
  if (source == to) {
    return from;
  }
  if (is_02(source)) {
    if (is_02(to)) {
      from.cni_version = to;
      return from;
    }
    if (is_04(to)) {
      return up_from_02(from, to);
    }
    if (is_10(to, library)) {
      // up to libcni 1.1 always 1.0.0, which is the only one there is
      return between_04_and_10(up_from_02(from, "0.4.0"), Type::v100, to);
    }
  } else if (is_04(source)) {
    if (is_04(to)) {
      from.cni_version = to;
      return from;
    }
    if (is_02(to)) {
      return down_to_02(from, to);
    }
    if (is_10(to, library)) {
      return between_04_and_10(std::move(from), Type::v100, to);
    }
  } else if (is_10(source, library)) {
    if (is_10(to, library)) {
      from.cni_version = to;
      return from;
    }
    if (is_04(to)) {
      return between_04_and_10(std::move(from), Type::v040, to);
    }
    if (is_02(to)) {
      auto result = between_04_and_10(std::move(from), Type::v040, "0.4.0");
      return result ? down_to_02(*result, to) : result;
    }
  }
  return tl::unexpected(fmt::format("no converter for CNI result version {} to {}", source, to));
}

// GetAsVersion of libcni 0.7 and 0.8.
Decoded<Result> get_as_version_0(Result result, std::string_view version) {
  const bool wants_02 = version.empty() || is_02(version);
  if (result.type == Type::v020) {
    if (!wants_02) {
      return tl::unexpected(
          fmt::format("cannot convert version [\"\" \"0.1.0\" \"0.2.0\"] to {}", version));
    }
    result.cni_version = version;
    return result;
  }
  if (is_04(version)) {
    result.cni_version = version;
    return result;
  }
  if (wants_02) {
    return down_to_02(result, "0.2.0");
  }
  return tl::unexpected("cannot convert version 0.3.x to " + go::quote(version));
}

Value strings(const std::vector<std::string>& values) {
  Value out = Value::array();
  for (const auto& value : values) {
    out.items.push_back(Value::of(value));
  }
  return out;
}

// json's omitempty.
void put_text(Value& object, const char* name, const std::string& text) {
  if (!text.empty()) {
    object.set(name, Value::of(text));
  }
}

void put_number(Value& object, const char* name, std::int64_t number) {
  if (number != 0) {
    object.set(name, Value::of(number));
  }
}

void put_list(Value& object, const char* name, std::vector<Value> values) {
  if (!values.empty()) {
    object.set(name, Value::array(std::move(values)));
  }
}

Value dns_value(const Result::Dns& dns) {
  Value out = Value::object();
  put_list(out, "nameservers", strings(dns.nameservers).items);
  put_text(out, "domain", dns.domain);
  put_list(out, "search", strings(dns.search).items);
  put_list(out, "options", strings(dns.options).items);
  return out;
}

Value route_value(const Result::Route& route) {
  Value out = Value::object();
  out.set("dst", Value::of(route.destination.str()));
  put_text(out, "gw", route.gateway.str());
  put_number(out, "mtu", route.mtu);
  put_number(out, "advmss", route.adv_mss);
  put_number(out, "priority", route.priority);
  if (route.table) {
    out.set("table", Value::of(*route.table));
  }
  if (route.scope) {
    out.set("scope", Value::of(*route.scope));
  }
  return out;
}

Value address_020_value(const Result::Address020& address) {
  Value out = Value::object();
  out.set("ip", Value::of(address.ip.str()));
  put_text(out, "gateway", address.gateway.str());
  std::vector<Value> routes;
  for (const auto& route : address.routes) {
    routes.push_back(route_value(route));
  }
  put_list(out, "routes", std::move(routes));
  return out;
}

Value interface_value(const Result::Interface& interface) {
  Value out = Value::object();
  out.set("name", Value::of(interface.name));
  put_text(out, "mac", interface.mac);
  put_number(out, "mtu", interface.mtu);
  put_text(out, "sandbox", interface.sandbox);
  put_text(out, "socketPath", interface.socket_path);
  put_text(out, "pciID", interface.pci_id);
  return out;
}

Value address_value(const Result::Address& address, Type type) {
  Value out = Value::object();
  if (type == Type::v040) {
    out.set("version", Value::of(address.version));
  }
  if (address.interface) {
    out.set("interface", Value::of(*address.interface));
  }
  out.set("address", Value::of(address.address.str()));
  put_text(out, "gateway", address.gateway.str());
  return out;
}

template <typename T, typename F>
std::vector<Value> values_of(const std::vector<std::optional<T>>& elements, F&& function) {
  std::vector<Value> out;
  out.reserve(elements.size());
  for (const auto& element : elements) {
    out.push_back(element ? function(*element) : Value());
  }
  return out;
}

}  // namespace

Decoded<Result> get_as_version(Result result, std::string_view version, ResultLibrary library) {
  if (library == ResultLibrary::v0) {
    return get_as_version_0(std::move(result), version);
  }
  if (result.cni_version.empty()) {
    result.cni_version = result.type == Type::v020        ? "0.2.0"
                         : result.type == Type::v040      ? "0.4.0"
                         : library == ResultLibrary::v1_2 ? "1.1.0"
                                                          : "1.0.0";
  }
  return convert(std::move(result), version, library);
}

Decoded<Result> to_newest(Result result, ResultLibrary library) {
  if (library == ResultLibrary::v0) {
    if (result.type == Type::v020) {
      return up_from_02(result, "0.4.0");
    }
    result.cni_version = "0.4.0";
    return result;
  }
  return convert(std::move(result), library == ResultLibrary::v1_2 ? "1.1.0" : "1.0.0", library);
}

Value to_value(const Result& result, ResultLibrary library) {
  Value out = Value::object();
  put_text(out, "cniVersion", result.cni_version);
  if (result.type == Type::v020) {
    if (result.ip4) {
      out.set("ip4", address_020_value(*result.ip4));
    }
    if (result.ip6) {
      out.set("ip6", address_020_value(*result.ip6));
    }
  } else {
    put_list(out, "interfaces", values_of(result.interfaces, interface_value));
    put_list(out, "ips", values_of(result.ips, [&](const Result::Address& address) {
               return address_value(address, result.type);
             }));
    put_list(out, "routes", values_of(result.routes, route_value));
  }
  const bool sorted = result.type == Type::v100 && library == ResultLibrary::v1_2;
  if (!sorted || !result.dns.empty()) {
    out.set("dns", dns_value(result.dns));
  }
  if (sorted) {
    // Its MarshalJSON goes through a map.
    if (auto through_map = go::as_interface(out)) {
      return std::move(*through_map);
    }
  }
  return out;
}

}  // namespace cni_matrix::cni
