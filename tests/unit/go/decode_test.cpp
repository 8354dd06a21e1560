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

}  // namespace
}  // namespace cni_matrix::go
