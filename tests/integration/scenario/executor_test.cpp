// How the executor goes through steps, on a runtime that does as it is told.

#include "scenario/executor.hpp"

#include "fake_runtime.hpp"
#include "in_node.hpp"

#include "scenario/scenario_library.hpp"
#include <cni_matrix/base/paths.hpp>

namespace cni_matrix::scenario {
namespace {

using testing_support::in_node;
using testing_support::InNode;
using testing_support::Lines;

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FakeRuntime;

// What came of it: a line a step, then what the runtime was asked.
struct Course {
  Lines steps;
  Lines calls;
  Lines limits;
  Lines pods;  // what they were run with
};

std::string line_of(const StepResult& step) {
  return fmt::format("{}{}{}{}{}", step.step, step.pod.empty() ? "" : " " + step.pod,
                     step.detail.empty() ? "" : " (" + step.detail + ")", step.ok ? "" : ": ",
                     step.error);
}

std::string line_of(const PodSpec& pod) {
  auto line = fmt::format("{} {}{}", pod.name, pod.handler, pod.host_network ? " host" : "");
  for (const auto& port : pod.port_mappings) {
    line += fmt::format(" {}{}{}:{}/{}", port.host_ip, port.host_ip.empty() ? "" : ":",
                        port.host_port, port.container_port, port.protocol);
  }
  for (const auto& [key, value] : pod.annotations) {
    line += fmt::format(" {}={}", key, value);
  }
  return line +
         fmt::format(" {} {}", fmt::join(pod.dns.servers, ","), fmt::join(pod.dns.options, ","));
}

class ExecutorTest : public InNode {
 protected:
  void SetUp() override {
    InNode::SetUp();
    directory = value_or_throw(TemporaryDirectory::create());
  }

  // The steps of a scenario file, in a node. `prepare` is what the runtime is like.
  Course execute(const std::string& steps, const std::map<std::string, std::string>& refused = {},
                 const std::function<void(FakeRuntime::Memory&)>& prepare = {}) const {
    const auto file = directory->path() / "asked.json";
    value_or_throw(
        write_file(file, R"({"id": "asked", "title": "Asked", "steps": )" + steps + "}"));
    ScenarioLibrary library;
    const auto scenario = value_or_throw(library.find(file.string()));
    scenario::Conflist conflist;
    conflist.name = "bridge-portmap";
    conflist.file = data_directory() / "scenarios/conflists/bridge-portmap.conflist";
    scenario::Setup setup{value_or_throw(bind_steps(*scenario, {})),
                          value_or_throw(ConflistFile::load(conflist)),
                          {},
                          {},
                          {},
                          nullptr,
                          false,
                          std::chrono::seconds(10),
                          {}};
    setup.plugins[""] = {"1.1.1", "/opt/cni/bin"};
    const auto lines = in_node([&] {
      auto memory = std::make_shared<FakeRuntime::Memory>();
      memory->refused = refused;
      if (prepare) {
        prepare(*memory);
      }
      RuntimeChoice choice;
      choice.version = "1.6.20";
      choice.make = [memory](const RuntimeSettings&) -> Expected<std::unique_ptr<PodRuntime>> {
        return std::make_unique<FakeRuntime>(memory);
      };
      setup.runtimes[""] = choice;
      const auto outcome = scenario::execute(setup);
      if (!outcome) {
        return Lines{"s" + outcome.error().message};
      }
      Lines told;
      for (const auto& step : outcome->steps) {
        told.push_back("s" + line_of(step));
      }
      for (const auto& call : memory->calls) {
        told.push_back("c" + call);
      }
      for (const auto& [pod, spec] : memory->spec_of) {
        told.push_back("p" + line_of(spec));
      }
      for (const auto& [pod, limit] : memory->limit_of) {
        told.push_back(fmt::format("l{} {}", pod, limit ? limit->count() : 0));
      }
      return told;
    });
    Course course;
    for (const auto& line : lines) {
      auto& where = line.starts_with('s')   ? course.steps
                    : line.starts_with('c') ? course.calls
                    : line.starts_with('p') ? course.pods
                                            : course.limits;
      where.push_back(line.substr(1));
    }
    return course;
  }

