#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// An attempt to get out of a node. It is a harmless probe: what is opened is closed, what is
// written is the value that stands there, signals are number 0. The same function is called in a
// node and in a plain process, which shows that a wall and not chance refuses it.
namespace hostile {

// What a test made on the host, or knows of it.
struct Target {
  std::map<std::string, std::string> namespaces;  // "mnt": "mnt:[4026531841]", of the host
  std::string file;           // of the host, in a folder that a node has no business with
  std::string socket;         // a Unix socket beside it that listens
  std::string abstract_name;  // of another one
  std::string queue;          // a POSIX message queue: "/name"
  std::string shared_file;    // in the host's /dev/shm
  std::string secret;         // in the environment and an argument of a process of the host
  std::string disk;           // "/dev/sda", what holds the host's root; empty when unknown
  std::string disk_type;      // "ext4"
  int disk_major = 0;
  int disk_minor = 0;
  int port = 0;         // on the host's loopback, listening
  int memory_key = 0;   // of a System V shared memory segment
  std::string plugins;  // the host's folder that the node has as /opt/stacks/plugins-0
};

struct Outcome {
  enum class Kind { refused, reached, not_applicable };
  Kind kind = Kind::not_applicable;
  int error = 0;       // errno of a refusal; 0 when something else refused it
  std::string detail;  // where it got to, or why it cannot be tried
};

Outcome reached(std::string detail = {});
Outcome refused(int error, std::string detail = {});
Outcome not_applicable(std::string why);
// What a call that returns -1 and errno says.
Outcome judge(long result);

struct Attempt {
  std::string_view area;
  std::string_view name;
  Outcome (*run)(const Target&);
};

std::vector<Attempt> attempts_on_files();
std::vector<Attempt> attempts_on_devices();
std::vector<Attempt> attempts_on_kernel_files();
std::vector<Attempt> attempts_on_kernel_calls();
std::vector<Attempt> attempts_by_other_entries();
std::vector<Attempt> attempts_on_limits();
std::vector<Attempt> attempts_on_namespaces();
std::vector<Attempt> attempts_on_processes();
std::vector<Attempt> attempts_on_sockets();
std::vector<Attempt> attempts_on_stack();
std::vector<Attempt> attempts_on_trace();
std::vector<Attempt> all_attempts();

// In the child of an attempt, the descriptor by which it answers.
int answer_descriptor();

// Each in a child of its own, with a copy of the mounts where that can be had; one line of JSON an
// attempt, to `fd`.
void try_all(const Target& target, int fd);

}  // namespace hostile
