#include "node/boundary.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {
namespace {

// A process that has chosen its ids and keeps them, as a run does.
class Chooser {
 public:
  Chooser() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    m_pid = ::fork();
    if (m_pid == 0) {
      const auto ids = node_ids(false);
      const IdMap none;
      const auto& map = ids ? **ids : none;
      const std::array<std::uint32_t, 3> words{map.base_uid, map.size,
                                               static_cast<std::uint32_t>(map.boundary)};
      static_cast<void>(!::write(ends[1], words.data(), sizeof words));
      ::pause();
      ::_exit(0);
    }
    ::close(ends[1]);
    EXPECT_EQ(::read(ends[0], m_words.data(), sizeof m_words),
              static_cast<ssize_t>(sizeof m_words));
    ::close(ends[0]);
  }
  Chooser(const Chooser&) = delete;
  Chooser& operator=(const Chooser&) = delete;
  ~Chooser() { kill(); }

  void kill() {
    if (m_pid > 0) {
      ::kill(m_pid, SIGKILL);
      ::waitpid(m_pid, nullptr, 0);
      m_pid = -1;
    }
  }

  [[nodiscard]] std::uint32_t base() const { return m_words[0]; }
  [[nodiscard]] std::uint32_t size() const { return m_words[1]; }
  [[nodiscard]] Boundary boundary() const { return static_cast<Boundary>(m_words[2]); }

 private:
  pid_t m_pid = -1;
  std::array<std::uint32_t, 3> m_words{};
};

TEST(Boundary, RangesOfIdsAreNobodyElses) {
  Chooser first;
  if (first.boundary() != Boundary::own_ids) {
    GTEST_SKIP() << name_of(first.boundary()) << ": there are no ranges to choose from";
  }
  const Chooser second;
  EXPECT_GT(first.base(), 524'288U);
  EXPECT_EQ(first.size(), 65'536U);
  EXPECT_EQ(second.boundary(), Boundary::own_ids);
  EXPECT_NE(first.base(), second.base());
  // However a run ends, the next one finds its range free.
  const auto base = first.base();
  first.kill();
  const Chooser third;
  EXPECT_EQ(third.base(), base);
}

TEST(Boundary, AnOrdinaryUserHasOneId) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "this is root";
  }
  const Chooser run;
  EXPECT_EQ(run.boundary(), Boundary::user);
  EXPECT_EQ(run.size(), 1U);
}

}  // namespace
}  // namespace cni_matrix::node
