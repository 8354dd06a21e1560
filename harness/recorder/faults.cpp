#include "fault_format.hpp"
#include "fault_text.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <fmt/format.h>

#include <system_error>

namespace cni_matrix::recorder {
namespace {

namespace fs = std::filesystem;

Expected<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return broken("cannot make {} for faults: {}", folder.string(), error.message());
  }
  return {};
}

std::string rule_file(const Fault& fault) {
  const auto& traits = traits_of(fault.action);
  return fmt::format("{}{} {} {} {} {} {}\n{}", k_rule_magic, fault.plugin,
                     fault.command.empty() ? std::string(1, k_any_command) : fault.command,
                     fault.call, traits.name,
                     (traits.takes & k_takes_status) != 0 ? fault.status : 0,
                     (traits.takes & k_takes_wait) != 0 ? fault.milliseconds : 0, rule_text(fault));
}

}  // namespace

std::string rule_text(const Fault& fault) {
  const auto takes = traits_of(fault.action).takes;
  if ((takes & k_takes_error) != 0) {
    const auto quoted = [](const std::string& text) {
      return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    return fmt::format(R"("code":{},"msg":{}{}}})", fault.code, quoted(fault.message),
                       fault.details.empty() ? "" : ",\"details\":" + quoted(fault.details));
  }
  return (takes & k_takes_text) != 0 ? fault.text : std::string();
}

Expected<void> place_fault(const fs::path& directory, const Fault& fault, const fs::path& counts) {
  TRY(check_fault(fault, "fault"));
  TRY(make_folder(directory / "empty"));
  TRY(make_folder(directory / "rules"));
  TRY(make_folder(counts));
  for (int number = 1; number <= k_rules_limit; ++number) {
    const fs::path rule = directory / "rules" / std::to_string(number);
    std::error_code error;
    if (fs::exists(rule, error)) {
      continue;
    }
    // The counter comes first: a rule without one is not in force.
    const auto count = counts / std::to_string(number);
    TRY(write_file(count, ""));
    fs::create_symlink(count, rule.string() + ".count", error);
    if (error) {
      return broken("cannot count the calls of a fault in {}: {}", directory.string(),
                    error.message());
    }
    return write_file_atomic(rule, rule_file(fault));
  }
  return input_error("there are {} faults already; clear them first", k_rules_limit);
}

Expected<void> clear_faults(const fs::path& directory) {
  // Out of sight in one step, so that no call sees half of them.
  const fs::path old = directory / "rules.old";
  std::error_code error;
  fs::remove_all(old, error);
  if (!error) {
    fs::rename(directory / "rules", old, error);
    if (error == std::errc::no_such_file_or_directory) {
      return {};
    }
  }
  if (!error) {
    fs::remove_all(old, error);
  }
  if (error) {
    return broken("cannot clear the faults in {}: {}", directory.string(), error.message());
  }
  return {};
}

Expected<void> set_runtime_pid(const fs::path& directory, pid_t pid) {
  if (pid < 2) {
    return input_error("{} is not the process id of a runtime", pid);
  }
  TRY(make_folder(directory));
  return write_file_atomic(directory / "runtime.pid", std::to_string(pid) + "\n");
}

}  // namespace cni_matrix::recorder
