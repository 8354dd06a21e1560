#include "release_facts.hpp"

#include <initializer_list>
#include <tuple>

namespace cni_matrix {
namespace {

struct Since {
  unsigned major;
  unsigned minor;
  unsigned patch;
};

// A change goes into the newest minor and is then taken back to some older ones. `changes` names,
// in ascending order, the first release of each minor that has it; later minors than those have it
// too, any other has not.
bool has(const Version& version, std::initializer_list<Since> changes) {
  const auto line = std::tie(version.major, version.minor);
  bool is_later = true;
  for (const Since& change : changes) {
    const auto changed_line = std::tie(change.major, change.minor);
    if (line == changed_line) {
      return version.patch >= change.patch;
    }
    is_later = line > changed_line;
  }
  return is_later;
}

}  // namespace

ReleaseFacts release_facts(const Version& containerd) {
  const Version& v = containerd;
  ReleaseFacts facts;
  facts.tears_down_failed_setup = has(v, {{1, 4, 0}});
  facts.teardown_outlives_call = has(v, {{1, 4, 7}, {1, 5, 3}});
  facts.record_before_network = has(v, {{1, 5, 15}, {1, 6, 9}, {1, 7, 0}});
  facts.ignores_failed_teardown = has(v, {{1, 6, 37}, {2, 0, 0}});
  facts.stores_result = !facts.record_before_network || has(v, {{1, 5, 17}, {1, 6, 15}, {1, 7, 0}});
  if (has(v, {{1, 7, 31}, {2, 0, 8}, {2, 1, 7}, {2, 2, 2}})) {
    facts.stop_without_result = ReleaseFacts::WithoutResult::tolerate;
  } else if (has(v, {{1, 6, 37}, {1, 7, 23}, {2, 0, 0}})) {
    facts.stop_without_result = ReleaseFacts::WithoutResult::skip;
  }
  if (has(v, {{1, 6, 0}})) {
    facts.removal = ReleaseFacts::Removal::stop_always;
  } else if (has(v, {{1, 4, 0}})) {
    facts.removal = ReleaseFacts::Removal::stop_running;
  }
  facts.shim = has(v, {{2, 0, 0}}) ? 3 : 2;
  facts.stop_of_unknown_is_ok = has(v, {{1, 6, 35}, {1, 7, 21}, {2, 0, 0}});
  facts.watches_configuration = has(v, {{1, 4, 0}});
  facts.ends_without_directory = has(v, {{2, 1, 0}});
  facts.names_load_status = has(v, {{1, 6, 0}});
  facts.misspells_resource = !has(v, {{1, 5, 0}});
  facts.pod_uid = has(v, {{1, 5, 3}});
  facts.pod_annotations = has(v, {{1, 5, 0}});
  facts.always_passes_capabilities = !has(v, {{1, 4, 0}});
  facts.config_version = has(v, {{2, 3, 0}}) ? 4 : has(v, {{2, 0, 0}}) ? 3 : 2;
  facts.refuses_newer_config = has(v, {{1, 6, 32}, {1, 7, 17}});
  facts.networks_of_handlers = has(v, {{1, 6, 0}});
  facts.attaches_in_parallel = has(v, {{1, 6, 0}});
  facts.knows_setup_serially = has(v, {{1, 7, 0}});
  facts.knows_internal_loopback = has(v, {{2, 0, 0}});
  facts.knows_ip_pref = has(v, {{1, 6, 0}});
  facts.tells_ipv6_apart = has(v, {{1, 7, 25}, {2, 0, 0}});
  facts.knows_bin_dirs = has(v, {{2, 1, 0}});
  facts.knows_disable_cgroup = !has(v, {{2, 0, 0}});
  facts.writes_pod_sysctls = has(v, {{1, 6, 0}});
  facts.speaks_v1alpha2 = !has(v, {{2, 0, 0}});
  facts.speaks_v1 = has(v, {{1, 6, 0}});
  return facts;
}

}  // namespace cni_matrix
