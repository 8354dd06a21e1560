#include "recorder/trace_format.hpp"

#include <cni_matrix/base/file.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::recorder {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string chunk(Tag tag, std::string_view content) {
  char header[k_chunk_header_size];
  put_chunk_header(header, tag, static_cast<std::uint32_t>(content.size()));
  return std::string(header, sizeof(header)) + std::string(content);
}

class ReadTraceTest : public testing::Test {
 protected:
  ReadTraceTest() : m_directory(value_or_throw(TemporaryDirectory::create())) {}
  void add(const std::string& name, const std::string& text) {
    value_or_throw(write_file(m_directory.path() / name, text));
  }
  Expected<std::vector<PluginCall>> read() { return read_trace(m_directory.path()); }

 private:
  TemporaryDirectory m_directory;
};

TEST_F(ReadTraceTest, CallsComeInOrderOfStart) {
  add("00000000000000000020-1", k_magic + chunk(Tag::plugin, "portmap") + chunk(Tag::start, "20"));
  add("00000000000000000003-9", k_magic + chunk(Tag::plugin, "bridge") + chunk(Tag::start, "3"));
  const auto calls = value_or_throw(read());
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].plugin, "bridge");
  EXPECT_EQ(calls[0].start_ns, 3);
  EXPECT_EQ(calls[1].plugin, "portmap");
}

TEST_F(ReadTraceTest, PiecesOfAStreamMakeOneEvenInTheMiddleOfACharacter) {
  add("1-1", k_magic + chunk(Tag::output, "caf\xC3") + chunk(Tag::output, "\xA9") +
                 chunk(Tag::end, "0 0 77 5"));
  const auto calls = value_or_throw(read());
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0].output, "caf\xC3\xA9");
  EXPECT_TRUE(calls[0].finished);
  EXPECT_EQ(calls[0].exit_code, 0);
  EXPECT_EQ(calls[0].end_ns, 77);
  EXPECT_EQ(calls[0].recorder_cpu_us, 5);
}

TEST_F(ReadTraceTest, TheLastNoteOfAFaultCountsAndWithheldPiecesMakeOne) {
  add("1-1", k_magic + chunk(Tag::fault, "kill-runtime-after") + chunk(Tag::withheld, "caf\xC3") +
                 chunk(Tag::withheld, "\xA9\xFF") + chunk(Tag::fault, "kill-runtime-after: no"));
  const auto calls = value_or_throw(read());
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(calls[0].fault, "kill-runtime-after: no");
  EXPECT_EQ(calls[0].withheld, "caf\xC3\xA9\\xff");
  EXPECT_EQ(calls[0].output, "");
  EXPECT_FALSE(calls[0].finished);
}

TEST_F(ReadTraceTest, EveryTruncationIsAnUnfinishedCall) {
  const std::string whole = k_magic + chunk(Tag::plugin, "bridge") +
                            chunk(Tag::environment, "CNI_A=b=c") + chunk(Tag::end, "1 0 77 5");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    add("1-1", whole.substr(0, size));
    const auto calls = read();
    ASSERT_TRUE(calls.has_value()) << size << ": " << calls.error().message;
    for (const PluginCall& call : *calls) {
      EXPECT_FALSE(call.finished) << size;
    }
  }
  add("1-1", whole);
  const auto calls = value_or_throw(read());
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_TRUE(calls[0].finished);
  EXPECT_EQ(calls[0].environment.at("CNI_A"), "b=c");
}

TEST_F(ReadTraceTest, AFileThatIsNoCallIsNamed) {
  add("notes.txt", "this is not one of the recorder's files");
  const auto calls = read();
  ASSERT_FALSE(calls.has_value());
  EXPECT_EQ(calls.error().kind, ErrorKind::broken);
  EXPECT_THAT(calls.error().message, HasSubstr("notes.txt"));
}

TEST_F(ReadTraceTest, AnUnknownPartIsRefused) {
  add("1-1", k_magic + chunk(Tag{'?'}, "x"));
  EXPECT_FALSE(read().has_value());
  add("1-1", k_magic + chunk(Tag::end, "1 0 x 5"));
  EXPECT_FALSE(read().has_value());
}

TEST_F(ReadTraceTest, AMissingDirectoryIsNamed) {
  const auto calls = read_trace("/nonexistent/trace");
  ASSERT_FALSE(calls.has_value());
  EXPECT_THAT(calls.error().message, HasSubstr("/nonexistent/trace"));
}

TEST(PluginCallJson, ComesBackAsItWas) {
  PluginCall call;
  call.plugin = "bridge";
  call.command = "DEL";
  call.environment = {{"CNI_COMMAND", "DEL"}};
  call.input = "{}";
  call.output = "o";
  call.error_output = "e";
  call.truncated = true;
  call.signal = 9;
  call.finished = true;
  call.delegated = true;
  call.start_ns = 1;
  call.end_ns = 1'700'000'000'000'000'000;
  call.recorder_cpu_us = 12;
  call.fault = "fail-after";
  call.withheld = "w";
  const auto again = value_or_throw(plugin_call_from_json(to_json(call)));
  EXPECT_EQ(to_json(again), to_json(call));
  EXPECT_EQ(again.end_ns, call.end_ns);
  EXPECT_EQ(again.exit_code, -1);
  EXPECT_EQ(again.fault, "fail-after");
  EXPECT_EQ(again.withheld, "w");
}

TEST(PluginCallJson, OneWrittenBeforeThereWereFaultsIsReadable) {
  const Json value = to_json(PluginCall{});
  EXPECT_FALSE(value.contains("fault"));
  EXPECT_FALSE(value.contains("withheld"));
  EXPECT_EQ(value_or_throw(plugin_call_from_json(value)).fault, "");
}

TEST(PluginCallJson, AMissingKeyIsAnError) {
  const auto call = plugin_call_from_json(Json::object());
  ASSERT_FALSE(call.has_value());
  EXPECT_EQ(call.error().kind, ErrorKind::input);
  EXPECT_THAT(call.error().message, HasSubstr("plugin"));
}

}  // namespace
}  // namespace cni_matrix::recorder
