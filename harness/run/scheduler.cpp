#include "cell_plan.hpp"
#include "cell_process.hpp"
#include "denied.hpp"
#include "effects_json.hpp"
#include "observation.hpp"
#include "prepared_roots.hpp"
#include "signals.hpp"

#include "base/cpu_time.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/run/runner.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <list>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::run {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_output_limit = 256U << 20U;
constexpr int k_signal_base = 128;  // of a worker's exit status, as init gives it

Verdict verdict_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unavailable:
      return Verdict::skip;
    case ErrorKind::interrupted:
      return Verdict::interrupted;
    default:
      return Verdict::broken;
  }
}

// A cell whose node is up.
struct Running {
  const matrix::Cell* cell;
  CellPlan plan;
  node::Node node;
  std::string output;
  std::string last_step;
  Clock::time_point begin;
  Clock::time_point deadline;
  bool timed_out = false;
  bool said_all = false;  // the worker has ended; the kernel is clearing the node away
};

class Scheduler {
 public:
  Scheduler(const std::vector<matrix::Cell>& cells, const RunOptions& options,
            artifacts::Provisioner& provisioner, const verdict::KnownBehaviours& behaviours,
            Listener& listener)
      : m_cells(cells),
        m_options(options),
        m_provisioner(provisioner),
        m_behaviours(behaviours),
        m_listener(listener),
        m_total(cells.size() * static_cast<std::size_t>(std::max(1, options.repeat))) {}

  Expected<RunSummary> run() {
    TRY(check_helpers(m_options.record));
    TRY_ASSIGN(const auto signals, StopSignals::catch_them());
    m_summary.cells = m_total;
    const auto begin = Clock::now();
    const auto cpu_before = own_cpu_us();
    const auto jobs =
        static_cast<std::size_t>(m_options.jobs > 0 ? m_options.jobs : default_jobs());
    stop_if_asked(signals);  // while the run was being prepared
    while ((m_next < m_total && !m_stop) || !m_running.empty()) {
      while (!m_stop && m_next < m_total && busy() < jobs) {
        TRY(start(m_cells[m_next++ % m_cells.size()]));
        stop_if_asked(signals);
      }
      if (!m_running.empty()) {
        TRY(wait(signals));
      }
      if (m_next < m_total || !m_running.empty()) {
        stop_if_asked(signals);
      }
    }
    m_summary.wall_us =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    const auto scheduler = own_cpu_us() - cpu_before;
    m_summary.cpu.total_us += scheduler;
    m_summary.cpu.harness_us += scheduler;
    if (!m_kept.empty() && !m_summary.interrupted) {
      m_listener.before_waiting(m_summary);
      wait_with_kept_nodes(signals);
    }
    return m_summary;
  }

 private:
  // Put a cell on a node, or finish it at once.
  Expected<void> start(const matrix::Cell& cell) {
    auto plan = plan_cell(cell, m_provisioner, m_scenarios);
    if (plan && plan->needs_recorder && !m_options.record) {
      plan = unavailable("scenario {} needs the recorder, which --no-record leaves out",
                         cell.scenario);
    }
    if (plan) {
      if (auto prepared = prepare_roots(*plan, m_options, m_listener); !prepared) {
        plan = tl::unexpected(prepared.error());
      }
    }
    if (!plan) {
      if (plan.error().kind == ErrorKind::input) {
        return tl::unexpected(plan.error());
      }
      CellResult result;
      result.cell = cell;
      result.verdict = verdict_of(plan.error().kind);
      result.reason = plan.error().message;
      finish(std::move(result));
      return {};
    }
    m_listener.cell_started(cell);
    auto& running =
        m_running.emplace_back(Running{&cell, std::move(*plan), {}, {}, {}, Clock::now(), {}});
    running.deadline = running.begin + m_options.cell_timeout;
    auto node = node::Node::start(
        node_options(running.plan, m_options), [&](int output, std::int64_t setup_cpu_us) {
          return run_cell(cell, running.plan, m_options, output, setup_cpu_us);
        });
    if (!node) {
      m_running.pop_back();
      return tl::unexpected(node.error());
    }
    running.node = std::move(*node);
    return {};
  }

  // Nodes with a worker. Those that are being cleared away mostly wait for the kernel.
  [[nodiscard]] std::size_t busy() const {
    return static_cast<std::size_t>(std::count_if(
        m_running.begin(), m_running.end(), [](const auto& running) { return !running.said_all; }));
  }