  std::optional<TemporaryDirectory> directory;
};

TEST_F(ExecutorTest, GoesThroughALife) {
  const auto course = execute(R"([{"step": "run"}, {"step": "status"}, {"step": "stop"},
                                  {"step": "remove"}])");
  EXPECT_THAT(course.steps, ElementsAre("RunPodSandbox", "PodSandboxStatus", "StopPodSandbox",
                                        "RemovePodSandbox"));
  EXPECT_THAT(course.calls, ElementsAre("start", "run pod", "stop pod", "remove pod"));
}

TEST_F(ExecutorTest, EndsAfterARunThatFails) {
  const auto course = execute(R"([{"step": "run"}, {"step": "stop"}, {"step": "remove"}])",
                              {{"run pod", "no network"}});
  EXPECT_THAT(course.steps, ElementsAre("RunPodSandbox: no network"));
}

TEST_F(ExecutorTest, GoesOnAfterARunThatHasToFail) {
  const auto course = execute(R"([{"step": "run", "expect": "no network"},
                                  {"step": "run", "pod": "second"}])",
                              {{"run pod", "no network"}});
  EXPECT_THAT(course.steps, ElementsAre("RunPodSandbox: no network", "RunPodSandbox second"));
}

TEST_F(ExecutorTest, DoesWhatIsForAFailedStopOnlyThen) {
  const std::string steps = R"([{"step": "run"}, {"step": "stop"},
      {"step": "restart-runtime", "if": "stop-failed"}, {"step": "remove"}])";
  EXPECT_THAT(execute(steps).calls, ElementsAre("start", "run pod", "stop pod", "remove pod"));
  EXPECT_THAT(execute(steps, {{"stop pod", "busy"}}).calls,
              ElementsAre("start", "run pod", "stop pod", "shut down", "start", "remove pod"));
}

// A deadline is about the step that has it.
TEST_F(ExecutorTest, GivesADeadlineToItsOwnStepOnly) {
  const auto course = execute(R"([{"step": "run", "withinMs": 700},
      {"step": "run", "pod": "group", "count": 2, "parallel": true},
      {"step": "cycle", "pod": "more", "times": 1}])");
  EXPECT_THAT(course.limits, ElementsAre("pod 700", "pod-2 0", "pod-3 0", "pod-4 0"));
}

TEST_F(ExecutorTest, AsksForWhatAPodIsToHave) {
  const auto course = execute(R"([{"step": "run", "hostPort": 8089, "protocols": ["tcp", "udp"],
      "annotations": {"example.org/x": "any text"},
      "dns": {"servers": ["10.96.0.10"], "options": ["ndots:5"]}}, {"step": "run", "pod": "b"}])");
  EXPECT_THAT(course.pods,
              ElementsAre("pod  8089:80/tcp 8089:80/udp example.org/x=any text 10.96.0.10 ndots:5",
                          "pod-2   "));
}

TEST_F(ExecutorTest, AsksForAVersionOfCri) {
  EXPECT_THAT(execute(R"([{"step": "call-api", "api": "v1alpha2"}])").calls,
              ElementsAre("start", "call api v1alpha2"));
}

// The judge does not ask of CNI for such pods.
TEST_F(ExecutorTest, TellsOfTheNodesNetworkAlsoWhenPodsStartAtOnce) {
  EXPECT_THAT(
      execute(R"([{"step": "run", "pod": "group", "count": 2, "parallel": true,
                           "hostNetwork": true}])")
          .steps,
      ElementsAre("RunPodSandbox group-1 (host network)", "RunPodSandbox group-2 (host network)"));
}

