#include "report/junit.hpp"

#include "sample.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace cni_matrix::report::testing {
namespace {

using ::testing::HasSubstr;

class Junit : public ::testing::Test {
 protected:
  void SetUp() override {
    auto directory = TemporaryDirectory::create();
    ASSERT_TRUE(directory);
    m_directory.emplace(std::move(*directory));
  }

  pugi::xml_node suites_of(const std::vector<run::CellResult>& results) {
    const auto file = m_directory->path() / "out.xml";
    auto reporter = make_junit_reporter(file);
    EXPECT_TRUE(reporter);
    const auto told = tell(**reporter, results);
    EXPECT_TRUE(told) << told.error().message;
    const auto parsed =
        m_document.load_file(file.c_str(), pugi::parse_default | pugi::parse_ws_pcdata);
    EXPECT_TRUE(parsed) << parsed.description() << " at " << parsed.offset;
    return m_document.child("testsuites");
  }

  static pugi::xml_node case_named(pugi::xml_node suites, const std::string& name) {
    for (const auto& suite : suites.children("testsuite")) {
      if (auto found = suite.find_child_by_attribute("testcase", "name", name.c_str())) {
        return found;
      }
    }
    ADD_FAILURE() << name;
    return {};
  }

  std::optional<TemporaryDirectory> m_directory;
  pugi::xml_document m_document;
};

TEST_F(Junit, OneSuiteWithItsCounts) {
  const auto suites = suites_of(sample_results());
  EXPECT_STREQ(suites.attribute("name").value(), "cni-matrix");
  EXPECT_STREQ(suites.attribute("time").value(), "4.000");
  const auto all = suites.children("testsuite");
  ASSERT_EQ(std::distance(all.begin(), all.end()), 1);
  const auto suite = suites.child("testsuite");
  EXPECT_STREQ(suite.attribute("name").value(), "default");
  EXPECT_EQ(suite.attribute("tests").as_int(), 17);
  EXPECT_EQ(suite.attribute("failures").as_int(), 2);
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 2);
  EXPECT_STREQ(suite.attribute("timestamp").value(), "2026-11-23T22:00:00Z");
  const auto cases = suite.children("testcase");
  EXPECT_EQ(std::distance(cases.begin(), cases.end()), 17);
  EXPECT_STREQ(suite.child("properties")
                   .find_child_by_attribute("name", "kernel")
                   .attribute("value")
                   .value(),
               "6.1.0-18-amd64");
}

TEST_F(Junit, EachVerdictAsCiSystemsReadIt) {
  const auto suites = suites_of(sample_results());
  const auto pass = case_named(suites, "debian:bookworm/0.9.0/bridge-portmap@none/lifecycle");
  EXPECT_FALSE(pass.child("failure"));
  EXPECT_STREQ(pass.attribute("status").value(), "pass");
  EXPECT_STREQ(pass.attribute("classname").value(), "lifecycle.bridge-portmap@none");
  EXPECT_STREQ(pass.attribute("time").value(), "0.400");
  EXPECT_THAT(pass.child("system-out").text().get(), HasSubstr("runtime: daemon\n"));

  const auto known = case_named(suites, "1.6.2/0.9.0/bridge-portmap@none/lifecycle");
  EXPECT_FALSE(known.child("failure"));
  EXPECT_FALSE(known.child("skipped"));
  EXPECT_STREQ(known.attribute("status").value(), "known");
  EXPECT_THAT(known.child("system-out").text().get(), HasSubstr("invalid version \"\""));
  EXPECT_THAT(known.child("system-out").text().get(), HasSubstr("known behaviour: F02"));
  EXPECT_THAT(known.child("system-out").text().get(), HasSubstr("runtime: embedded (modelled)\n"));

  const auto leak = case_named(suites, "1.10.1/1.1.1/bridge-portmap@1.0.0/lifecycle");
  EXPECT_STREQ(leak.child("failure").attribute("type").value(), "leak");
  EXPECT_STREQ(leak.child("failure").attribute("message").value(), "1 nat-rule was left behind");
  EXPECT_THAT(leak.child("failure").text().get(), HasSubstr("left behind: nat-rule: ip -A POST"));
  // A dot would make a package of what stands before it.
  EXPECT_STREQ(leak.attribute("classname").value(), "lifecycle.bridge-portmap@1_0_0");

  const auto skip = case_named(suites, "1.9.9/0.9.0/bridge-portmap@1.0.0/lifecycle");
  EXPECT_FALSE(skip.child("skipped").first_attribute());
  EXPECT_THAT(skip.child("skipped").text().get(), HasSubstr("no provider"));

  const auto broken = case_named(suites, "1.6.2/1.1.1/bridge-portmap@1.0.0/version-edit[to=1.0.0]");
  EXPECT_THAT(broken.child("error").attribute("message").value(), HasSubstr("did not answer"));
  EXPECT_THAT(broken.child("error").text().get(), HasSubstr("failed to load plugin"));
}

