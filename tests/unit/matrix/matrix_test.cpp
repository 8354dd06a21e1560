#include "small_matrix.hpp"

#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <gmock/gmock.h>

#include <set>

namespace cni_matrix::matrix {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Matrix, IsTheProductOfItsAxes) {
  EXPECT_THAT(names(*parse(k_small)), ElementsAre("1.6.2/0.9.0/bridge-portmap@none/lifecycle",
                                                  "1.7.0/0.9.0/bridge-portmap@none/lifecycle",
                                                  "1.6.2/0.9.0/bridge-portmap@1.0.0/lifecycle",
                                                  "1.7.0/0.9.0/bridge-portmap@1.0.0/lifecycle"));
}

TEST(Matrix, IncludesEachCellOnceAndExcludes) {
  const auto spec = parse(R"({"containerd": ["1.6.2", "1.6.2", "debian:bookworm"],
    "plugins": ["0.9.0"], "conflists": ["bridge-portmap"], "scenarios": ["lifecycle"],
    "include": [{"containerd": ["1.6.2", "1.5.0", "1.4.0"]},
                {"scenarios": [{"scenario": "repair", "with": {"to": ["0.4.0", "0.3.1"]}}],
                 "hostPort": 18080, "markChain": true, "runtime": "embedded"}],
    "exclude": [{"containerd": "<1.5.0"}, {"containerd": "debian:*", "scenario": "repair"}]})");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_THAT(
      names(*spec),
      ElementsAre("1.6.2/0.9.0/bridge-portmap/lifecycle",
                  "debian:bookworm/0.9.0/bridge-portmap/lifecycle",
                  "1.5.0/0.9.0/bridge-portmap/lifecycle",
                  "1.6.2/0.9.0/bridge-portmap/repair[to=0.4.0,hostport=18080,markchain,embedded]",
                  "1.6.2/0.9.0/bridge-portmap/repair[to=0.3.1,hostport=18080,markchain,embedded]"));
}

TEST(Matrix, NamesFilePlaceAndCure) {
  EXPECT_THAT(error_of(R"({"containerd": "1.6.2"})"),
              AllOf(HasSubstr("my.json"), HasSubstr("/containerd")));
  EXPECT_THAT(error_of(R"({"containerds": []})"), HasSubstr("containerds"));
  EXPECT_THAT(error_of("{}"), AllOf(HasSubstr("my.json"), HasSubstr("empty")));
  EXPECT_THAT(error_of(R"({"scenarios": ["lifecycle", "lifecycel"]})"),
              AllOf(HasSubstr("my.json: at /scenarios/1"), HasSubstr("did you mean lifecycle")));
  EXPECT_THAT(error_of(R"({"conflists": [{"file": "bridge-portmop"}]})"),
              AllOf(HasSubstr("/conflists/0/file"), HasSubstr("did you mean bridge-portmap")));
  EXPECT_THAT(error_of(R"({"scenarios": [{"scenario": "version-edit"}]})"),
              AllOf(HasSubstr("/scenarios/0"), HasSubstr("\"to\" is not set")));
  EXPECT_THAT(error_of(R"({"scenarios": [{"scenario": "repair", "with": {"too": ["1"]}}]})"),
              HasSubstr("did you mean to"));
  EXPECT_THAT(error_of(R"({"containerd": ["1.6.2", "one"]})"), HasSubstr("/containerd/1"));
  EXPECT_THAT(error_of(R"({"exclude": [{"containerd": "<1.5x"}]})"),
              HasSubstr("/exclude/0/containerd"));
  EXPECT_THAT(error_of(R"({"runtime": "deamon"})"), HasSubstr("/runtime"));
}

TEST(ShippedMatrices, LoadAndHaveCells) {
  for (const char* name : {"default", "kubernetes-page"}) {
    const auto spec = load_matrix(data_directory() / "matrix" / (std::string(name) + ".json"));
    ASSERT_TRUE(spec.has_value()) << spec.error().message;
    const auto all = names(*spec);
    EXPECT_GT(all.size(), 10U);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  }
}

}  // namespace
}  // namespace cni_matrix::matrix
