// What a cell's report is made of.

#include "tools.hpp"

#include <cerrno>

#include <fcntl.h>

namespace hostile {
namespace {

constexpr const char* k_trace = "/run/cni-matrix/trace";
constexpr const char* k_logs = "/run/cni-matrix/logs";

// Empty where records are no files of this folder.
std::string first_record() {
  for (const auto& name : names_in(k_trace)) {
    if (name != "socket") {
      return std::string(k_trace) + "/" + name;
    }
  }
  return {};
}

template <typename Function>
Outcome at_record(const Function& function) {
  const auto record = first_record();
  return record.empty() ? refused(ENOENT, "no record is seen") : function(record);
}

Outcome make_record(const Target&) {
  return at_record([](const std::string&) {
    return make_and_unmake(std::string(k_trace) + "/99999999999999999999-1");
  });
}

Outcome change_record(const Target&) {
  return at_record([](const std::string& record) { return open_and_close(record, O_WRONLY); });
}

Outcome move_record(const Target&) {
  return at_record(move_and_move_back);
}

Outcome make_log(const Target&) {
  return make_and_unmake(std::string(k_logs) + "/hostile.log");
}

}  // namespace

std::vector<Attempt> attempts_on_trace() {
  constexpr auto k_area = "trace";
  return {{k_area, "make a record of a call", make_record},
          {k_area, "open the record of a call for writing", change_record},
          {k_area, "rename the record of a call", move_record},
          {k_area, "make a log", make_log}};
}

}  // namespace hostile
