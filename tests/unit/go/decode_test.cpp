#include "go/decode.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::go {
namespace {

TEST(GoDecode, FieldsMatchWithoutCaseAndTheLastWins) {
  std::string type;
  StructDecoder d;
  d.object(*parse(R"({"TYPE":"a","type":"b","Type":"c"})"), "types.NetConf", "NetConf",
           {{"type", [&](const Value& v) { return d.string(v, type); }}});
  EXPECT_FALSE(d.error());
  EXPECT_EQ(type, "c");
}

TEST(GoDecode, TypeErrorsNameTheField) {
  EXPECT_EQ(decode_version(R"({"cniVersion":5})").error(),
            "decoding version from network config: json: cannot unmarshal number into Go struct "
            "field .cniVersion of type string");
}

// The outermost struct and the whole way, also through maps.
TEST(GoDecode, TypeErrorsOfTheNewerPackageNameTheWay) {
  const auto error = [](JsonPackage package, const char* text) {
    StructDecoder d(package);
    const auto flag = [&](const std::string&, const Value& value) {
      bool out = false;
      return d.boolean(value, out);
    };
    std::string type;
    const auto ipam = [&](const Value& value) {
      return d.object(value, "types.IPAM", "IPAM",
                      {{"type", [&](const Value& v) { return d.string(v, type); }}});
    };
    d.object(*parse(text), "types.PluginConf", "PluginConf",
             {{"capabilities", [&](const Value& v) { return d.map(v, "map[string]bool", flag); }},
              {"ipam", ipam}});
    return d.error()->str();
  };
  const auto* capability = R"({"capabilities": {"x": 5}})";
  EXPECT_EQ(
      error(JsonPackage::v1, capability),
      "json: cannot unmarshal number into Go struct field PluginConf.capabilities of type bool");
  EXPECT_EQ(error(JsonPackage::v2, capability),
            "json: cannot unmarshal number into Go struct field PluginConf.capabilities.x of type "
            "bool");
  const auto* ipam = R"({"ipam": {"type": 5}})";
  EXPECT_EQ(error(JsonPackage::v1, ipam),
            "json: cannot unmarshal number into Go struct field IPAM.ipam.type of type string");
  EXPECT_EQ(
      error(JsonPackage::v2, ipam),
      "json: cannot unmarshal number into Go struct field PluginConf.ipam.type of type string");
}

}  // namespace
}  // namespace cni_matrix::go
