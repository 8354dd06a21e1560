#include "base/line_printer.hpp"

#include <cni_matrix/base/fd.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace cni_matrix {
namespace {

using testing::HasSubstr;
using testing::Not;

// A terminal whose window can be resized, and what was written to it.
class Window : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TERM", "xterm", 1);  // NOLINT(concurrency-mt-unsafe)
    termios settings{};
    ::cfmakeraw(&settings);
    winsize size{};
    size.ws_col = 40;
    size.ws_row = 10;
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, nullptr, &settings, &size), 0);
    m_master.reset(master);
    ::fcntl(master, F_SETFL, O_NONBLOCK);
    m_stream = ::fdopen(slave, "w");
    ASSERT_NE(m_stream, nullptr);
  }
  void TearDown() override {
    if (m_stream != nullptr) {
      std::fclose(m_stream);
    }
  }

  void resize(unsigned short columns) const {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = 10;
    ASSERT_EQ(::ioctl(m_master.get(), TIOCSWINSZ, &size), 0);
  }

  // What was written since the last time.
  std::string written() const {
    std::fflush(m_stream);
    std::string text;
    char block[4096];
    for (;;) {
      const auto got = ::read(m_master.get(), block, sizeof block);
      if (got <= 0) {
        return text;
      }
      text.append(block, static_cast<std::size_t>(got));
    }
  }

  Fd m_master;
  std::FILE* m_stream = nullptr;
};

const std::string k_long = "0123456789012345678901234567890123456789 and more than fits";

TEST_F(Window, TheStatusLineFitsTheWidthOfNow) {
  LinePrinter printer(m_stream);
  printer.status(k_long);
  EXPECT_EQ(written(), "\r" + k_long.substr(0, 39) + "\x1b[0m\x1b[K");
  resize(60);
  printer.status(k_long);
  EXPECT_EQ(written(), "\r" + k_long.substr(0, 59) + "\x1b[0m\x1b[K");
}

// Narrower, the terminal shows the 39 columns of the old line on four rows: three are above.
TEST_F(Window, ANarrowerWindowIsCleared) {
  LinePrinter printer(m_stream);
  printer.status(k_long);
  written();
  resize(10);
  printer.status(k_long);
  EXPECT_EQ(written(), "\x1b[3A\r\x1b[J\r" + k_long.substr(0, 9) + "\x1b[0m\x1b[K");
  // What is drawn now takes one row again.
  printer.status("short");
  EXPECT_THAT(written(), Not(HasSubstr("A\r")));
  printer.status(k_long);
  written();
  resize(5);
  printer.line("a line that stays");
  EXPECT_THAT(written(), HasSubstr("\x1b[1A\r\x1b[Ja line that stays\n"));
}

TEST_F(Window, WideCharactersTakeTwoColumns) {
  resize(7);
  LinePrinter printer(m_stream);
  printer.status("\xe7\xb6\xb2\xe7\xb5\xa1\xe7\xb6\xb2\xe7\xb5\xa1");  // four, eight columns
  EXPECT_EQ(written(), "\r\xe7\xb6\xb2\xe7\xb5\xa1\xe7\xb6\xb2\x1b[0m\x1b[K");
  printer.status(
      "e\xcc\x81"
      "abcdefg");  // a combining accent takes none
  EXPECT_EQ(written(),
            "\re\xcc\x81"
            "abcde\x1b[0m\x1b[K");
}

}  // namespace
}  // namespace cni_matrix
