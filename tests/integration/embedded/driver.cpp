#include "driver.hpp"

#include "scratch_node.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "embedded/embedded_runtime.hpp"
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <net/if.h>
#include <sys/mount.h>

namespace cni_matrix::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_conf_dir = "/run/cni/net.d";
constexpr const char* k_bin = "/opt/cni/bin";

std::size_t count_files(const fs::path& directory, std::string_view prefix,
                        const std::vector<std::string_view>& except = {}) {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    const bool is_excepted = std::any_of(except.begin(), except.end(), [&](std::string_view other) {
      return name.starts_with(other);
    });
    count += !entry.is_directory() && name.starts_with(prefix) && !is_excepted ? 1U : 0U;
  }
  return count;
}

std::size_t count_nat_rules() {
  std::size_t count = 0;
  CommandOptions options;
  options.environment = fixed_environment();
  for (const char* program : {"iptables-save", "ip6tables-save"}) {
    const auto result = value_or_throw(run_command({program, "-t", "nat"}, options));
    for (const std::string& line : split(result.out, '\n')) {
      count += line.starts_with("-A ") ? 1U : 0U;
    }
  }
  return count;
}

std::size_t count_veths() {
  std::size_t count = 0;
  struct if_nameindex* links = ::if_nameindex();
  for (const auto* link = links; link != nullptr && link->if_index != 0; ++link) {
    count += std::string_view(link->if_name).starts_with("veth") ? 1U : 0U;
  }
  ::if_freenameindex(links);
  return count;
}

