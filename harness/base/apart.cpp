#include "apart.hpp"

#include "file.hpp"
#include "text.hpp"

#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace cni_matrix {

namespace {

class ApartThread {
 public:
  Expected<void> begin(std::function<Expected<void>()> enter) {
    std::optional<Expected<void>> entered;
    std::unique_lock lock(m_mutex);
    std::thread([this, &entered, enter = std::move(enter)] {
      {
        auto result = enter();
        const std::lock_guard guard(m_mutex);
        entered = std::move(result);
        m_begun = entered->has_value();
        m_changed.notify_all();
        if (!m_begun) {
          return;
        }
      }
      serve();
    }).detach();
    m_changed.wait(lock, [&] { return entered.has_value(); });
    return *entered;
  }

  void run(const std::function<void()>& work) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_work == nullptr; });
    m_work = &work;
    const auto mine = ++m_given;
    m_changed.notify_all();
    m_changed.wait(lock, [&] { return m_done >= mine; });
  }

  [[nodiscard]] bool begun() const { return m_begun; }

 private:
  [[noreturn]] void serve() {
    std::unique_lock lock(m_mutex);
    for (;;) {
      m_changed.wait(lock, [this] { return m_work != nullptr; });
      const auto* work = m_work;
      lock.unlock();
      (*work)();
      lock.lock();
      m_work = nullptr;
      ++m_done;
      m_changed.notify_all();
    }
  }

  std::mutex m_mutex;
  std::condition_variable m_changed;
  const std::function<void()>* m_work = nullptr;
  std::uint64_t m_given = 0;
  std::uint64_t m_done = 0;
  bool m_begun = false;
};

// Never destroyed: its thread lives as long as the process.
ApartThread& apart_thread() {
  static auto* thread = new ApartThread;  // NOLINT(cppcoreguidelines-owning-memory)
  return *thread;
}

// proc(5), NSpid: a process's number in each PID namespace, from that of this /proc inwards.
std::vector<pid_t> numbers_of(const std::string& process) {
  constexpr std::string_view k_key = "NSpid:";
  std::vector<pid_t> numbers;
  const auto status = read_file("/proc/" + process + "/status", 8192);
  for (const auto& line : split(status.value_or(""), '\n')) {
    if (!line.starts_with(k_key)) {
      continue;
    }
    for (const auto& word : split(line.substr(k_key.size()), '\t')) {
      pid_t number = 0;
      if (std::from_chars(word.data(), word.data() + word.size(), number).ec == std::errc()) {
        numbers.push_back(number);
      }
    }
  }
  return numbers;
}

}  // namespace

Expected<void> begin_apart(std::function<Expected<void>()> enter) {
  return apart_thread().begin(std::move(enter));
}

void run_apart(const std::function<void()>& work) {
  if (apart_thread().begun()) {
    apart_thread().run(work);
  } else {
    work();
  }
}

Expected<pid_t> pid_as_seen_apart(pid_t pid) {
  if (!apart_thread().begun()) {
    return pid;
  }
  const auto numbers = numbers_of(std::to_string(pid));
  if (numbers.size() < 2) {
    return broken("there is no foreign process {}", pid);
  }
  return numbers[1];
}

Expected<pid_t> pid_seen_apart_as(pid_t pid) {
  if (!apart_thread().begun()) {
    return pid;
  }
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator("/proc", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const auto numbers = numbers_of(name);
    if (numbers.size() > 1 && numbers[1] == pid) {
      return numbers[0];
    }
  }
  return broken("there is no process {} in the node", pid);
}

}  // namespace cni_matrix
