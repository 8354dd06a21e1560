// A CNI plugin that does what files beside it say. As /dir/NAME with CNI_COMMAND=ADD it
// writes down the call in /dir/calls.log, prints NAME.ADD.out and NAME.ADD.err, and ends with the
// number in NAME.ADD.exit, or by SIGKILL when that says "kill". It sleeps NAME.ADD.sleep
// milliseconds.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace {

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

std::string read_file(const std::string& name) {
  const int fd = ::open(name.c_str(), O_RDONLY);
  if (fd < 0) {
    return {};
  }
  std::string text = read_all(fd);
  ::close(fd);
  return text;
}

void write_all(int fd, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t count = ::write(fd, text.data() + at, text.size() - at);
    if (count <= 0) {
      return;
    }
    at += static_cast<std::size_t>(count);
  }
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "<unset>" : value;
}

}  // namespace

int main(int, char** argv) {
  const std::string self = argv[0];
  const std::string command = variable("CNI_COMMAND");
  const std::string prefix = self + "." + command;

  std::string call = self.substr(self.rfind('/') + 1);
  for (const char* name :
       {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"}) {
    call += " " + variable(name);
  }
  call += "\n" + read_all(STDIN_FILENO) + "\n";
  const std::string log = self.substr(0, self.rfind('/')) + "/calls.log";
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  write_all(fd, call);
  ::close(fd);

  const int milliseconds = std::atoi(read_file(prefix + ".sleep").c_str());
  const timespec time = {milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
  ::nanosleep(&time, nullptr);

  write_all(STDERR_FILENO, read_file(prefix + ".err"));
  write_all(STDOUT_FILENO, read_file(prefix + ".out"));
  const std::string end = read_file(prefix + ".exit");
  if (end == "kill") {
    ::raise(SIGKILL);
  }
  return std::atoi(end.c_str());
}
