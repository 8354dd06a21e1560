#include "compat.hpp"

#include "command_line.hpp"

#include "base/try.hpp"
#include "compat/json.hpp"
#include "compat/page.hpp"
#include "compat/recording.hpp"
#include "compat/text.hpp"

#include <memory>
#include <string>
#include <utility>

namespace cni_matrix::cli {

namespace {

Expected<void> check_alone(const CompatArguments& arguments, bool other, const char* option) {
  const auto& asked = arguments.asked;
  if (other || arguments.json || !asked.containerd.empty() || !asked.plugins.empty() ||
      !asked.conflists.empty() || !asked.cni_versions.empty() || !asked.kubernetes.empty()) {
    return input_error("{} asks nothing: leave the other options out", option);
  }
  return {};
}

std::string text_of_json(const OrderedJson& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Expected<Ending> compat_command(const CompatArguments& arguments, std::FILE* out) {
  if (!arguments.record.empty()) {
    TRY(check_alone(arguments, arguments.page || !arguments.records.empty(), "--record"));
    TRY_ASSIGN(const auto records, compat::record(arguments.record));
    std::fputs(text_of_json(to_json(records)).c_str(), out);
    return Ending{ExitStatus::good, "the records were printed", Ending::Line::on_error};
  }
  TRY_ASSIGN(const auto knowledge,
             compat::Knowledge::load(arguments.records.empty() ? compat::Records::shipped_file()
                                                               : arguments.records));
  if (arguments.page) {
    TRY(check_alone(arguments, false, "--page"));
    TRY_ASSIGN(const auto page, compat::page_of(knowledge));
    std::fputs(page.c_str(), out);
    return Ending{ExitStatus::good, "the page was printed", Ending::Line::on_error};
  }
  TRY_ASSIGN(const auto replies, compat::reply(knowledge, arguments.asked));
  const auto text = arguments.json ? text_of_json(compat::json_of(knowledge, replies))
                                   : compat::text_of(knowledge, replies);
  std::fputs(text.c_str(), out);
  return Ending{compat::status_of(replies), compat::summary_of(replies),
                arguments.json ? Ending::Line::on_error : Ending::Line::on_output};
}

void add_compat(Command& program) {
  auto command =
      program.command("compat", "does it work? answered from what is known; runs nothing");
  const auto arguments = std::make_shared<CompatArguments>();
  command.examples(R"(  cni-matrix compat --containerd 1.6.2 --plugins 1.1.1
  cni-matrix compat --containerd 1.7.24 --plugins 1.9.1 --conflist /etc/cni/net.d
  cni-matrix compat --containerd '1.6.*' --plugins 0.9.1,1.1.1 --cni-version none,1.0.0
  cni-matrix compat --kubernetes 1.30 --plugins '>=1.4.0' --conflist my.conflist --json)");
  auto& asked = arguments->asked;
  command
      .option("--containerd", asked.containerd,
              "containerd versions or ranges: 1.6.20, '1.6.*', '>=1.7.0', debian:bookworm")
      .list();
  command.option("--plugins", asked.plugins, "CNI plugin versions, written the same way").list();
  command
      .option("--conflist", asked.conflists,
              "network configuration lists: a file, a directory of which the file that containerd "
              "would take, or a name in scenarios/conflists; else bridge-portmap at every "
              "cniVersion, where one that works is enough")
      .list();
  command
      .option("--cni-version", asked.cni_versions,
              "cniVersion of every list: a value, none (no key), empty (\"\") or as-is")
      .list();
  command
      .option("--kubernetes", asked.kubernetes,
              "whether a containerd is recommended for this Kubernetes version (1.24); without "
              "--containerd, those that are")
      .list();
  command.flag("--json", arguments->json, "as JSON (matrix/compat.schema.json)");
  command
      .option("--records", arguments->records,
              "answer from these records and not from matrix/compatibility.json")
      .shown_as("FILE");
  command
      .option("--record", arguments->record,
              "print what runs that were saved with --json say, as such records")
      .list()
      .shown_as("FILE");
  command.flag("--page", arguments->page, "print the table of all releases, in Markdown");
  command.performs([arguments] { return compat_command(*arguments, stdout); });
}

}  // namespace cni_matrix::cli
