// Real containerds in real nodes, as root or through a user namespace.
#include "stacks.hpp"

#include "base/digest.hpp"
#include "base/file.hpp"
#include "containerd/prepared_root.hpp"
#include "node/node.hpp"
#include "runtime/node_layout.hpp"
#include "verdict/residue.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/node/inventory.hpp>

#include <gmock/gmock.h>

#include <array>
#include <functional>
#include <set>

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

namespace cni_matrix::containerd {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_root_tar = "/run/cni-matrix/containerd-root.tar";
constexpr const char* k_pause = "/run/cni-matrix/pause";
constexpr const char* k_conflist = "/etc/cni/net.d/10-net.conflist";
constexpr std::chrono::seconds k_limit{120};

std::string conflist(const std::string& network) {
  return R"({"cniVersion":"0.4.0","name":")" + network + R"(","plugins":[{"type":"bridge",
    "bridge":"cni0","isGateway":true,"ipam":{"type":"host-local","subnet":"10.22.0.0/16"}}]})";
}

// What a check inside the node found wrong: the first of these ends it.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool holds, const std::string& what) {
  if (!holds) {
    throw Wrong(what);
  }
}

template <typename T>
T must(RuntimeResult<T>&& result, const std::string& what) {
  require(result.has_value(),
          what + ": " + (result ? "" : result.error().code + ": " + result.error().message));
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

template <typename T>
T must(Expected<T>&& result, const std::string& what) {
  require(result.has_value(), what + ": " + (result ? "" : result.error().message));
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

// The cgroups of the host, less those that others make and remove meanwhile: ours would be below
// k8s.io or a pod's id.
std::set<std::string> our_cgroups() {
  std::set<std::string> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry("/sys/fs/cgroup", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == "k8s.io" ||
        (name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos)) {
      found.insert(entry->path().string());
    }
  }
  return found;
}

class Containerd : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    m_containerds = containerds();
    m_plugins = plugins();
    m_runc = find_program("runc");
    if (m_containerds.empty()) {
      GTEST_SKIP()
          << "no containerd at hand: fill the cache, or set CNI_MATRIX_TEST_CONTAINERD_DIRS";
    }
    if (m_plugins.empty() || m_runc.empty()) {
      GTEST_SKIP()
          << "no CNI plugins, or no runc, at hand: install containernetworking-plugins, runc";
    }
    m_cgroups = our_cgroups();
  }
  void TearDown() override { EXPECT_EQ(our_cgroups(), m_cgroups) << "a cgroup stayed behind"; }

  // Run `work` in a node that has every containerd at hand, number i in /opt/stacks/i.
  void in_node(const std::function<void()>& work, std::vector<node::Bind> binds = {}) {
    EXPECT_EQ(answer_of([&](int) { work(); }, std::move(binds)), "");
  }

  // What `work` writes to its descriptor there, or what it found wrong.
  std::string answer_of(const std::function<void(int)>& work, std::vector<node::Bind> binds = {}) {
    binds.push_back({m_plugins, layout::k_cni_bin});
    binds.push_back({m_runc, k_runc});
    binds.push_back({libexec_directory() / "runc-wrapper", k_runc_wrapper});
    binds.push_back({libexec_directory() / "pause", k_pause});
    for (std::size_t i = 0; i < m_containerds.size(); ++i) {
      binds.push_back({m_containerds[i].binaries, fs::path(layout::k_stacks) / std::to_string(i)});
    }
    node::NodeOptions options;
    options.binds = std::move(binds);
    const auto worker = [&](int output, std::int64_t) {
      std::string text;
      try {
        work(output);
      } catch (const Wrong& wrong) {
        text = wrong.what();
        if (const auto log = read_file(ContainerdOptions().log)) {
          text += "\n" + *log;
        }
      }
      return ::write(output, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1;
    };
    auto node = node::Node::start(options, worker);
    return node ? read_to_end(node->output()) : node.error().message;
  }

  [[nodiscard]] ContainerdOptions options(std::size_t index) const {
    ContainerdOptions result;
    result.binaries = fs::path(layout::k_stacks) / std::to_string(index);
    result.version = m_containerds[index].version;
    return result;
  }

  // The prepared root of containerd `index`, in a folder of this test.
  fs::path prepare(std::size_t index) {
    fs::path file = m_folder.path() / (std::to_string(index) + ".tar");
    const std::string tar = answer_of(
        [&](int output) { must(build_root(options(index), k_pause, output), "build_root"); });
    const Fd memory(::memfd_create("containerd-root", MFD_CLOEXEC));
    EXPECT_EQ(::write(memory.get(), tar.data(), tar.size()), static_cast<ssize_t>(tar.size()));
    const auto saved = save_root(memory.get(), file);
    EXPECT_TRUE(saved) << saved.error().message;
    return file;
  }

  [[nodiscard]] std::string name(std::size_t index) const {
    return "containerd " + m_containerds[index].version.str();
  }

  std::vector<TestContainerd> m_containerds;

 private:
  static std::string read_to_end(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (pollfd watched{fd, POLLIN, 0};
         ::poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(k_limit).count())) > 0;) {
      const auto count = ::read(fd, buffer.data(), buffer.size());
      if (count <= 0) {
        return text;
      }
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text + "the node did not end in time";
  }

  fs::path m_plugins;
  fs::path m_runc;
  std::set<std::string> m_cgroups;
  TemporaryDirectory m_folder = TemporaryDirectory::create().value();
};

