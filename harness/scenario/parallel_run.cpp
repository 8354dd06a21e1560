#include "parallel_run.hpp"

#include <chrono>
#include <latch>
#include <thread>

namespace cni_matrix::scenario {

std::vector<PodStart> start_at_once(PodRuntime& runtime, const std::vector<PodSpec>& pods) {
  using Clock = std::chrono::steady_clock;
  std::vector<PodStart> starts(pods.size());
  std::latch ready(static_cast<std::ptrdiff_t>(pods.size()));
  std::vector<std::thread> threads;
  threads.reserve(pods.size());
  for (std::size_t i = 0; i < pods.size(); ++i) {
    threads.emplace_back([&, i] {
      ready.arrive_and_wait();
      const auto begin = Clock::now();
      starts[i].answer = runtime.run_pod_sandbox(pods[i]);
      starts[i].wall_us =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  return starts;
}

}  // namespace cni_matrix::scenario
