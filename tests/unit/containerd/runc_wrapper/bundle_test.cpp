#include "containerd/runc_wrapper/bundle.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace cni_matrix {
namespace {

using Json = nlohmann::json;

TEST(Bundle, LosesCgroupsAndTheTtyGroup) {
  std::string edited;
  ASSERT_TRUE(edit_bundle_config(R"({
    "process": {"oomScoreAdj": -998, "rlimits": [{"hard": 18446744073709551615}]},
    "mounts": [
      {"destination": "/dev/pts", "type": "devpts", "options": ["newinstance", "gid=5", "mode=0620"]},
      {"destination": "/proc", "type": "proc", "options": ["gid=5"]},
      {"destination": "/x", "type": "bind"}],
    "linux": {"cgroupsPath": "/k8s.io/x", "resources": {"devices": []}, "namespaces": [{"type": "pid"}]}
  })",
                                 edited));
  EXPECT_EQ(Json::parse(edited), Json::parse(R"({
    "process": {"oomScoreAdj": -998, "rlimits": [{"hard": 18446744073709551615}]},
    "mounts": [
      {"destination": "/dev/pts", "type": "devpts", "options": ["newinstance", "mode=0620"]},
      {"destination": "/proc", "type": "proc", "options": ["gid=5"]},
      {"destination": "/x", "type": "bind"}],
    "linux": {"namespaces": [{"type": "pid"}]}
  })"));
}

TEST(Bundle, TakesAnyObject) {
  for (const char* text : {"{}", R"({"linux":null,"mounts":null})", R"({"mounts":[1,{"type":2}]})",
                           R"({"mounts":[{"type":"devpts","options":"gid=5"}]})"}) {
    std::string edited;
    EXPECT_TRUE(edit_bundle_config(text, edited)) << text;
    EXPECT_EQ(Json::parse(edited), Json::parse(text));
  }
}

TEST(Bundle, RefusesWhatIsNoObject) {
  std::string edited;
  for (const char* text : {"", "{", "[]", "3"}) {
    EXPECT_FALSE(edit_bundle_config(text, edited)) << text;
  }
}

TEST(ProcessList, IsTheFirstProcess) {
  EXPECT_EQ(process_list(R"({"id":"x","init_process_pid":42})"), "[42]");
  for (const char* text : {"", "[]", "{}", R"({"init_process_pid":0})",
                           R"({"init_process_pid":-3})", R"({"init_process_pid":"42"})"}) {
    EXPECT_EQ(process_list(text), "") << text;
  }
}

}  // namespace
}  // namespace cni_matrix
