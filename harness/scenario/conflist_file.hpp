#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/scenario/conflist.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace cni_matrix::scenario {

// The network configuration of a cell as a file in /etc/cni/net.d.
class ConflistFile {
 public:
  // Reads the conflist's file on the host and applies the cell's override. Error kind: input (not
  // JSON, or nothing that the libcni of any containerd takes for a configuration), with the file.
  static Expected<ConflistFile> load(const scenario::Conflist& conflist);

  // Inside the node. Error kind: broken.
  [[nodiscard]] Expected<void> write() const;   // in place, as an editor does
  [[nodiscard]] Expected<bool> remove() const;  // false when it was not there
  // Change cniVersion: a value, "none" (key removed) or "empty" (""). Only in memory.
  void set_version(const std::string& version);
  // RFC 6902, only in memory, with two words more: a path may have a role behind /plugins
  // ("/plugins/@ports/backend", "/plugins/@ipam/dataDir"; see Chain), and the operation "drop" is
  // "remove" where there is such. Error kind: unavailable, when the configuration has not what it
  // is about; input, for what is no patch.
  Expected<void> patch(const Json& patch);
  // Only in memory, of host-local's first range. Error kind: unavailable, where there is none.
  Expected<void> set_subnet(const std::string& subnet);
  // It gives out so many addresses.
  Expected<void> limit_addresses(unsigned count);

  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }  // in the node
  [[nodiscard]] const std::string& text() const { return m_text; }
  [[nodiscard]] Json json() const;
  // One sentence, where the text on the host is one that no containerd can read, though people can
  // (comments, a byte order mark); mostly empty.
  [[nodiscard]] const std::string& refusal() const { return m_refusal; }

 private:
  // The range alone, in the place of what was there.
  Expected<void> set_range(const OrderedJson& range);

  std::filesystem::path m_path;  // /etc/cni/net.d/10-bridge-portmap.conflist
  OrderedJson m_configuration;
  std::string m_text;
  std::string m_refusal;
};

}  // namespace cni_matrix::scenario
