// The collector against peers that are no recorders, or sit between it and one: what is not proved
// is not taken, and said.

#include "recorder_fixture.hpp"

#include "recorder/connection.hpp"
#include "recorder/refusal.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <thread>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace cni_matrix::recorder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string chunk(Tag tag, std::string_view content) {
  char header[k_chunk_header_size];
  put_chunk_header(header, tag, static_cast<std::uint32_t>(content.size()));
  return std::string(header, sizeof(header)) + std::string(content);
}

sockaddr_un address_of(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return address;
}

Fd connect_to(const fs::path& path) {
  const auto address = address_of(path);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

void send_text(const Fd& fd, std::string_view text) {
  (void)!::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

// Up to `size` bytes; fewer at the end.
std::string receive(const Fd& fd, std::size_t size) {
  std::string text(size, '\0');
  const ssize_t count = ::recv(fd.get(), text.data(), size, MSG_WAITALL);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Speaks as a recorder does, with a secret of its own.
class Client {
 public:
  Client(const fs::path& socket, const Secret& secret) : m_fd(connect_to(socket)) {
    std::string nonce(k_nonce_size, 'n');
    send(std::string(k_magic, k_magic_size) + nonce);
    m_answer = receive(m_fd, k_nonce_size + k_proof_size);
    if (m_answer.size() == k_nonce_size + k_proof_size) {
      m_proof.emplace(secret.data(), bytes_of(nonce), bytes_of(m_answer));
    }
  }

  [[nodiscard]] bool answered() const { return m_proof.has_value(); }
  void send(const std::string& text) {
    m_sent += text;
    send_text(m_fd, text);
  }
  std::string record(const std::string& chunks) {
    std::string proof(k_proof_size, '\0');
    m_proof->of_next_record(chunks.data(), chunks.size(),
                            reinterpret_cast<unsigned char*>(proof.data()));
    std::string size(k_record_header_size, '\0');
    put_size(size.data(), static_cast<std::uint32_t>(chunks.size()));
    return size + chunks + proof;
  }
  // One after the other.
  std::string records(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& chunks : parts) {
      text += record(chunks);
    }
    return text;
  }
  [[nodiscard]] const std::string& sent() const { return m_sent; }

 private:
  Fd m_fd;
  std::string m_answer;
  std::string m_sent;
  std::optional<ConnectionProof> m_proof;
};

const std::string k_begin = chunk(Tag::plugin, "bridge") + chunk(Tag::start, "20") +
                            chunk(Tag::environment, "CNI_COMMAND=ADD");
const std::string k_end = chunk(Tag::end, "0 0 77 5");

// We speak for the recorder, so it is us that the collector takes for one.
class CollectorTest : public RecorderTest {
 protected:
  CollectorTest() {
    m_expects_no_trouble = false;
    restart([](CollectorOptions& options) { options.program = "/proc/self/exe"; });
  }

  void restart(const std::function<void(CollectorOptions&)>& change) {
    m_collector.reset();
    change(m_options);
    m_collector.emplace(value_or_throw(Collector::start(m_options)));
  }

  [[nodiscard]] Client client() const { return {m_options.socket, m_options.secret}; }
};

TEST_F(CollectorTest, CallsComeInOrderOfStart) {
  auto late = client();
  late.send(late.record(k_begin));
  auto early = client();
  early.send(early.record(chunk(Tag::plugin, "portmap") + chunk(Tag::start, "3") + k_end));
  const auto calls = trace();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].plugin, "portmap");
  EXPECT_EQ(calls[0].start_ns, 3);
  EXPECT_TRUE(calls[0].finished);
  EXPECT_EQ(calls[1].plugin, "bridge");
  EXPECT_FALSE(calls[1].finished);
}

TEST_F(CollectorTest, WhatWasSentIsThereAtOnceThoughItsSenderHasGone) {
  for (int i = 0; i < 50; ++i) {
    {
      auto one = client();
      one.send(one.records({k_begin, k_end}));
    }
    const auto calls = trace();
    ASSERT_THAT(calls, SizeIs(i + 1));
    EXPECT_TRUE(calls.back().finished);
  }
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(CollectorTest, EveryTruncationIsAnUnfinishedCall) {
  std::size_t whole = 1;
  for (std::size_t size = 0; size < whole; ++size) {
    {
      auto one = client();
      const std::string records = one.records({k_begin, k_end});
      whole = records.size();
      one.send(records.substr(0, size));
    }
    for (const PluginCall& call : trace()) {
      ASSERT_FALSE(call.finished) << size;
    }
  }
  const auto found = troubles();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0], HasSubstr("ended before it told of a plugin call ("));
  EXPECT_THAT(found[1], HasSubstr("the plugin call bridge ADD has no end record: its recorder was "
                                  "killed ("));
}

