#include "recorder/call_builder.hpp"

#include <cni_matrix/recorder/plugin_call.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::recorder {
namespace {

using testing::HasSubstr;

std::string chunk(Tag tag, std::string_view content) {
  char header[k_chunk_header_size];
  put_chunk_header(header, tag, static_cast<std::uint32_t>(content.size()));
  return std::string(header, sizeof(header)) + std::string(content);
}

PluginCall call_of(const std::string& chunks) {
  CallBuilder builder;
  EXPECT_TRUE(builder.take(chunks));
  return builder.call();
}

TEST(CallBuilder, PiecesOfAStreamMakeOneEvenInTheMiddleOfACharacter) {
  const auto call = call_of(chunk(Tag::output, "caf\xC3") + chunk(Tag::output, "\xA9") +
                            chunk(Tag::end, "0 0 77 5"));
  EXPECT_EQ(call.output, "caf\xC3\xA9");
  EXPECT_TRUE(call.finished);
  EXPECT_EQ(call.exit_code, 0);
  EXPECT_EQ(call.end_ns, 77);
  EXPECT_EQ(call.recorder_cpu_us, 5);
}

TEST(CallBuilder, TheLastNoteOfAFaultCountsAndWithheldPiecesMakeOne) {
  const auto call =
      call_of(chunk(Tag::fault, "kill-runtime-after") + chunk(Tag::withheld, "caf\xC3") +
              chunk(Tag::withheld, "\xA9\xFF") + chunk(Tag::fault, "kill-runtime-after: no"));
  EXPECT_EQ(call.fault, "kill-runtime-after: no");
  EXPECT_EQ(call.withheld, "caf\xC3\xA9\\xff");
  EXPECT_EQ(call.output, "");
  EXPECT_FALSE(call.finished);
}

TEST(CallBuilder, TakesARecordAtATime) {
  CallBuilder builder;
  EXPECT_FALSE(builder.begun());
  EXPECT_TRUE(builder.take(chunk(Tag::plugin, "bridge") + chunk(Tag::start, "3")));
  EXPECT_TRUE(builder.begun());
  EXPECT_TRUE(builder.take(chunk(Tag::environment, "CNI_A=b=c") +
                           chunk(Tag::environment, "CNI_COMMAND=DEL")));
  EXPECT_FALSE(builder.finished());
  EXPECT_TRUE(builder.take(chunk(Tag::end, "1 0 77 5")));
  EXPECT_TRUE(builder.finished());
  EXPECT_EQ(builder.names().command, "DEL");
  const auto call = builder.call();
  EXPECT_EQ(call.plugin, "bridge");
  EXPECT_EQ(call.start_ns, 3);
  EXPECT_EQ(call.environment.at("CNI_A"), "b=c");
  EXPECT_EQ(call.command, "DEL");
}

TEST(CallBuilder, EveryCutInsideAChunkIsRefused) {
  const std::string start = chunk(Tag::plugin, "bridge");
  const std::string whole = start + chunk(Tag::end, "1 0 77 5");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    CallBuilder builder;
    EXPECT_EQ(builder.take(whole.substr(0, size)), size == start.size()) << size;
    EXPECT_FALSE(builder.finished()) << size;
    EXPECT_EQ(builder.names().plugin, size < start.size() ? "" : "bridge") << size;
  }
}

TEST(CallBuilder, WhatNoRecorderWritesIsRefused) {
  for (const std::string& chunks :
       {chunk(Tag{'?'}, "x"), chunk(Tag::end, "1 0 x 5"), chunk(Tag::start, "early"),
        chunk(Tag::end, "1 0 77 5") + chunk(Tag::output, "more"),
        chunk(Tag::output, std::string(k_stream_limit, 'x')) + chunk(Tag::output, "y"),
        chunk(Tag::environment, "CNI_A=" + std::string(2U << 20U, 'x'))}) {
    CallBuilder builder;
    EXPECT_FALSE(builder.take(chunks)) << chunks.substr(0, 20);
  }
}

TEST(CallBuilder, DropsStreamsAndSaysSo) {
  CallBuilder builder;
  EXPECT_TRUE(builder.take(chunk(Tag::output, "kept")));
  EXPECT_TRUE(builder.take(chunk(Tag::output, "lost") + chunk(Tag::end, "0 0 7 5"),
                           CallBuilder::Streams::drop));
  EXPECT_EQ(builder.call().output, "kept");
  EXPECT_TRUE(builder.call().truncated);
  EXPECT_TRUE(builder.finished());
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
