#include "scenario/conflist_file.hpp"

#include "base/file.hpp"
#include "chain/chain.hpp"
#include "scenario/configuration_text.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cni_matrix::scenario {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConflistFileTest : public testing::Test {
 protected:
  Expected<ConflistFile> load(const std::string& text, const char* form = "conflist") const {
    Conflist conflist;
    conflist.name = "mine";
    conflist.file = m_directory.path() / ("mine." + std::string(form));
    conflist.form = form;
    value_or_throw(write_file(conflist.file, text));
    return ConflistFile::load(conflist);
  }

  std::string refusal_of(const std::string& text, const char* form = "conflist") const {
    const auto file = load(text, form);
    return file ? "" : file.error().message;
  }

  TemporaryDirectory m_directory = value_or_throw(TemporaryDirectory::create());
};

constexpr const char* k_good =
    R"({"cniVersion": "0.4.0", "name": "n", "plugins": [{"type": "ptp"}]})";

// encoding/json puts U+FFFD for what is no UTF-8, and the text goes to the node as it is.
TEST_F(ConflistFileTest, TakesWhatGoTakes) {
  const auto latin1 = load(
      "{\"cniVersion\": \"0.4.0\", \"_comment\": \"B\xFCro\", \"name\": \"n\", "
      "\"plugins\": [{\"type\": \"ptp\"}]}");
  ASSERT_TRUE(latin1) << latin1.error().message;
  EXPECT_THAT(latin1->text(), HasSubstr("B\xFCro"));
  EXPECT_EQ(latin1->json().at("_comment"), "B\xEF\xBF\xBDro");
  EXPECT_THAT(latin1->refusal(), IsEmpty());

  const auto surrogate = load(R"({"cniVersion": "0.4.0", "_comment": "\ud83d lone", "name": "n",
                                  "plugins": [{"type": "ptp"}]})");
  ASSERT_TRUE(surrogate) << surrogate.error().message;
  EXPECT_EQ(surrogate->json().at("_comment"), "\xEF\xBF\xBD lone");

  const auto upper_case = load(R"({"name": "n", "plugins": [{"Type": "ptp"}]})");
  ASSERT_TRUE(upper_case) << upper_case.error().message;
  EXPECT_THAT(chain::Chain(upper_case->json()).types(), ElementsAre("ptp"));
  EXPECT_TRUE(load(R"({"TYPE": "ptp"})", "conf"));
  // A list of these is only of plugins; libcni finds the name no other way than so written.
  EXPECT_THAT(refusal_of(R"({"Name": "n", "plugins": [{"type": "ptp"}]})"), HasSubstr("/name"));
}

// People can read it, and no containerd: a run shows what comes of it.
TEST_F(ConflistFileTest, TellsWhatGoDoesNotTake) {
  const auto marked = load(std::string("\xEF\xBB\xBF") + k_good);
  ASSERT_TRUE(marked) << marked.error().message;
  EXPECT_THAT(marked->refusal(),
              AllOf(HasSubstr("mine.conflist: containerd does not load it"),
                    HasSubstr("invalid character"), HasSubstr("byte order mark")));
  EXPECT_TRUE(marked->text().starts_with("\xEF\xBB\xBF"));
  EXPECT_THAT(chain::Chain(marked->json()).types(), ElementsAre("ptp"));

  const auto commented = load("{ // of this node\n" + std::string(k_good).substr(1));
  ASSERT_TRUE(commented) << commented.error().message;
  EXPECT_THAT(commented->refusal(), AllOf(HasSubstr("invalid character '/' looking for beginning "
                                                    "of object key string"),
                                          HasSubstr("JSON has no comments")));
}

// libcni is asked, of every release: one that dies of it is a result too.
TEST_F(ConflistFileTest, RefusesWhatNoLibcniLoads) {
  EXPECT_TRUE(load(R"({"name": "n", "plugins": [null]})"));
  EXPECT_TRUE(load(R"({"name": "n"})"));  // since 1.3.0 plugins may stand in files of their own
  EXPECT_THAT(refusal_of(R"({"name": "n", "plugins": []})"), HasSubstr("at /plugins"));
  EXPECT_THAT(refusal_of(R"({"name": "n", "plugins": [{}]})"), HasSubstr("at /plugins/0"));
  EXPECT_THAT(refusal_of(R"({"name": 5, "plugins": [{"type": "ptp"}]})"),
              HasSubstr("no containerd loads it: error parsing configuration list: invalid name"));
  EXPECT_THAT(refusal_of("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal_of(R"({"name": "n", "plugins": [{"type": "ptp", "mtu": 1e400}]})"),
              HasSubstr("number overflow"));
}

TEST(ConfigurationText, IsWhatARuntimeMakesOfIt) {
  EXPECT_EQ(loaded_configuration(R"({"a": 1, "a": 2})"), Json::parse(R"({"a": 2})"));
  EXPECT_TRUE(loaded_configuration("{} // x").is_null());
  EXPECT_TRUE(loaded_configuration("").is_null());
}

TEST(ConfigurationText, IsInFilesOfThreeKinds) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  for (const auto* name : {"20-b.conf", ".hidden.conflist", "x.conflist~", "10-a.json", "c.txt"}) {
    value_or_throw(write_file(directory.path() / name, "{}"));
  }
  std::filesystem::create_directory(directory.path() / "d.conflist");
  std::vector<std::string> names;
  for (const auto& file : value_or_throw(configuration_files_in(directory.path()))) {
    names.push_back(file.filename().string());
  }
  EXPECT_THAT(names, ElementsAre(".hidden.conflist", "10-a.json", "20-b.conf"));
}

}  // namespace
}  // namespace cni_matrix::scenario
