#include "cni/quantity.hpp"

#include "cni/attachment_options.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace cni_matrix::cni {
namespace {

using testing::HasSubstr;

std::int64_t value_of(const char* text) {
  return quantity_value(text).value_or(-1'234'567);
}

TEST(Quantity, IsAsKubernetesWritesIt) {
  EXPECT_EQ(value_of("1000"), 1'000);
  EXPECT_EQ(value_of("10k"), 10'000);
  EXPECT_EQ(value_of("1Gi"), 1'073'741'824);
  EXPECT_EQ(value_of("1.5Ki"), 1'536);
  EXPECT_EQ(value_of(".5M"), 500'000);
  EXPECT_EQ(value_of("1e3"), 1'000);
  EXPECT_EQ(value_of("1E+3"), 1'000);
  EXPECT_EQ(value_of("1500m"), 2);  // rounded up
  EXPECT_EQ(value_of("-1k"), -1'000);
  EXPECT_EQ(value_of("1P"), 1'000'000'000'000'000);
  EXPECT_EQ(value_of("100E"), std::numeric_limits<std::int64_t>::max());
}

TEST(Quantity, IsRefusedInKubernetesWords) {
  EXPECT_THAT(quantity_value("").error(), HasSubstr("quantities must match"));
  EXPECT_THAT(quantity_value("fast").error(), HasSubstr("quantities must match"));
  EXPECT_THAT(quantity_value("1 M").error(), HasSubstr("quantities must match"));
  EXPECT_EQ(quantity_value("1K").error(), "unable to parse quantity's suffix");
  EXPECT_EQ(quantity_value("1kM").error(), "unable to parse quantity's suffix");
}

tl::expected<AttachmentOptions, std::string> options_of(const char* containerd,
                                                        const char* bandwidth,
                                                        Direction direction = Direction::setup) {
  PodSpec pod;
  pod.annotations["kubernetes.io/egress-bandwidth"] = bandwidth;
  pod.port_mappings = {{"sctp", 80, 8080, "192.0.2.2"}};
  return attachment_options(release_facts(*Version::parse(containerd)), "id", pod, direction);
}

TEST(AttachmentOptions, TakeBandwidthsThatAreReasonable) {
  const auto good = options_of("1.6.20", "1Gi");
  ASSERT_TRUE(good) << good.error();
  EXPECT_EQ(good->capabilities.at("bandwidth").at("EgressRate"), 1'073'741'824);
  EXPECT_EQ(good->capabilities.at("portMappings")[0].at("Protocol"), "sctp");
  EXPECT_EQ(good->capabilities.at("portMappings")[0].at("HostIP"), "192.0.2.2");
  const std::string begin = "get cni namespace options: reading pod bandwidth annotations: ";
  EXPECT_EQ(options_of("1.6.20", "999").error(),
            begin + "resource is unreasonably small (< 1kbit)");
  EXPECT_EQ(options_of("1.6.20", "2P", Direction::teardown).error(),
            begin + "resource is unreasonably large (> 1Pbit)");
  EXPECT_EQ(options_of("1.4.13", "2P").error(), begin + "resoruce is unreasonably large (> 1Pbit)");
  EXPECT_THAT(options_of("1.3.0", "fast").error(),
              HasSubstr("failed to get bandwidth info from annotations: reading pod bandwidth"));
  EXPECT_TRUE(options_of("1.3.0", "fast", Direction::teardown));
}

}  // namespace
}  // namespace cni_matrix::cni
