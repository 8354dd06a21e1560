#include "last_line.hpp"

#include "base/say.hpp"
#include "base/text.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::cli {

namespace {

// Whether everything that was printed is written: 0, or why not. stdio forgets the reason of an
// earlier failure, but a pipe without a reader tells it.
int output_error() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
    return 0;
  }
  const int error = errno;
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0) {
    return EPIPE;
  }
  return error == 0 ? EIO : error;
}

}  // namespace

int end_with(const Ending& ending) {
  // All of what was printed before is looked at too: also where the last line stands elsewhere.
  int error = output_error();
  if (error == 0 && ending.line == Ending::Line::on_output) {
    say(stdout, "{}\n", ending.text());
    error = output_error();
    if (error == 0) {
      return number_of(ending.status);
    }
  }
  Ending other = ending;
  // A reader that has left, as in `cni-matrix list scenarios | head`, has what it wants.
  if (error != 0 && error != EPIPE) {
    other.coloured = false;
    other.status = graver(ending.status, ExitStatus::broken);
    if (other.status != ending.status) {
      other.words = fmt::format("standard output could not be written: {}",
                                std::strerror(error));  // NOLINT(concurrency-mt-unsafe)
    }
  }
  say(stderr, "{}\n", other.text());
  return number_of(other.status);
}

int refuse(ExitStatus status, const std::string& why) {
  std::fflush(stdout);
  say(stderr, "cni-matrix: {}\n", without_credentials(why));
  return end_with({status, std::string(meaning_of(status)), Ending::Line::on_error});
}

int end_of_text() {
  const int error = output_error();
  if (error == 0 || error == EPIPE) {
    return number_of(ExitStatus::good);
  }
  return refuse(ExitStatus::broken, "standard output could not be written");
}

}  // namespace cni_matrix::cli