TEST_F(Containerd, RunsStopsAndRemovesAPod) {
  ASSERT_TRUE(verdict::use_residue());  // read here: the node does not see the file
  for (std::size_t i = 0; i < m_containerds.size(); ++i) {
    SCOPED_TRACE(name(i));
    const auto tar = prepare(i);
    in_node(
        [&] {
          must(write_file(k_conflist, conflist("net")), "conflist");
          must(place_root(k_root_tar, options(i).root), "place_root");
          const auto runtime = make_containerd_runtime(options(i));
          must(runtime->start(), "start");
          const auto before = must(node::take_inventory(), "inventory");
          require(must(runtime->network_status(), "Status").network_ready, "network not ready");

          PodSpec pod;
          pod.uid = "0b1f";
          const auto id = must(runtime->run_pod_sandbox(pod), "RunPodSandbox");
          const auto status = must(runtime->pod_sandbox_status(id), "PodSandboxStatus");
          require(status.state == PodState::ready, "the pod is not ready");
          require(status.ips == std::vector<std::string>{"10.22.0.2"},
                  "the pod's address is wrong");
          require(status.netns.starts_with("/var/run/netns/cni-"), "netns: " + status.netns);
          require(fs::exists(status.netns), "the pod's netns is not there: " + status.netns);

          must(runtime->stop_pod_sandbox(id), "StopPodSandbox");
          require(must(runtime->list_pod_sandboxes(), "List").at(0).state == PodState::not_ready,
                  "the pod is still ready");
          must(runtime->remove_pod_sandbox(id), "RemovePodSandbox");
          require(must(runtime->list_pod_sandboxes(), "List").empty(), "the pod is still listed");
          const auto left = verdict::split_residue(
                                node::difference(before, must(node::take_inventory(), "inventory")))
                                .leaked;
          for (const auto leak : node::k_leak_classes) {
            require(left.of(leak).empty(), "left behind: " + to_json(left).dump());
          }
          must(runtime->shut_down(), "shut_down");
        },
        {{tar, k_root_tar}});
  }
}