// What dies of a configuration dies again when it starts on it.
TEST_F(ExecutorTest, TakesTheEndOfTheRuntimeForAResult) {
  const std::string words = "containerd has ended: panic: nil map";
  const auto at_start = execute(R"([{"step": "run"}])", {},
                                [&](FakeRuntime::Memory& memory) { memory.last_words = words; });
  EXPECT_THAT(at_start.steps, ElementsAre("containerd (start the runtime): " + words));

  const auto dies = [&](FakeRuntime::Memory& memory) {
    memory.status = [&memory, words]() -> RuntimeResult<NetworkStatus> {
      memory.last_words = words;
      return tl::unexpected(RuntimeError{"Unavailable", "connection reset"});
    };
  };
  const auto later = execute(
      R"([{"step": "run"}, {"step": "edit-conflist", "to": "1.0.0"}, {"step": "stop"}])", {}, dies);
  EXPECT_THAT(later.steps, ElementsAre("RunPodSandbox", "containerd (edit-conflist): " + words));
}

// One that a step has killed looks at the configuration when it starts again.
TEST_F(ExecutorTest, DoesNotWaitForARuntimeThatIsDown) {
  const auto down = [](FakeRuntime::Memory& memory) {
    memory.status = []() -> RuntimeResult<NetworkStatus> {
      return tl::unexpected(RuntimeError{"Unavailable", "containerd is not running"});
    };
  };
  EXPECT_THAT(execute(R"([{"step": "kill-runtime"}, {"step": "edit-conflist", "to": "1.0.0"},
                          {"step": "remove-conflist"}])",
                      {}, down)
                  .steps,
              ElementsAre("kill-runtime", "edit-conflist (1.0.0)", "remove-conflist"));
}

TEST_F(ExecutorTest, AwaitsWhatComesOfAChange) {
  // Ready all the time; what was written is loaded when Status was asked for a while.
  const auto slow = [](FakeRuntime::Memory& memory) {
    memory.status = [&memory, asked = 0]() mutable {
      constexpr int k_slow = 20;
      NetworkStatus status;
      status.network_ready = true;
      status.configuration = Json{{"loaded", ++asked > k_slow}};
      if (asked == k_slow) {
        memory.calls.emplace_back("load");
      }
      return RuntimeResult<NetworkStatus>(status);
    };
  };
  const auto course = execute(R"([{"step": "write-config", "file": "x.txt", "text": ""},
                                  {"step": "await"}, {"step": "call-api", "api": "v1"}])",
                              {}, slow);
  EXPECT_THAT(course.steps, ElementsAre("write-config (x.txt)", "await", "call-api (v1)"));
  EXPECT_THAT(course.calls, ElementsAre("start", "load", "call api v1"));
}

TEST_F(ExecutorTest, SaysWhereAStepHasNothingToDo) {
  const auto course = execute(R"([
      {"step": "write-config", "file": "x.txt", "text": "a", "how": "symlink"},
      {"step": "write-config", "file": "x.txt", "text": "b", "how": "symlink"},
      {"step": "remove-config", "file": "x.txt"}, {"step": "remove-config", "file": "x.txt"},
      {"step": "remove-plugin", "plugin": "none"}, {"step": "restore-plugin", "plugin": "none"},
      {"step": "restore-plugin", "plugin": "none"}, {"step": "add-link", "link": "uplink"}])");
  EXPECT_THAT(course.steps,
              ElementsAre("write-config (x.txt)", "write-config (x.txt)", "remove-config (x.txt)",
                          "remove-config (x.txt, which was not there)",
                          "remove-plugin (none, which was not there)", "restore-plugin (none)",
                          "restore-plugin (none, which was there already)",
                          "add-link (uplink, which was there already)"));
}

TEST_F(ExecutorTest, AsksForAnyHostPort) {
  const auto course =
      execute(R"([{"step": "run", "hostPort": 8089, "hostIP": "192.0.2.2", "protocols": ["sctp"],
                   "annotations": {"kubernetes.io/ingress-bandwidth": "as much as there is"}},
                  {"step": "update-runtime-config", "podCidr": "10.1.0.0/24"}])");
  EXPECT_THAT(course.pods, ElementsAre("pod  192.0.2.2:8089:80/sctp "
                                       "kubernetes.io/ingress-bandwidth=as much as there is  "));
  EXPECT_THAT(course.calls, ElementsAre("start", "run pod", "update 10.1.0.0/24"));
}

}  // namespace
}  // namespace cni_matrix::scenario