TEST_F(Junit, RunsOfOneCellHaveNamesOfTheirOwn) {
  const auto suites = suites_of({passed(), passed(), passed()});
  const auto name = passed().cell.name();
  for (const auto& one : {name, name + " (run 2)", name + " (run 3)"}) {
    EXPECT_TRUE(case_named(suites, one)) << one;
  }
}

TEST_F(Junit, WhatWasNotRunIsSkipped) {
  const auto file = m_directory->path() / "out.xml";
  auto reporter = make_junit_reporter(file);
  ASSERT_TRUE(reporter);
  (*reporter)->run_started(sample_provenance(), 2);
  (*reporter)->cell_finished(passed());
  auto other = passed().cell;
  other.scenario = "netns-gone";
  (*reporter)->cell_not_run(other);
  ASSERT_TRUE((*reporter)->run_finished({}));
  ASSERT_TRUE(m_document.load_file(file.c_str()));
  const auto suite = m_document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("tests").as_int(), 2);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 1);
  const auto test = case_named(m_document.child("testsuites"), other.name());
  EXPECT_STREQ(test.attribute("status").value(), "not run");
  EXPECT_TRUE(test.child("skipped"));
}

TEST_F(Junit, AnInterruptedCellIsNotGreen) {
  auto result = passed();
  result.verdict = run::Verdict::interrupted;
  const auto suites = suites_of({result});
  EXPECT_TRUE(suites.child("testsuite").child("testcase").child("error"));
}

TEST_F(Junit, HostileTexts) {
  auto result = passed("<&\"'>", "1", "a\tb\nc", "1", "");
  result.verdict = run::Verdict::fail;
  result.cell.scenario = "]]>";
  result.reason = "]]> <![CDATA[ \x1b[31m \xff &amp; \"q\"\nnext\ttab";
  result.steps[0] = {"Run", "", false, "", std::string("nul\0 \xef\xbf\xbf \xed\xa0\x80 ]]>", 17),
                     1};
  result.log = "</failure>";
  const auto suites = suites_of({result});
  const auto test = suites.child("testsuite").child("testcase");
  EXPECT_STREQ(test.attribute("classname").value(), "]]>.bridge-portmap");
  EXPECT_EQ(std::string(test.attribute("name").value()), result.cell.name());
  EXPECT_STREQ(test.child("failure").attribute("message").value(),
               "]]> <![CDATA[ \\x1b[31m \\xff &amp; \"q\"\nnext\ttab");
  const std::string text = test.child("failure").text().get();
  EXPECT_THAT(text, HasSubstr("Run: nul\\x00 \\uffff \\xed\\xa0\\x80 ]]>"));
  EXPECT_THAT(text, HasSubstr("</failure>"));
  // pugixml forgives "]]>" in a text; XML does not.
  const auto raw = read_file(m_directory->path() / "out.xml");
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->find("]]>"), std::string::npos);
}

TEST_F(Junit, UnwritableFileIsRefusedBeforeTheRun) {
  const auto reporter = make_junit_reporter(m_directory->path() / "missing" / "out.xml");
  ASSERT_FALSE(reporter);
  EXPECT_EQ(reporter.error().kind, ErrorKind::input);
}

TEST_F(Junit, NoSpaceIsSaidAtTheEnd) {
  auto reporter = make_junit_reporter("/dev/full");
  ASSERT_TRUE(reporter);
  EXPECT_FALSE(tell(**reporter, {passed()}));
}

TEST_F(Junit, SaysWhyACellWasModelled) {
  suites_of({modelled("1.6.2")});
  EXPECT_THAT(value_or_throw(read_file(m_directory->path() / "out.xml")),
              HasSubstr("mirror.example cannot be reached"));
}

}  // namespace
}  // namespace cni_matrix::report::testing