TEST_F(Containerd, TakesOverAPodAfterARestart) {
  for (std::size_t i = 0; i < m_containerds.size(); ++i) {
    SCOPED_TRACE(name(i));
    const auto tar = prepare(i);
    in_node(
        [&] {
          must(write_file(k_conflist, conflist("net")), "conflist");
          must(place_root(k_root_tar, options(i).root), "place_root");
          const auto runtime = make_containerd_runtime(options(i));
          must(runtime->start(), "start");
          const auto id = must(runtime->run_pod_sandbox({}), "RunPodSandbox");
          must(runtime->shut_down(), "shut_down");
          must(runtime->start(), "second start");
          require(
              must(runtime->pod_sandbox_status(id), "PodSandboxStatus").state == PodState::ready,
              "the pod did not outlive the restart");
          must(runtime->stop_pod_sandbox(id), "StopPodSandbox");
          must(runtime->remove_pod_sandbox(id), "RemovePodSandbox");
        },
        {{tar, k_root_tar}});
  }
}

// As an upgrade of a node does it: from each version to the next one.
TEST_F(Containerd, TakesOverAPodOfAnOlderVersion) {
  if (m_containerds.size() < 2) {
    GTEST_SKIP() << "only one containerd at hand";
  }
  for (std::size_t i = 0; i + 1 < m_containerds.size(); ++i) {
    SCOPED_TRACE(name(i) + " to " + name(i + 1));
    const auto tar = prepare(i);
    in_node(
        [&] {
          must(write_file(k_conflist, conflist("net")), "conflist");
          must(place_root(k_root_tar, options(i).root), "place_root");
          const auto older = make_containerd_runtime(options(i));
          must(older->start(), "start");
          const auto id = must(older->run_pod_sandbox({}), "RunPodSandbox");
          must(older->shut_down(), "shut_down");
          const auto newer = make_containerd_runtime(options(i + 1));
          must(newer->start(), "start of the newer");
          must(newer->stop_pod_sandbox(id), "StopPodSandbox");
          must(newer->remove_pod_sandbox(id), "RemovePodSandbox");
        },
        {{tar, k_root_tar}});
  }
}

TEST_F(Containerd, ShowsTheConfigurationThatItLoaded) {
  for (std::size_t i = 0; i < m_containerds.size(); ++i) {
    SCOPED_TRACE(name(i));
    in_node([&] {
      must(write_file(k_conflist, conflist("first")), "conflist");
      const auto runtime = make_containerd_runtime(options(i));
      must(runtime->start(), "start");
      const auto shows = [&](const std::string& network) {
        const auto status = must(runtime->network_status(), "Status");
        for (const Json& entry : status.configuration.at("Networks")) {
          if (entry.at("Config").at("Name") == network) {
            return true;
          }
        }
        return false;
      };
      require(shows("first"), "the first configuration is not shown");
      must(write_file(k_conflist, conflist("second")), "conflist");
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      while (!shows("second")) {
        require(std::chrono::steady_clock::now() < deadline, "the edit was not noticed in 10 s");
        ::poll(nullptr, 0, 2);
      }
    });
  }
}

TEST_F(Containerd, SaysWhyTheNetworkIsNotReady) {
  for (std::size_t i = 0; i < m_containerds.size(); ++i) {
    SCOPED_TRACE(name(i));
    const auto tar = prepare(i);
    in_node(
        [&] {
          must(place_root(k_root_tar, options(i).root), "place_root");
          const auto runtime = make_containerd_runtime(options(i));
          must(runtime->start(), "start");
          const auto status = must(runtime->network_status(), "Status");
          require(!status.network_ready && status.reason == "NetworkPluginNotReady", status.reason);
          require(status.load_status.at("lastCNILoadStatus").find("no network config found") !=
                      std::string::npos,
                  status.load_status.at("lastCNILoadStatus"));
          const auto refused = runtime->run_pod_sandbox({});
          require(
              !refused && refused.error().code == "Unknown" &&
                  refused.error().message.find("cni plugin not initialized") != std::string::npos,
              refused ? "a pod ran without a network" : refused.error().message);
        },
        {{tar, k_root_tar}});
  }
}

}  // namespace
}  // namespace cni_matrix::containerd