TEST_F(CollectorTest, ARecorderWithAnotherSecretIsNotTaken) {
  Secret other = m_options.secret;
  other[31] ^= 1U;
  Client forger(m_options.socket, other);
  ASSERT_TRUE(forger.answered());
  forger.send(forger.record(k_begin + k_end));
  EXPECT_THAT(trace(), IsEmpty());
  EXPECT_THAT(troubles(), ElementsAre("a peer at the recorder's socket does not know the secret of "
                                      "this run"));
}

TEST_F(CollectorTest, AChangedByteIsSeenWhereverItIs) {
  const std::size_t size = k_record_header_size + k_end.size() + k_proof_size;
  for (std::size_t at = 0; at < size; ++at) {
    restart([](CollectorOptions&) {});
    {
      auto one = client();
      one.send(one.record(k_begin));
      std::string end = one.record(k_end);
      ASSERT_THAT(end, SizeIs(size));
      end[at] = static_cast<char>(end[at] ^ 0x40);
      one.send(end);
    }
    const auto calls = trace();
    ASSERT_THAT(calls, SizeIs(1));
    EXPECT_EQ(calls[0].plugin, "bridge");
    EXPECT_FALSE(calls[0].finished) << at;
    EXPECT_THAT(troubles(), SizeIs(1)) << at;
  }
}

TEST_F(CollectorTest, ARecordLeftOutRepeatedOrMovedIsSeen) {
  for (const int way : {0, 1, 2}) {
    restart([](CollectorOptions&) {});
    auto one = client();
    one.send(one.record(k_begin));
    const std::string first = one.record(chunk(Tag::output, "a"));
    const std::string second = one.record(chunk(Tag::output, "b"));
    const std::string end = one.record(k_end);
    one.send(way == 0   ? second + end
             : way == 1 ? first + first + second + end
                        : second + first + end);
    const auto calls = trace();
    ASSERT_THAT(calls, SizeIs(1));
    EXPECT_EQ(calls[0].output, way == 1 ? "a" : "");
    EXPECT_FALSE(calls[0].finished);
    EXPECT_THAT(troubles(), ElementsAre("the peer that recorded the plugin call bridge ADD told "
                                        "what was changed on its way, or does not come from the "
                                        "recorder"));
  }
}

TEST_F(CollectorTest, AReplayedConnectionIsNotTaken) {
  auto honest = client();
  honest.send(honest.records({k_begin, k_end}));
  ASSERT_THAT(trace(), SizeIs(1));
  const Fd again = connect_to(m_options.socket);
  send_text(again, honest.sent());
  EXPECT_THAT(receive(again, 1000), SizeIs(k_nonce_size + k_proof_size));
  EXPECT_THAT(trace(), SizeIs(1));
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("does not know the secret")));
}

TEST_F(CollectorTest, AFloodOfGarbageLeavesTheRestAlone) {
  for (int i = 0; i < 3000; ++i) {
    const Fd fd = connect_to(m_options.socket);
    send_text(fd, i % 2 == 0 ? "GET / HTTP/1.0\r\n\r\n" : std::string(200'000, 'x'));
  }
  auto honest = client();
  ASSERT_TRUE(honest.answered());
  honest.send(honest.records({k_begin, k_end}));
  EXPECT_THAT(trace(), SizeIs(1));
  const auto found = troubles();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0], HasSubstr("does not speak as a recorder does (3000 times)"));
}

TEST_F(CollectorTest, MoreThanTheLimitIsRefusedAndSaid) {
  restart([](CollectorOptions& options) {
    options.open_limit = 3;
    options.call_limit = 5;
  });
  std::vector<Fd> idle;
  for (int i = 0; i < 10; ++i) {
    idle.push_back(connect_to(m_options.socket));
  }
  EXPECT_EQ(m_collector->open_calls(), 3U);
  EXPECT_FALSE(client().answered());
  idle.clear();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(m_collector->open_calls(), 0U);  // those before have been seen to go
    auto one = client();
    EXPECT_EQ(one.answered(), i < 2);
  }
  const auto found = troubles();
  EXPECT_THAT(found, testing::Contains(HasSubstr("10 connections to the recorder's socket were "
                                                 "refused: there were more than 3 at once, or 5 "
                                                 "in all")));
}

