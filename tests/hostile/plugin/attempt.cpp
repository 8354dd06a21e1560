#include "attempt.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hostile {

Outcome reached(std::string detail) {
  return {Outcome::Kind::reached, 0, std::move(detail)};
}

Outcome refused(int error, std::string detail) {
  return {Outcome::Kind::refused, error, std::move(detail)};
}

Outcome not_applicable(std::string why) {
  return {Outcome::Kind::not_applicable, 0, std::move(why)};
}

Outcome judge(long result) {
  return result < 0 ? refused(errno) : reached();
}

std::vector<Attempt> all_attempts() {
  std::vector<Attempt> all;
  for (const auto& some : {attempts_on_files(), attempts_on_devices(), attempts_on_kernel_files(),
                           attempts_on_kernel_calls(), attempts_by_other_entries(),
                           attempts_on_limits(), attempts_on_namespaces(), attempts_on_processes(),
                           attempts_on_sockets(), attempts_on_stack(), attempts_on_trace()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

namespace {

constexpr unsigned k_limit_seconds = 5;

int the_answer_descriptor = -1;

std::string_view name_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::refused:
      return "refused";
    case Outcome::Kind::reached:
      return "reached";
    case Outcome::Kind::not_applicable:
      break;
  }
  return "not applicable";
}

nlohmann::json line_of(const Attempt& attempt, const Outcome& outcome) {
  return {{"area", attempt.area},
          {"attempt", attempt.name},
          {"outcome", name_of(outcome.kind)},
          {"error", outcome.error == 0 ? "" : ::strerrorname_np(outcome.error)},
          {"detail", outcome.detail}};
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void try_one(const Attempt& attempt, const Target& target, int fd) {
  the_answer_descriptor = fd;
  ::alarm(k_limit_seconds);
  // What an attempt mounts or takes away must not stand in the way of the next one.
  if (::unshare(CLONE_NEWNS) == 0) {
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  }
  const auto line = line_of(attempt, attempt.run(target));
  write_all(fd, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  ::_exit(0);
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

int answer_descriptor() {
  return the_answer_descriptor;
}

void try_all(const Target& target, int fd) {
  ::signal(SIGPIPE, SIG_IGN);
  for (const auto& attempt : all_attempts()) {
    int ends[2];
    if (::pipe(ends) != 0) {
      write_all(fd, line_of(attempt, not_applicable("no pipe")).dump() + "\n");
      continue;
    }
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      try_one(attempt, target, ends[1]);
    }
    ::close(ends[1]);
    auto line = child < 0 ? std::string() : read_to_end(ends[0]);
    ::close(ends[0]);
    int status = 0;
    if (child > 0) {
      ::waitpid(child, &status, 0);
    }
    if (line.empty()) {
      // A filter may kill who calls; time that runs out is a refusal as well.
      const auto outcome = child < 0             ? not_applicable("no child")
                           : WIFSIGNALED(status) ? refused(0, ::strsignal(WTERMSIG(status)))
                                                 : not_applicable("the child said nothing");
      line = line_of(attempt, outcome).dump() + "\n";
    }
    write_all(fd, line);
  }
}

}  // namespace hostile