  Expected<void> wait(const StopSignals& signals) {
    std::vector<pollfd> fds{{signals.fd(), POLLIN, 0}};
    auto deadline = Clock::now() + std::chrono::seconds(1);
    for (const auto& running : m_running) {
      fds.push_back({running.said_all ? running.node.pidfd() : running.node.output(), POLLIN, 0});
      deadline = std::min(deadline, running.deadline);
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int ready =
        ::poll(fds.data(), fds.size(), static_cast<int>(std::max<long long>(0, left) + 1));
    if (ready < 0 && errno != EINTR) {
      return system_error("cannot poll the nodes");
    }
    stop_if_asked(signals);
    std::size_t i = 1;
    for (auto running = m_running.begin(); running != m_running.end();) {
      const bool readable = fds[i++].revents != 0;
      if (!running->timed_out && Clock::now() >= running->deadline) {
        running->timed_out = true;
        running->node.kill();
      }
      const bool gone = readable && running->said_all;
      if (readable && !gone) {
        running->said_all = !read_output(*running);
      }
      // A kept node's init goes on.
      if (gone || (running->said_all && m_options.keep)) {
        complete(*running);
        running = m_running.erase(running);
      } else {
        ++running;
      }
    }
    m_listener.tick();
    return {};
  }

  // Until a signal, which is how such a run is meant to end, or until --timeout.
  void wait_with_kept_nodes(const StopSignals& signals) {
    pollfd stop{signals.fd(), POLLIN, 0};
    while (StopSignals::pending() == 0 && !out_of_time(m_options)) {
      const int ready = ::poll(&stop, 1, time_left());
      if (ready < 0 && errno != EINTR) {
        return;
      }
    }
    if (signals.came() == 0) {
      interrupt(Stop::timeout);
    }
  }

  // Until --timeout, as poll() takes it.
  [[nodiscard]] int time_left() const {
    if (m_options.run_timeout.count() <= 0) {
      return -1;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        m_options.started + m_options.run_timeout - Clock::now());
    constexpr std::chrono::milliseconds k_longest = std::chrono::hours(1);
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), k_longest).count()) + 1;
  }

  // False at the end of the node's output.
  static bool read_output(Running& running) {
    std::array<char, 1U << 16U> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (;;) {
      const auto count = ::read(running.node.output(), buffer.data(), buffer.size());
      if (count == 0) {
        return false;
      }
      if (count < 0) {
        return errno == EAGAIN || errno == EINTR;
      }
      running.output.append(buffer.data(), static_cast<std::size_t>(count));
      if (running.output.size() > k_output_limit) {
        running.output.clear();
        running.node.kill();
      }
    }
  }

  static Expected<CellResult> worker_result(const Json& value) {
    TRY_ASSIGN(auto result, cell_result_from_json(value));
    TRY(take_effects(value.value("effects", Json()), result.steps));
    return result;
  }

  // The node's output has ended: read what it said.
  void complete(Running& running) {
    CellResult result;
    std::string failure;
    std::vector<std::string> denied;
    bool have_result = false;
    std::size_t at = 0;
    while (at < running.output.size()) {
      const auto end = std::min(running.output.find('\n', at), running.output.size());
      const auto line = running.output.substr(at, end - at);
      at = end + 1;
      if (line.starts_with('@')) {
        running.last_step = line.substr(1);
      } else if (line.starts_with('=')) {
        const auto log = parse_json(std::string_view(line).substr(1), "the worker's log");
        result.log = log && log->is_string() ? log->get<std::string>() : std::string();
      } else if (line.starts_with('?')) {
        denied.push_back(printable(line.substr(1)));
      } else if (line.starts_with('!')) {
        const auto error = node::parse_setup_error(line);
        result.verdict = verdict_of(error.kind);
        failure = error.message;
      } else if (!line.empty()) {
        auto parsed = parse_json(line, "the worker's result");
        auto read =
            parsed ? worker_result(*parsed) : Expected<CellResult>(tl::unexpected(parsed.error()));
        if (read) {
          result = std::move(*read);
          have_result = true;
        } else {
          failure = read.error().message;
        }
      }
    }
    result.cell = *running.cell;
    fill_provenance(running, result);
    node::NodeEnding ending;
    if (m_options.keep && have_result && !m_stop) {
      m_listener.node_kept(*running.cell, running.node.pid());
      m_kept.push_back(std::move(running.node));
    } else {
      ending = running.node.reap();
      result.cpu.total_us = ending.cpu_us;
    }
    if (have_result) {
      judge_cell(m_behaviours, running.plan, result);
    } else if (m_interrupted) {
      result.verdict = Verdict::interrupted;
      result.reason = "interrupted" + place(running);
    } else if (running.timed_out) {
      result.verdict = Verdict::broken;
      result.reason = fmt::format("the cell took longer than {} s and was ended{}",
                                  m_options.cell_timeout.count() / 1000, place(running));
    } else if (!failure.empty()) {
      result.reason = failure;
    } else {
      explain_loss(ending, place(running), result);
    }
    result.denied = std::move(denied);
    if (is_bad(result.verdict)) {
      result.reason += denial_note(result.denied, ::geteuid() == 0);
    }
    result.wall_us =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - running.begin).count();
    finish(std::move(result));
  }

  static bool is_bad(Verdict verdict) {
    return verdict == Verdict::fail || verdict == Verdict::leak || verdict == Verdict::broken;
  }

  // A worker that says nothing: somebody killed it, which nothing of ours does, or it crashed.
  static void explain_loss(const node::NodeEnding& ending, const std::string& place,
                           CellResult& result) {
    const int signal = ending.exit_code - k_signal_base;
    if (signal == SIGKILL) {
      result.verdict = Verdict::fail;
      result.reason = "the process that runs the cell's steps was killed (SIGKILL)" + place;
    } else if (signal > 0) {
      result.reason = fmt::format("the process that runs the cell's steps crashed (signal {}){}",
                                  signal, place);
    } else {
      result.reason = "the node died" + place;
    }
  }

  static std::string place(const Running& running) {
    return running.last_step.empty() ? "" : fmt::format(" (in: {})", running.last_step);
  }

  static void fill_provenance(const Running& running, CellResult& result) {
    const auto& containerd = running.plan.containerds.at("");
    const auto& plugins = running.plan.plugins.at("");
    result.runtime = running.plan.embedded ? "embedded" : "daemon";
    result.containerd = containerd.artifact;
    result.containerd_version = containerd.version.str();
    result.plugins = plugins;
    result.plugins_version = plugins.version.str();
    result.modelled_because = running.plan.modelled_because;
    result.assumed = fmt::format("{}", fmt::join(running.plan.assumed, "; "));
  }

  void finish(CellResult result) {
    if (result.verdict == Verdict::pass) {
      result.log.clear();
    }
    m_summary.add(result);
    m_listener.cell_finished(result);
    if (m_options.fail_fast && is_bad(result.verdict)) {
      m_stop = true;
    }
  }

  // A signal that came, or the end of --timeout. The first reason is the one that is told.
  void stop_if_asked(const StopSignals& signals) {
    if (const int number = signals.came(); number != 0) {
      interrupt(stop_of(number));
    } else if (!m_interrupted && out_of_time(m_options)) {
      interrupt(Stop::timeout);
    }
  }

  static Stop stop_of(int signal) {
    return signal == SIGINT ? Stop::sigint : signal == SIGTERM ? Stop::sigterm : Stop::sighup;
  }

  // The first reason is the one that is told.
  void interrupt(Stop why) {
    if (!m_interrupted) {
      m_summary.stopped_by = why;
    }
    m_stop = true;
    m_interrupted = true;
    m_summary.interrupted = true;
    for (auto& running : m_running) {
      running.node.kill();
    }
  }

  const std::vector<matrix::Cell>& m_cells;
  const RunOptions& m_options;
  artifacts::Provisioner& m_provisioner;
  const verdict::KnownBehaviours& m_behaviours;
  Listener& m_listener;
  scenario::ScenarioLibrary m_scenarios;
  const std::size_t m_total;
  std::size_t m_next = 0;
  std::list<Running> m_running;
  std::vector<node::Node> m_kept;
  RunSummary m_summary;
  bool m_stop = false;
  bool m_interrupted = false;
};

}  // namespace

bool out_of_time(const RunOptions& options) {
  return options.run_timeout.count() > 0 && Clock::now() - options.started > options.run_timeout;
}

bool must_stop(const RunOptions& options) {
  return StopSignals::pending() != 0 || out_of_time(options);
}

Expected<RunSummary> run_cells(const std::vector<matrix::Cell>& cells, const RunOptions& options,
                               artifacts::Provisioner& provisioner,
                               const verdict::KnownBehaviours& behaviours, Listener& listener) {
  return Scheduler(cells, options, provisioner, behaviours, listener).run();
}

}  // namespace cni_matrix::run
