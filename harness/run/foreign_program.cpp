#include "foreign_program.hpp"

#include "node_answer.hpp"

#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/run/runner.hpp>

#include <algorithm>

namespace cni_matrix::run {

namespace {

constexpr std::size_t k_output_limit = 64U << 10U;
constexpr std::size_t k_node_size = 64U << 20U;  // what it may fill
constexpr std::chrono::seconds k_grace{5};       // to make the node

// Bytes as numbers: a program may print any.
Json to_json(const CommandResult& result) {
  return {{"exit_code", result.exit_code},
          {"signal", result.signal},
          {"timed_out", result.timed_out},
          {"truncated", result.truncated},
          {"out", Json::binary({result.out.begin(), result.out.end()})},
          {"err", Json::binary({result.err.begin(), result.err.end()})}};
}

Expected<CommandResult> result_of(const std::string& bytes) {
  const auto json = Json::from_cbor(bytes, true, false);
  CommandResult result;
  try {
    if (json.contains("error")) {
      return broken("{}", json.at("error").get<std::string>());
    }
    result.exit_code = json.at("exit_code").get<int>();
    result.signal = json.at("signal").get<int>();
    result.timed_out = json.at("timed_out").get<bool>();
    result.truncated = json.at("truncated").get<bool>();
    const auto& out = json.at("out").get_binary();
    const auto& err = json.at("err").get_binary();
    result.out.assign(out.begin(), out.end());
    result.err.assign(err.begin(), err.end());
  } catch (const Json::exception&) {
    return broken("the node that it ran in ended without an answer");
  }
  return result;
}

}  // namespace

Expected<CommandResult> run_in_node(const std::vector<std::string>& argv,
                                    const std::vector<node::Bind>& binds,
                                    std::chrono::milliseconds limit,
                                    const std::function<bool()>& cancelled, bool privileged) {
  node::NodeOptions options;
  options.privileged = privileged;
  options.binds = binds;
  options.size_bytes = k_node_size;
  auto started = node::Node::start(options, [&](int output, std::int64_t) {
    CommandOptions command;
    command.environment = fixed_environment();
    command.timeout = limit;
    command.output_limit = k_output_limit;
    command.foreign = true;
    const auto result = run_program(argv, command);
    const auto answer =
        Json::to_cbor(result ? to_json(*result) : Json{{"error", result.error().message}});
    write_answer(output, {reinterpret_cast<const char*>(answer.data()), answer.size()});  // NOLINT
    return 0;
  });
  if (!started) {
    return tl::unexpected(started.error());
  }
  TRY_ASSIGN(const auto answer, read_answer(*started, limit + k_grace, cancelled));
  started->kill();
  started->reap();
  if (!answer) {
    CommandResult result;
    result.timed_out = true;
    return result;
  }
  if (answer->starts_with('!')) {
    const auto error = node::parse_setup_error(*answer);
    // Whatever keeps a node from being made keeps the program from being run.
    return unavailable("{}", error.message);
  }
  return result_of(*answer);
}

artifacts::Sandbox node_sandbox(std::function<bool()> cancelled, bool privileged) {
  return [cancelled = std::move(cancelled), privileged](
             const std::vector<std::string>& argv, const std::filesystem::path& directory,
             std::chrono::milliseconds limit) -> Expected<CommandResult> {
    const auto place = std::filesystem::path(layout::k_stacks) / "foreign";
    auto inside = argv;
    inside.at(0) = (place / inside[0]).string();
    return run_in_node(inside, {{directory, place}}, limit, cancelled, privileged);
  };
}

}  // namespace cni_matrix::run