// The kernel takes a namespace apart after it was unmounted, and its veths with it.
void settle_veths(std::size_t namespaces) {
  for (int tries = 0; tries < 400 && count_veths() > namespaces; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

class Play {
 public:
  explicit Play(const Json& row) : m_row(row) {
    const std::string label = row.at("conflist");
    const auto at = label.find('@');
    m_is_single = row.at("form") == "conf";
    m_name = label.substr(0, at);
    m_version = label.substr(at + 1);
  }

  Json run() {
    fs::create_directories(k_conf_dir);
    fs::create_directories(k_bin);
    link_plugins(m_row.at("plugins"));
    write_conflist(m_version);
    if (m_row.contains("markchain")) {
      make_mark_chain();
    }
    if (scenario() == "plugin-missing-before-run") {
      fs::remove(fs::path(k_bin) / "portmap");
    }
    start(m_row.at("containerd"));

    PodSpec pod;
    pod.uid = "uid";
    if (m_row.contains("hostport")) {
      pod.port_mappings = {{"tcp", 80, m_row.at("hostport").get<std::int32_t>(), ""}};
    }
    const auto id = m_runtime->run_pod_sandbox(pod);
    note("RunPodSandbox", id);
    if (id) {
      m_id = *id;
      m_outcome["leftover_after_run"] = inventory();
      play();
    } else {
      m_outcome["net"] = net();
      const auto left = m_runtime->list_pod_sandboxes();
      if (left && !left->empty()) {
        m_id = left->front().id;
        stop();
        remove();
      }
    }
    m_outcome["leftover"] = inventory();
    return m_outcome;
  }

 private:
  [[nodiscard]] std::string scenario() const { return m_row.at("scenario"); }

  void play() {
    const std::string name = scenario();
    if (name == "lifecycle" || name == "plugin-missing-before-run") {
      stop();
    } else if (name == "double-stop") {
      stop();
      stop();
      remove();
    } else if (name == "repair") {
      if (!stop()) {
        edit();
        stop();
      }
    } else if (name == "version-edit") {
      edit();
      m_outcome["net_after_edit"] = net();
      stop();
    } else if (name == "restart" || name == "runtime-upgrade") {
      restart();
      stop();
    } else if (name == "repair-upgrade") {
      if (!stop()) {
        restart();
        stop();
      }
    } else if (name == "plugin-swap") {
      link_plugins(m_row.at("to_plugins"));
      note("swap-plugins");
      m_outcome["steps"].back()["to"] = m_row.at("to_plugins");
      stop();
    } else if (name == "netns-gone") {
      const std::string netns = m_runtime->pod_sandbox_status(m_id)->netns;
      ::umount2(netns.c_str(), MNT_DETACH);
      fs::remove(netns);
      note("netns-delete");
      stop();
    } else if (name == "conf-removed" || name == "conf-restored") {
      fs::remove(conf_file());
      note("conflist-removed");
      m_outcome["net_after_edit"] = net();
      stop();
      if (name == "conf-restored") {
        write_conflist(m_version);
        note("conflist-restored");
        stop();
      }
    } else if (name == "plugin-missing-before-stop" || name == "plugin-restored") {
      fs::remove(fs::path(k_bin) / "portmap");
      note("portmap-removed");
      stop();
      if (name == "plugin-restored") {
        link_plugins(m_row.at("plugins"));
        note("portmap-restored");
        stop();
      }
    } else {
      throw std::runtime_error("no such scenario: " + name);
    }
    remove();
  }

  void start(const std::string& version) {
    embedded::EmbeddedOptions options;
    options.cni.conf_dir = k_conf_dir;
    m_runtime = value_or_throw(
        embedded::make_embedded_runtime(value_or_throw(Version::parse(version)), options));
    value_or_throw(m_runtime->start());
  }

  void restart() {
    value_or_throw(m_runtime->shut_down());
    note("containerd-SIGTERM");
    start(m_row.value("to_containerd", m_row.at("containerd").get<std::string>()));
    note("containerd-start");
    Json states = Json::array();
    for (const PodSandbox& pod : pods()) {
      states.push_back(pod.state == PodState::ready ? Json() : Json(1));
    }
    m_outcome["pods_after_restart"] = states;
  }

  bool stop() { return note("StopPodSandbox", m_runtime->stop_pod_sandbox(m_id)); }
  bool remove() { return note("RemovePodSandbox", m_runtime->remove_pod_sandbox(m_id)); }

  void edit() {
    const std::string version = m_row.value("to", "0.4.0");
    write_conflist(version);
    note("edit-conflist");
    m_outcome["steps"].back()["to"] = version;
  }

  void note(const char* step) { m_outcome["steps"].push_back({{"step", step}, {"ok", true}}); }

  template <typename T>
  bool note(const char* step, const RuntimeResult<T>& result) {
    note(step);
    if (!result) {
      Json& noted = m_outcome["steps"].back();
      noted["ok"] = false;
      noted["code"] = result.error().code;
      noted["error"] = result.error().message;
    }
    return result.has_value();
  }

  [[nodiscard]] fs::path conf_file() const {
    return fs::path(k_conf_dir) / (m_is_single ? "10-test.conf" : "10-test.conflist");
  }

  void write_conflist(const std::string& version) const {
    const fs::path source =
        fs::path(CNI_MATRIX_TEST_CONFLISTS) / (m_name + (m_is_single ? ".conf" : ".conflist"));
    auto list = OrderedJson::parse(value_or_throw(read_file(source)));
    list.erase("cniVersion");
    if (version != "none") {
      list["cniVersion"] = version == "empty" ? "" : version;
    }
    value_or_throw(write_file(conf_file(), list.dump(2)));
  }

  static void link_plugins(const std::string& release) {
    for (const auto& old : fs::directory_iterator(k_bin)) {
      fs::remove(old);
    }
    for (const auto& plugin : fs::directory_iterator(fs::path(k_node_plugins) / release)) {
      fs::create_symlink(plugin.path(), fs::path(k_bin) / plugin.path().filename());
    }
  }

  static void make_mark_chain() {
    CommandOptions options;
    options.environment = fixed_environment();
    for (const char* program : {"iptables", "ip6tables"}) {
      const auto made =
          value_or_throw(run_command({program, "-t", "nat", "-N", "KUBE-MARK-MASQ"}, options));
      if (!made.ok()) {
        throw std::runtime_error(made.err);
      }
    }
  }

  std::vector<PodSandbox> pods() {
    auto list = m_runtime->list_pod_sandboxes();
    if (!list) {
      throw std::runtime_error(list.error().message);
    }
    return std::move(*list);
  }

  Json inventory() {
    Json states = Json::array();
    for (const PodSandbox& pod : pods()) {
      states.push_back(pod.state == PodState::ready ? "READY" : "NOTREADY");
    }
    const auto netns = count_files("/var/run/netns", "cni-");
    settle_veths(netns);
    return {{"netns", netns},
            {"host_veths", count_veths()},
            {"ipam_leases", count_files("/var/lib/cni/networks", "", {"last_reserved_ip", "lock"})},
            {"results_cache", count_files("/var/lib/cni/results", "")},
            {"nat_rules", count_nat_rules()},
            {"pods", states}};
  }

  Json net() {
    const auto status = m_runtime->network_status();
    if (!status) {
      return status.error().message;
    }
    Json value = {{"network_ready", status->network_ready}};
    if (!status->message.empty()) {
      value["message"] = status->message;
    }
    for (const auto& [key, text] : status->load_status) {
      value[key] = text;
    }
    return value;
  }

  const Json& m_row;
  bool m_is_single = false;
  std::string m_name;
  std::string m_version;
  std::unique_ptr<PodRuntime> m_runtime;
  std::string m_id;
  Json m_outcome = {{"steps", Json::array()}};
};

}  // namespace

Json play(const Json& row) {
  try {
    return Play(row).run();
  } catch (const std::exception& error) {
    return {{"steps", Json::array({{{"step", "driver"}, {"ok", false}, {"error", error.what()}}})}};
  }
}

}  // namespace cni_matrix::test
