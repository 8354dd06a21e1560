#include "libcni.hpp"

#include "go/base64.hpp"
#include "go/decode.hpp"
#include "go/file.hpp"
#include "go/format.hpp"
#include "go/interface.hpp"
#include "go/json_parse.hpp"
#include "go/json_print.hpp"
#include "go/value.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

// The files of /var/lib/cni/results.
namespace cni_matrix::cni {

namespace {

using go::Decoded;
using go::Value;

constexpr const char* k_cache_kind = "cniCacheV1";

// libcni.cachedInfo.
struct CachedInfo {
  CachedAttachment attachment;
  Value result;
};

// Nothing when the file is of another format, as libcni 0.7 wrote it.
std::optional<CachedInfo> cached_info(const std::string& text) {
  const auto file = go::parse(text);
  if (!file) {
    return std::nullopt;
  }
  CachedInfo info;
  auto& runtime = info.attachment.runtime;
  std::string kind;
  go::StructDecoder d;
  const auto text_field = [&](std::string& out) {
    return [&](const Value& v) { return d.string(v, out); };
  };
  const auto bytes = [&](const Value& v) {
    if (v.is(Value::Kind::string) ? !go::is_base64(v.text) : !v.is(Value::Kind::null)) {
      d.mismatch(v, "[]uint8");
    }
    return true;
  };
  const auto pairs = [&](const Value& v) {
    return d.array(
        v, "[][2]string", [&](std::size_t size) { runtime.arguments.resize(size); },
        [&](std::size_t i, const Value& pair) {
          return d.array(
              pair, "[2]string", [](std::size_t) {},
              [&, i](std::size_t j, const Value& word) {
                auto& [key, value] = runtime.arguments[i];
                // Go skips what an array has no room for.
                return j > 1 || d.string(word, j == 0 ? key : value);
              });
        });
  };
  const auto map = [&](Value& out) {
    return [&](const Value& v) {
      return d.map(v, "map[string]interface {}", [&](const std::string&, const Value&) {
        if (auto decoded = go::as_interface(v)) {
          out = std::move(*decoded);
        } else {
          d.mismatch("number", "float64");
        }
        return true;
      });
    };
  };
  d.object(*file, "libcni.cachedInfo", "cachedInfo",
           {{"kind", text_field(kind)},
            {"containerId", text_field(runtime.container_id)},
            {"config", bytes},
            {"ifName", text_field(runtime.interface)},
            {"networkName", text_field(info.attachment.network)},
            {"netns", text_field(runtime.netns)},
            {"cniArgs", pairs},
            {"capabilityArgs", map(runtime.capabilities)},
            {"result", map(info.result)}});
  if (d.error() || kind != k_cache_kind) {
    return std::nullopt;
  }
  return info;
}

}  // namespace

Decoded<std::filesystem::path> Libcni::cache_file(const std::string& network,
                                                  const RuntimeConf& runtime) const {
  if (m_traits.cache_with_config &&
      (network.empty() || runtime.container_id.empty() || runtime.interface.empty())) {
    return tl::unexpected(fmt::format(
        "cache file path requires network name ({}), container ID ({}), and interface name ({})",
        go::quote(network), go::quote(runtime.container_id), go::quote(runtime.interface)));
  }
  const std::string name =
      fmt::format("{}-{}-{}", network, runtime.container_id, runtime.interface);
  return std::filesystem::path(m_cache_dir.string() + "/results/" + name).lexically_normal();
}

Decoded<void> Libcni::cache_add(const Result& result, const NetworkConfigList& list,
                                const RuntimeConf& runtime) const {
  Value content = to_value(result, m_traits.results);
  if (m_traits.cache_with_config) {
    auto as_map = go::as_interface(content);
    if (!as_map) {
      return tl::unexpected(as_map.error());
    }
    content = Value::object({{"kind", Value::of(k_cache_kind)},
                             {"containerId", Value::of(runtime.container_id)},
                             {"config", Value::of(go::base64(list.bytes))},
                             {"ifName", Value::of(runtime.interface)},
                             {"networkName", Value::of(list.name)}});
    if (m_traits.cache_with_netns && !runtime.netns.empty()) {
      content.set("netns", Value::of(runtime.netns));
    }
    if (!runtime.arguments.empty()) {
      Value arguments = Value::array();
      for (const auto& [key, value] : runtime.arguments) {
        arguments.items.push_back(Value::array({Value::of(key), Value::of(value)}));
      }
      content.set("cniArgs", std::move(arguments));
    }
    if (!runtime.capabilities.members.empty()) {
      Value capabilities = runtime.capabilities;  // a map in Go; what is in it are structs
      std::sort(capabilities.members.begin(), capabilities.members.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      content.set("capabilityArgs", std::move(capabilities));
    }
    if (!as_map->members.empty()) {
      content.set("result", std::move(*as_map));
    }
  }
  const auto file = cache_file(list.name, runtime);
  if (!file) {
    return tl::unexpected(file.error());
  }
  return go::write_file(*file, go::marshal(content));
}

void Libcni::cache_del(const NetworkConfigList& list, const RuntimeConf& runtime) const {
  if (const auto file = cache_file(list.name, runtime)) {
    ::unlink(file->c_str());
  }
}

Decoded<std::optional<Result>> Libcni::cached_result(const NetworkConfigList& list,
                                                     const RuntimeConf& runtime) const {
  const auto file = cache_file(list.name, runtime);
  if (!file) {
    return tl::unexpected(file.error());
  }
  auto text = go::read_file(*file);
  if (!text) {
    return std::nullopt;  // libcni takes any trouble here for "there is none"
  }
  if (m_traits.cache_with_config) {
    if (const auto info = cached_info(*text)) {
      *text = go::marshal(info->result);
    }
  }
  const auto version = go::decode_version(*text);
  if (!version) {
    return tl::unexpected(version.error());
  }
  auto result = create_result(*version, *text, m_traits.results);
  if (!result) {
    return tl::unexpected(result.error());
  }
  auto converted = get_as_version(std::move(*result), list.cni_version, m_traits.results);
  if (converted) {
    return std::optional(std::move(*converted));
  }
  if (m_traits.names_cached_version) {
    if (*version == list.cni_version) {
      return tl::unexpected(converted.error());
    }
    return tl::unexpected(
        fmt::format("failed to convert cached result version {} to config version {}: {}",
                    go::quote(*version), go::quote(list.cni_version), converted.error()));
  }
  return tl::unexpected(fmt::format("failed to convert cached result to config version {}: {}",
                                    go::quote(list.cni_version), converted.error()));
}

Decoded<std::vector<CachedAttachment>> Libcni::cached_attachments() const {
  const auto directory = m_cache_dir / "results";
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    files.push_back(entry->path());
  }
  if (error == std::errc::no_such_file_or_directory) {
    return {};
  }
  if (error) {
    return tl::unexpected(
        fmt::format("open {}: {}", directory.string(), go::error_text(error.value())));
  }
  std::sort(files.begin(), files.end());
  std::vector<CachedAttachment> attachments;
  for (const auto& file : files) {
    const auto text = go::read_file(file);
    auto info = text ? cached_info(*text) : std::nullopt;
    if (info && !info->attachment.network.empty() && !info->attachment.runtime.interface.empty()) {
      attachments.push_back(std::move(info->attachment));
    }
  }
  return attachments;
}

}  // namespace cni_matrix::cni