TEST_F(CollectorTest, StreamsBeyondTheLimitAreCutAndSaid) {
  restart([](CollectorOptions& options) { options.byte_limit = 1U << 20U; });
  for (int i = 0; i < 30; ++i) {
    auto one = client();
    one.send(one.record(k_begin));
    trace();
    one.send(one.record(chunk(Tag::output, std::string(80'000, 'x'))));
    trace();
    one.send(one.record(k_end));
  }
  const auto calls = trace();
  ASSERT_THAT(calls, SizeIs(30));
  std::size_t kept = 0;
  for (const auto& call : calls) {
    EXPECT_TRUE(call.finished);
    EXPECT_EQ(call.truncated, call.output.empty());
    kept += call.output.size();
  }
  EXPECT_LT(kept, (1U << 20U) + 80'000U);
  EXPECT_GT(kept, (1U << 20U) - 80'000U);
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("more than 1 MiB")));
}

TEST_F(CollectorTest, ASocketThatIsTakenAwayIsSaid) {
  fs::remove(m_options.socket);
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("was taken away")));
  value_or_throw(write_file(m_options.socket, ""));
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("was taken away")));
}

TEST_F(CollectorTest, ASocketThatCannotBeMadeIsNamed) {
  CollectorOptions options = m_options;
  auto second = Collector::start(options);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr(m_options.socket.string()));
  options.socket = root() / std::string(200, 'x');
  second = Collector::start(options);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("longer than 107 bytes"));
  options.program = "/nonexistent/recorder";
  second = Collector::start(options);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("/nonexistent/recorder"));
}

// A plugin that has the secret (where it can read the recorder), and speaks itself.
TEST_F(CollectorTest, AnotherProgramIsNotTakenThoughItKnowsTheSecret) {
  restart([this](CollectorOptions& options) { options.program = root() / "recorder"; });
  EXPECT_FALSE(client().answered());
  EXPECT_THAT(troubles(), ElementsAre("a peer at the recorder's socket runs another program than "
                                      "the recorder"));
}

// The collector at another place, and between it and the recorder whatever the test says.
class RelayTest : public CollectorTest {
 protected:
  using Change = std::function<std::string(std::string)>;

  RelayTest() : m_place(m_options.socket) {
    add_plugin("bridge", "cat; echo ran >> \"$BIN/../marks\"");
    restart([this](CollectorOptions& options) { options.socket = root() / "behind"; });
  }

  // One call of bridge through a relay. Each way `change` is given what goes by, which ends when it
  // returns nothing.
  CommandResult through(const Change& to_recorder, const Change& to_worker) {
    const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(m_place);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
    EXPECT_EQ(::listen(listener.get(), 5), 0);
    std::thread relay([&] {
      Fd recorder(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      Fd worker = connect_to(m_options.socket);
      std::array<pollfd, 2> fds{pollfd{recorder.get(), POLLIN, 0}, pollfd{worker.get(), POLLIN, 0}};
      for (;;) {
        if (::poll(fds.data(), fds.size(), 10'000) <= 0) {
          return;
        }
        const bool from_recorder = fds[0].revents != 0;
        std::array<char, 65536> buffer{};
        const ssize_t count =
            ::read((from_recorder ? recorder : worker).get(), buffer.data(), buffer.size());
        if (count <= 0) {
          return;
        }
        const auto passed = (from_recorder ? to_worker : to_recorder)(
            std::string(buffer.data(), static_cast<std::size_t>(count)));
        if (passed.empty()) {
          return;
        }
        send_text(from_recorder ? worker : recorder, passed);
      }
    });
    auto result = run(recorded("bridge"));
    relay.join();
    return result;
  }

  static std::string as_it_is(std::string text) { return text; }
  [[nodiscard]] bool plugin_ran() const { return fs::exists(root() / "marks"); }

 private:
  fs::path m_place;
};

TEST_F(RelayTest, OneThatOnlyPassesOnSeesAndChangesNothing) {
  EXPECT_EQ(through(as_it_is, as_it_is).out, k_config);
  EXPECT_TRUE(only_call().finished);
  EXPECT_EQ(only_call().output, k_config);
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(RelayTest, AChangedAnswerIsNotTheWorkers) {
  const auto result = through(
      [](std::string text) {
        text.back() = static_cast<char>(text.back() ^ 1);
        return text;
      },
      as_it_is);
  EXPECT_EQ(result.exit_code, k_refused_status);
  EXPECT_THAT(result.err, HasSubstr("it is not the worker that answers at"));
  EXPECT_FALSE(plugin_ran());
  EXPECT_THAT(trace(), IsEmpty());
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("ended before it told of a plugin call")));
}

TEST_F(RelayTest, AChangedRecordIsNotTaken) {
  const auto result = through(as_it_is, [](std::string text) {
    const auto at = text.find("\"bridge\"");
    if (at != std::string::npos) {
      text.replace(at, 8, "\"abridg\"");
    }
    return text;
  });
  EXPECT_EQ(result.out, k_config);
  EXPECT_EQ(only_call().plugin, "bridge");
  EXPECT_EQ(only_call().input, "");
  EXPECT_FALSE(only_call().finished);
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("was changed on its way")));
}

