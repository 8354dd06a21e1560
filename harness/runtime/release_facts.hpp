#pragma once

#include <cni_matrix/base/version.hpp>

namespace cni_matrix {

// What a containerd release's CRI plugin does about the pod network beyond go-cni and libcni. Read
// from sandbox_run.go, sandbox_stop.go, sandbox_remove.go, status.go and cni_conf_syncer.go of
// every release tag since 1.3.0. Default values are the oldest behaviour.
struct ReleaseFacts {
  // A failed setup is followed by a teardown. 1.3 removes the network namespace only.
  bool tears_down_failed_setup = false;

  // That teardown has a minute of its own, even if the caller's deadline is over (containerd#5438).
  bool teardown_outlives_call = false;

  // The record is written before the network is set up, so it can outlive a failed RunPodSandbox.
  bool record_before_network = false;

  // A teardown that fails after a failed setup is forgotten with the pod, though the record was
  // written first. Otherwise the pod stays, NotReady (containerd#5768, #12130).
  bool ignores_failed_teardown = false;

  // The CNI result and the IPs reach the record; else a restart loses them (containerd#7843).
  bool stores_result = true;

  // How StopPodSandbox treats a pod whose record has no CNI result (containerd#12923).
  enum class WithoutResult {
    tear_down,
    skip,
    tolerate
  } stop_without_result = WithoutResult::tear_down;

  // What RemovePodSandbox does about a pod that was not stopped.
  enum class Removal { refuse, stop_running, stop_always } removal = Removal::refuse;

  // The newest protocol of a shim that it can take over after a restart, which is also that of its
  // own: 2 (a file `address` in the bundle) or 3 (bootstrap.json). A pod in a newer one comes back
  // NotReady.
  int shim = 2;

  bool stop_of_unknown_is_ok = false;  // StopPodSandbox of an id that there is not

  // The configuration directory is watched; 1.3 loads it at every Status instead.
  bool watches_configuration = false;
  bool ends_without_directory = false;  // the daemon exits when that directory is removed
  bool names_load_status = false;       // lastCNILoadStatus.default beside lastCNILoadStatus

  bool misspells_resource = false;  // in the refusal of a bandwidth that is too large
  bool pod_uid = false;             // K8S_POD_UID in CNI_ARGS
  bool pod_annotations = false;     // capability io.kubernetes.cri.pod-annotations
  // 1.3 passes portMappings and bandwidth even when the pod asks for neither.
  bool always_passes_capabilities = false;

  // The newest version of a configuration file that it reads, and whether it refuses a newer one or
  // finds nothing in it that it knows.
  int config_version = 2;
  bool refuses_newer_config = false;
  bool networks_of_handlers = false;  // cni_conf_dir and cni_max_conf_num of a runtime handler
  // The networks of a pod are attached at the same time, unless setup_serially is known and set.
  bool attaches_in_parallel = false;
  bool knows_setup_serially = false;
  bool knows_internal_loopback = false;  // use_internal_loopback
  bool knows_bin_dirs = false;           // several directories of plugins
  bool knows_ip_pref = false;            // which of a pod's addresses comes first
  bool tells_ipv6_apart = false;         // else ip_pref "ipv6" takes the first address of any kind

  bool knows_disable_cgroup = true;  // the option; 2.0 took it out
  // enable_unprivileged_ports and _icmp: unless they are off it writes sysctls into each pod.
  bool writes_pod_sysctls = false;

  // The versions of CRI that it speaks.
  bool speaks_v1alpha2 = true;
  bool speaks_v1 = false;

  friend bool operator==(const ReleaseFacts&, const ReleaseFacts&) = default;
};

ReleaseFacts release_facts(const Version& containerd);

}  // namespace cni_matrix
