#include "layout.hpp"

namespace cni_matrix::artifacts {

namespace {

Selection selection(Component component, std::vector<std::string> directories) {
  switch (component) {
    case Component::containerd:
      // Which shims there are depends on the version: v1 and the old one went away with 2.0.
      return {std::move(directories),
              {"containerd", "ctr", "containerd-shim", "containerd-shim-runc-v1",
               "containerd-shim-runc-v2"},
              {"containerd", "ctr", "containerd-shim-runc-v2"}};
    case Component::plugins:
      return {std::move(directories), {}, {}};
    case Component::runc:
      return {std::move(directories), {"runc"}, {"runc"}};
  }
  return {};
}

}  // namespace

Selection release_selection(Component component) {
  return selection(component, {component == Component::containerd ? "bin" : ""});
}

Selection debian_selection(Component component) {
  switch (component) {
    case Component::containerd:
      return selection(component, {"usr/bin"});
    case Component::plugins:
      return selection(component, {"usr/lib/cni"});
    case Component::runc:
      return selection(component, {"usr/sbin", "usr/bin"});
  }
  return {};
}

Selection directory_selection(Component component) {
  return selection(component, {""});
}

}  // namespace cni_matrix::artifacts