TEST_F(RelayTest, ACutConnectionIsACallWithoutAnEnd) {
  int records = 0;
  const auto result = through(as_it_is, [&records](std::string text) {
    return ++records > 2 ? std::string() : text;  // hello, the begin of the call
  });
  EXPECT_EQ(result.out, k_config);
  EXPECT_FALSE(only_call().finished);
  EXPECT_THAT(troubles(), ElementsAre("the plugin call bridge ADD has no end record: its recorder "
                                      "was killed"));
}

TEST_F(RelayTest, OneThatAnswersItselfIsNotTheWorker) {
  m_collector.reset();
  m_options.socket = root() / "nobody";
  const Fd nobody(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = address_of(m_options.socket);
  ASSERT_EQ(::bind(nobody.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(nobody.get(), 5), 0);
  std::thread answer([&nobody] {
    const Fd peer(::accept4(nobody.get(), nullptr, nullptr, SOCK_CLOEXEC));
    (void)receive(peer, k_hello_size);
    send_text(peer, std::string(k_nonce_size + k_proof_size, 'x'));
    (void)receive(peer, 1);
  });
  const auto result = through(as_it_is, as_it_is);
  answer.join();
  EXPECT_EQ(result.exit_code, k_refused_status);
  EXPECT_FALSE(plugin_ran());
}

// Which recorders may end without a word.
class EndTest : public CollectorTest {
 protected:
  EndTest() {
    restart([this](CollectorOptions& options) { options.program = root() / "recorder"; });
    add_plugin("bridge", "read line; echo ready; exec sleep 60");
  }

  void kill_one() {
    Pipe input;
    Pipe output;
    const pid_t pid = start("bridge", input.read.get(), output.write.get());
    ASSERT_EQ(::write(input.write.get(), "{}\n", 3), 3);
    char ready[6];
    ASSERT_EQ(::read(output.read.get(), ready, sizeof(ready)), 6);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    EXPECT_EQ(m_collector->open_calls(), 0U);
  }
};

TEST_F(EndTest, AnInterruptionExplainsIt) {
  const auto before = monotonic_ns();
  kill_one();
  const auto after = monotonic_ns();
  EXPECT_THAT(troubles({{before, after}}), IsEmpty());
  EXPECT_THAT(troubles({{before - 2, before - 1}, {after + 1, after + 2}}), SizeIs(1));
}

TEST_F(EndTest, AHangIsMeantToBeKilled) {
  value_or_throw(place_fault(
      root() / "faults",
      value_or_throw(fault_from_json(
          value_or_throw(parse_json(R"({"plugin":"bridge","do":"hang"})", "test")), "test")),
      root() / "counts"));
  Pipe input;
  const Pipe output;
  const pid_t pid = start("bridge", input.read.get(), output.write.get());
  for (int i = 0; i < 2000 && (trace().empty() || trace()[0].fault.empty()); ++i) {
    ::usleep(5'000);
  }
  EXPECT_EQ(m_collector->open_calls(), 1U);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(only_call().finished);
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(EndTest, OneThatRunsAtTheEndIsWaitedForAndSaid) {
  Pipe input;
  const Pipe output;
  const pid_t pid = start("bridge", input.read.get(), output.write.get());
  for (int i = 0; i < 2000 && trace().empty(); ++i) {
    ::usleep(5'000);
  }
  EXPECT_THAT(troubles(), ElementsAre("the plugin call bridge ADD has no end record: its recorder "
                                      "still runs"));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST_F(EndTest, APluginThatKillsItsRecorderIsFound) {
  add_plugin("murderer", "kill -9 $PPID; sleep 0.2; echo '{}'");
  EXPECT_EQ(run(recorded("murderer")).signal, SIGKILL);
  EXPECT_THAT(troubles(), ElementsAre("the plugin call murderer ADD has no end record: its "
                                      "recorder was killed"));
}

}  // namespace
}  // namespace cni_matrix::recorder
