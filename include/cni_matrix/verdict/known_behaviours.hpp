#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/verdict/cni_version_range.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// matrix/known-behaviours/*.json (matrix/known-behaviours.schema.json): what certain versions are
// known to do, as data.
namespace cni_matrix::verdict {

// What has to hold for a case to apply. Everything is about the moment of the step: after an edit
// or a replacement, the new version counts. Empty or absent: anything.
struct BehaviourCondition {
  std::optional<VersionRange> containerd;
  std::optional<VersionRange> created_containerd;  // when the pod was started
  std::optional<VersionRange> plugins;
  std::map<std::string, VersionRange> built_with;  // Go modules of the plugins, by path
  std::optional<CniVersionRange> cni_version;
  std::optional<CniVersionRange> created_cni_version;  // when the pod was started
  std::vector<std::string> scenarios;
  std::vector<std::string> uses;          // all of them in the conflist's traits
  std::vector<std::string> lacks;         // none of them there
  std::vector<std::string> created_uses;  // all of them there when the pod was started
  std::vector<std::string> created_lacks;
  std::map<std::string, std::string> state;  // what steps have done: scenario::Effect::state
  std::vector<std::string> changed;          // of it, since the pod was started
  std::optional<bool> host_port;             // the pod publishes one
  std::optional<bool> mark_chain;
  std::optional<bool> netns_gone;
  std::optional<bool> conflist_gone;
  std::optional<bool> plugin_gone;  // one that the conflist uses
};

struct BehaviourCase {
  enum class Kind {
    failure,          // a step fails with `error`
    failed_clean_up,  // what is left, and what follows, when the DEL after a failed ADD fails too
    leak,             // everything succeeds, and `leaves` stays
    outcome,  // of a whole scenario: the steps in `fails` fail, no others, and `leaves` stays
  };
  Kind kind = Kind::failure;
  std::vector<std::string> steps;  // failure: "run", "stop", "remove", another step's label, or
                                   // "trace:RULE"
  // outcome: the steps that fail, in their order, each with a regular expression over the whole
  // normalised text. `when` is about the cell as it begins.
  struct Failure {
    std::string step;  // the label, "RunPodSandbox"
    std::string error;
  };
  std::vector<Failure> fails;
  BehaviourCondition when;
  // failure: regular expression over the normalised text after "failed to setup network for sandbox
  // "<ID>": " and its like; {plugin}, {supports} and {version} as
  // matrix/known-behaviours.schema.json says. `whole_text`: over the whole text instead.
  std::string error;
  bool whole_text = false;
  // failure of "run": the first plugin's ADD had succeeded before, so it has something to clean up.
  // failed_clean_up: applies to such failures, or to the others; absent: to both.
  std::optional<bool> interface_made;
  // failed_clean_up: no record of the pod is kept; or stop and remove succeed; or stop and remove
  // fail.
  std::string record;                      // "forgotten", "releasable", "stuck"
  std::vector<node::LeakClass> leaves;     // of what this conflist makes at all
  std::vector<node::LeakClass> may_leave;  // no matter whether they are there
  bool leaves_everything = false;          // the pod stays as it was, but for its processes
  bool sometimes = false;                  // it need not show
  bool once = false;                       // failure of "stop": the next try succeeds
};

// Where it was seen with the real binaries.
struct Sighting {
  std::string on;          // "2026-11-24"
  std::string with;        // "containerd 1.6.20 and 1.7.24, plugins 1.9.1"
  std::string prediction;  // from the source: "confirmed", "refuted", or empty: there was none
};

struct KnownBehaviour {
  std::string id;  // "F02"
  std::string title;
  std::string since;  // first and last versions that behave so, for people
  std::string until;
  std::string why;
  std::string remedy;
  bool observed = false;  // evidence "observed"; else "predicted" from the source
  std::optional<Sighting> seen;
  std::vector<std::string> references;
  std::vector<BehaviourCase> cases;
};

// In the order of their ids: of several that explain a failure, the first one's remedy is told.
class KnownBehaviours {
 public:
  // A file, or a folder with all its .json files. Error kind: input, also when an id stands twice.
  static Expected<KnownBehaviours> load_from(const std::filesystem::path& place);
  // matrix/known-behaviours of data_directory(), none at all when that is missing, and files or
  // folders of one's own. Error kind: input, also when an id stands twice.
  static Expected<KnownBehaviours> load(const std::vector<std::filesystem::path>& own = {});
  static Expected<KnownBehaviours> from_json(const Json& value, std::string_view name);

  [[nodiscard]] const std::vector<KnownBehaviour>& all() const { return m_all; }
  // Null when there is none with this id.
  [[nodiscard]] const KnownBehaviour* find(std::string_view id) const;

 private:
  std::vector<KnownBehaviour> m_all;
};

}  // namespace cni_matrix::verdict
