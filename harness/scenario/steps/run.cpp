#include "../act.hpp"
#include "../cell_needs.hpp"
#include "../configuration_files.hpp"
#include "../demands.hpp"
#include "../parallel_run.hpp"
#include "../stage.hpp"
#include "../story.hpp"
#include "families.hpp"

#include "base/try.hpp"
#include "runtime/node_layout.hpp"

// run, cycle: RunPodSandbox.
namespace cni_matrix::scenario::steps {

namespace {

// What results say of a pod that has the node's network.
constexpr const char* k_host_network = "host network";

// RunPodSandbox, of one pod or of a group: one after the other, or all at once.
class Run : public Act {
 public:
  static Expected<Run> read(const Fields& fields) {
    Run run;
    run.m_pod = fields.pod();
    run.m_count = fields.number("count");
    run.m_parallel = fields.flag("parallel");
    run.m_within = std::chrono::milliseconds(fields.number("withinMs"));
    run.m_request.handler = fields.text("handler");
    run.m_request.host_network = fields.flag("hostNetwork");
    run.m_request.host_port = fields.number("hostPort");
    run.m_request.host_ip = fields.text("hostIP");
    run.m_request.protocols = fields.texts("protocols", run.m_request.protocols);
    if (fields.has("annotations")) {
      run.m_request.annotations = fields.at("annotations");
    }
    if (fields.has("dns")) {
      const Fields dns(fields.at("dns"), fields.place());
      run.m_request.dns = {dns.texts("servers"), dns.texts("searches"), dns.texts("options")};
    }
    if (run.m_parallel && run.m_count == 0) {
      return fields.refusal(": \"parallel\" needs a \"count\" of pods");
    }
    if (run.m_parallel && run.m_within.count() > 0) {
      return fields.refusal(": \"parallel\" and \"withinMs\" do not go together");
    }
    return run;
  }

  void demand(Demands& demands) const override {
    demands.own_host_port = demands.own_host_port || m_request.host_port > 0;
    demands.pods_at_once = demands.pods_at_once || m_parallel;
    demands.always_serially = demands.always_serially && demands.settings.setup_serially;
  }

  Expected<void> follow(Story& story, const Step& step) const override {
    if (!m_request.handler.empty() && !story.settings.handlers.contains(m_request.handler)) {
      return story.refusal("no settings before it have the handler \"{}\"", m_request.handler);
    }
    return story.runs(m_pod, {step.is_certain(), m_count > 0, m_request.host_network});
  }

  Expected<void> plan(CellNeeds& needs) const override {
    const bool of_a_port =
        m_request.protocols != std::vector<std::string>{"tcp"} || !m_request.host_ip.empty();
    if (of_a_port && m_request.host_port == 0 && !needs.cell_host_port) {
      return input_error("{}: {} without a host port; give the step a \"hostPort\"", needs.place,
                         m_request.host_ip.empty() ? "protocols" : "hostIP");
    }
    return {};
  }

  [[nodiscard]] std::chrono::milliseconds deadline() const override { return m_within; }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    const auto pods =
        m_count > 0 ? stage.pods().make_group(m_pod, m_count) : stage.pods().members(m_pod);
    if (m_parallel) {
      return run_at_once(stage, step, pods);
    }
    for (const auto& pod : pods) {
      TRY(stage.note(step, pod, [&](StepResult& result) -> Expected<void> {
        const auto spec = stage.pods().next(m_request, pod);
        describe(spec, result);
        stage.take_start(step, pod, stage.runtime().run_pod_sandbox(spec), result);
        return {};
      }));
    }
    return {};
  }

 private:
  void describe(const PodSpec& spec, StepResult& result) const {
    result.effect.call = Effect::Call::run;
    result.effect.host_port = !spec.port_mappings.empty();
    result.effect.host_network = m_request.host_network;
    result.detail = m_request.host_network ? k_host_network : "";
  }

  Expected<void> run_at_once(Stage& stage, const Step& step,
                             const std::vector<std::string>& pods) const {
    stage.tell(fmt::format("{} of {} pods at once", step.kind->label, pods.size()));
    std::vector<PodSpec> specs;
    std::vector<StepResult> results;
    for (const auto& pod : pods) {
      specs.push_back(stage.pods().next(m_request, pod));
      describe(specs.back(), results.emplace_back(stage.begin(step, pod)));
    }
    const auto begin = Stage::Clock::now();
    const auto starts = start_at_once(stage.runtime(), specs);
    for (std::size_t i = 0; i < pods.size(); ++i) {
      results[i].wall_us = starts[i].wall_us;
      stage.take_start(step, pods[i], starts[i].answer, results[i]);
      TRY(stage.end(step, begin, std::move(results[i])));
    }
    return {};
  }

  std::string m_pod;
  int m_count = 0;  // 0: a single pod
  bool m_parallel = false;
  std::chrono::milliseconds m_within{};
  PodRequest m_request;
};

// Run, stop and remove, so many times, until one of them fails: then the results are the calls
// about that pod.
class Cycle : public Act {
 public:
  explicit Cycle(const Fields& fields)
      : m_pod(fields.pod()), m_times(fields.number("times", 1)), m_reload(fields.flag("reload")) {}

  void demand(Demands& demands) const override {
    demands.always_serially = demands.always_serially && demands.settings.setup_serially;
    if (m_reload && demands.daemon.empty()) {
      demands.daemon = "the configuration is loaded in the middle of plugin calls";
    }
  }

  [[nodiscard]] bool is_one_call() const override { return false; }

  Expected<void> perform(Stage& stage, const Step& step) const override {
    return stage.note(step, {}, [&](StepResult& result) {
      result.detail = fmt::format("{} times", m_times);
      std::optional<ReloadStorm> storm;
      if (m_reload) {
        storm.emplace(layout::k_cni_conf);
      }
      result.ok = true;
      for (int i = 1; i <= m_times && result.ok; ++i) {
        auto calls = live(stage, fmt::format("{}-{}", m_pod, i));
        if (!calls.back().ok) {
          result = std::move(calls.back());
          calls.pop_back();
          for (auto& call : calls) {
            stage.add(std::move(call));
          }
        }
      }
      return Expected<void>();
    });
  }

 private:
  // One life of a pod, as far as it comes.
  static std::vector<StepResult> live(Stage& stage, const std::string& pod) {
    std::vector<StepResult> calls;
    const auto did = [&](std::string_view label, Effect::Call call, const auto& answer) {
      auto& result = calls.emplace_back();
      result.step = label;
      result.pod = pod;
      result.effect.call = call;
      take_answer(answer, result);
      return answer.has_value();
    };
    auto& runtime = stage.runtime();
    const auto id = runtime.run_pod_sandbox(stage.pods().next({}));
    if (did("RunPodSandbox", Effect::Call::run, id) &&
        did("StopPodSandbox", Effect::Call::stop, runtime.stop_pod_sandbox(*id))) {
      did("RemovePodSandbox", Effect::Call::remove, runtime.remove_pod_sandbox(*id));
    }
    return calls;
  }

  std::string m_pod;
  int m_times;
  bool m_reload;  // meanwhile the configuration is loaded again and again
};

}  // namespace

std::vector<StepKind> run() {
  return {
      {"run",
       "RunPodSandbox",
       {},
       {"pod", "count", "parallel", "handler", "hostNetwork", "hostPort", "hostIP", "protocols",
        "annotations", "dns", "withinMs"},
       read_act<Run>},
      {"cycle", "cycle", {"times"}, {"pod", "reload"}, read_act<Cycle>},
  };
}

}  // namespace cni_matrix::scenario::steps
