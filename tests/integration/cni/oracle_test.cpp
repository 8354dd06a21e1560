#include "oracle.hpp"

#include "stub_plugins.hpp"

#include "go/value.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

// Our model of libcni against the real one: same inputs, same errors, same bytes.
namespace cni_matrix::testing {
namespace {

const Expected<Oracle>& oracle() {
  static const Expected<Oracle> built = Oracle::build();
  return built;
}

class AgainstLibcni : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!oracle() && oracle().error().kind == ErrorKind::unavailable) {
      GTEST_SKIP() << oracle().error().message;
    }
    ASSERT_TRUE(oracle()) << oracle().error().message;
  }

  // Neither of the two sees files of the other.
  void compare(const std::vector<Operation>& operations, const std::string& what = {}) {
    const Directories directories = {m_stubs.plugin_dir(), m_stubs.cache_dir()};
    const auto expected = value_or_throw(oracle()->run(operations, directories));
    const std::string expected_calls = m_stubs.take_calls();
    std::filesystem::remove_all(m_stubs.cache_dir());
    const auto actual = run_model(oracle()->version(), operations, directories);
    const std::string actual_calls = m_stubs.take_calls();
    std::filesystem::remove_all(m_stubs.cache_dir());
    ASSERT_EQ(expected.size(), actual.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(actual[i], expected[i])
          << what << " operation " << i << ": " << operations[i].op << " " << operations[i].version
          << " " << operations[i].to << "\n  input:  " << operations[i].bytes;
      if (HasFailure()) {
        return;  // what follows from the first difference is of no use
      }
    }
    EXPECT_EQ(actual_calls, expected_calls) << what;
  }

  StubPlugins m_stubs;
};

const std::vector<std::string>& odd_json() {
  static const std::vector<std::string> k_texts = {"",
                                                   " ",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   "[]",
                                                   "{}",
                                                   "null",
                                                   "true",
                                                   "tru",
                                                   "nul",
                                                   "falsy",
                                                   "\"x\"",
                                                   "\"x",
                                                   "1",
                                                   "-",
                                                   "01",
                                                   "1.",
                                                   "1.e",
                                                   "1e",
                                                   "1e+",
                                                   "1.5",
                                                   "-0",
                                                   "1e400",
                                                   "[1,]",
                                                   "[1 2]",
                                                   "{\"a\"}",
                                                   "{\"a\" 1}",
                                                   "{\"a\":}",
                                                   "{\"a\":1,}",
                                                   "{\"a\":1 \"b\":2}",
                                                   "{a:1}",
                                                   "{'a':1}",
                                                   "{} {}",
                                                   "{}x",
                                                   "[1]]",
                                                   "\"\\x\"",
                                                   "\"\\u12G4\"",
                                                   "\"\\ud800\"",
                                                   "\"\\ud83d\\ude00\"",
                                                   "\"\x01\"",
                                                   "\"\xff\"",
                                                   "\xef\xbb\xbf{}",
                                                   "// comment\n{}",
                                                   "\"\t\"",
                                                   "@",
                                                   "'",
                                                   "\"",
                                                   "\\",
                                                   "\xc3\xa9",
                                                   "{\"a\":1}\n\n",
                                                   "[[[[]]]]",
                                                   "{\"name\":\"x\",}",
                                                   "{\"name\":\"x\"\n\"plugins\":[]}",
                                                   "nulll",
                                                   "-x",
                                                   "+1",
                                                   ".5"};
  return k_texts;
}

const std::vector<std::string>& odd_lists() {
  static const std::vector<std::string> k_texts = [] {
    std::vector<std::string> texts = odd_json();
    for (const char* members :
         {R"("name":1)",
          R"("name":null)",
          R"("name":"")",
          R"("name":["x"])",
          R"("name":{})",
          R"("Name":"x")",
          R"("name":"x","name":"y")",
          R"("name":"x","cniVersion":1)",
          R"("name":"x","cniVersion":null)",
          R"("name":"x","cniVersion":"")",
          R"("name":"x","CNIVERSION":"1.0.0")",
          R"("name":"x","cniVersion":"abc")",
          R"("name":"x","disableCheck":true)",
          R"("name":"x","disableCheck":"true")",
          R"("name":"x","disableCheck":1)",
          R"("name":"x","disableCheck":"TRUE")",
          R"("name":"x","disableGC":null)",
          R"("name":"x","disableGC":"no")",
          R"("name":"x","loadOnlyInlinedPlugins":true)",
          R"("name":"x","loadOnlyInlinedPlugins":[])",
          R"("name":"x","cniVersions":["0.4.0","1.0.0"])",
          R"("name":"x","cniVersions":"1.0.0")",
          R"("name":"x","cniVersions":["1.0.0",2])",
          R"("name":"x","cniVersions":["9.9.9"])",
          R"("name":"x","cniVersions":["v1"])",
          R"("name":"x","cniVersions":[])",
          R"("name":"x","cniVersion":"0.3.1","cniVersions":["0.4.0","1.1.0","2.0.0"])",
          R"("name":"x","cniVersion":"x","cniVersions":["0.4.0"])",
          R"("name":"x","cniVersion":"9.9.9","cniVersions":["0.4.0","","0.1.0"])",
          R"("name":"x","cniVersions":["1.0.0.0","1.x.0","1.0.99999999999999999999"])"}) {
      for (const char* plugins : {R"("plugins":[{"type":"a"}])", R"("plugins":[])",
                                  R"("plugins":{})", R"("plugins":null)"}) {
        texts.push_back(std::string("{") + members + "," + plugins + "}");
      }
      texts.push_back(std::string("{") + members + "}");
    }
    for (
        const char* plugin :
        {"1",
         "\"x\"",
         "[]",
         "{}",
         "true",
         R"({"type":""})",
         R"({"type":1})",
         R"({"type":null})",
         R"({"Type":"a"})",
         R"({"type":"a","TYPE":"b"})",
         R"({"TYPE":"b","type":1})",
         R"({"type":"a","name":5})",
         R"({"type":"a","cniVersion":{}})",
         R"({"type":"a","capabilities":{"portMappings":true,"dns":false}})",
         R"({"type":"a","capabilities":{"portMappings":1}})",
         R"({"type":"a","capabilities":{"portMappings":null}})",
         R"({"type":"a","capabilities":["x"]})",
         R"({"type":"a","capabilities":null})",
         R"({"type":"a","ipam":{}})",
         R"({"type":"a","ipam":{"type":"host-local"}})",
         R"({"type":"a","ipam":{"type":1}})",
         R"({"type":"a","ipam":"x"})",
         R"({"type":"a","ipam":[]})",
         R"({"type":"a","dns":{"nameservers":["1.1.1.1"],"domain":"d","search":["s"],"options":["o"]}})",
         R"({"type":"a","dns":{"nameservers":"1.1.1.1"}})",
         R"({"type":"a","dns":{"search":[1]}})",
         R"({"type":"a","dns":{"domain":1,"options":[{}]}})",
         R"({"type":"a","dns":1})",
         R"({"type":"a","prevResult":{"a":1}})",
         R"({"type":"a","prevResult":1})",
         R"({"type":"a","prevResult":{"b":[1,2.50,1e3],"a":null}})",
         R"({"type":"a","prevResult":{}})",
         R"({"type":1,"name":2})",
         R"({"type":"a","x":1.0,"y":1e21,"z":1e-7,"big":12345678901234567890})",
         R"({"type":"a","x":100000000000000000000,"y":0.000001,"z":123456789.125,"w":-0})",
         R"({"type":"a","html":"<b>&amp;</b>","sep":"\u2028\u2029","bell":"\u0007\b\f"})",
         R"({"type":"a","x":1e309})",
         R"({"type":"a","x":-1e-400})",
         R"({"type":"a","x":{"z":1,"a":2,"z":3}})",
         R"({"tYpe":"\u212a"})",
         R"({"\u017fype":"a"})",
         R"({"type":"a/b"})",
         R"({"type":"a","capabilitie\u017f":{"x":true}})",
         R"({"type":"a","x":"\ud800","y":"\udc00x","z":"\ud83d\ude00"})"}) {
      texts.push_back(std::string(R"({"name":"n","cniVersion":"0.4.0","plugins":[)") + plugin +
                      "]}");
    }
    texts.emplace_back(R"({"name":"n","plugins":[{"type":"a"},1]})");
    texts.emplace_back(R"({"name":"n","plugins":[{"type":"a"},{}]})");
    texts.emplace_back("{\"name\":\"n\",\"plugins\":[{\"type\":\"a\",\"x\":\"\xff\xfe\"}]}");
    return texts;
  }();
  return k_texts;
}

const std::vector<std::string>& odd_results() {
  static const std::vector<std::string> k_texts = [] {
    std::vector<std::string> texts = odd_json();
    const std::vector<std::string> bodies = {
        R"("ip4":{"ip":"10.0.0.2/24","gateway":"10.0.0.1","routes":[{"dst":"0.0.0.0/0"}]})",
        R"("ip4":{"ip":"10.0.0.2/24"},"ip6":{"ip":"fd00::2/64","routes":[{"dst":"::/0","gw":"fd00::1"}]})",
        R"("ip6":{"ip":"FD00:0:0::2/64","gateway":"::ffff:1.2.3.4"},"dns":{"domain":"x"})",
        R"("ip4":null)",
        R"("ip4":1)",
        R"("ip4":{"ip":1})",
        R"("ip4":{"ip":"x"})",
        R"("ip4":{"ip":null})",
        R"("ip4":{"gateway":"10.0.0.1"})",
        R"("ip4":{"ip":"1.2.3.4/33"})",
        R"("ip4":{"ip":"01.2.3.4/8"})",
        R"("ip4":{"ip":"1.2.3.4/8","gateway":5})",
        R"("ip4":{"ip":"1.2.3.4/8","gateway":"x"})",
        R"("ip4":{"ip":"1.2.3.4/8","routes":{}})",
        R"("ip4":{"ip":"1.2.3.4/8","routes":[null]})",
        R"("ip4":{"ip":"1.2.3.4/8","routes":[{"dst":"x"}]})",
        R"("ip4":{"ip":"::ffff:1.2.3.4/100"})",
        R"("interfaces":[{"name":"eth0","mac":"m","sandbox":"/s"}],"ips":[{"version":"4","interface":0,"address":"10.0.0.2/24","gateway":"10.0.0.1"}],"routes":[{"dst":"0.0.0.0/0","gw":"10.0.0.1"}])",
        R"("interfaces":[{"name":"eth0","mtu":1500,"socketPath":"/x","pciID":"y"}],"ips":[{"address":"fd00::5/64"}],"routes":[{"dst":"::/0","mtu":1400,"advmss":1,"priority":2,"table":0,"scope":3}])",
        R"("ips":[{"version":"6","address":"1::1:0:0:1/64"},{"version":"4","address":"1.1.1.1/8"},{"version":"4","address":"2.2.2.2/8"}],"routes":[{"dst":"::/0"},{"dst":"1.0.0.0/8"}])",
        R"("ips":[{"version":4,"address":"1.1.1.1/8"}])",
        R"("ips":[{"address":"1.1.1.1"}])",
        R"("ips":[1])",
        R"("ips":[{"address":"1.1.1.1/8","interface":"0"}])",
        R"("ips":[{"address":"1.1.1.1/8","interface":1.5}])",
        R"("ips":{})",
        R"("ips":"x")",
        R"("ips":[{}])",
        R"("interfaces":[{"name":1}])",
        R"("interfaces":[1])",
        R"("interfaces":["x"],"ips":[{"address":"x"}])",
        R"("interfaces":{"name":"x"})",
        R"("interfaces":[])",
        R"("routes":[{"dst":1}])",
        R"("routes":[1])",
        R"("routes":[{"gw":"1.1.1.1"}])",
        R"("routes":[null])",
        R"("routes":[{"dst":"1.1.1.1/8","gw":"bad"}])",
        R"("routes":[{"dst":"1.1.1.1/8","mtu":"x"}])",
        R"("dns":{"nameservers":["8.8.8.8"],"domain":"d","search":["s"],"options":["o"]})",
        R"("dns":[])",
        R"("dns":{"nameservers":[1]})",
        R"("dns":{"domain":1})",
        R"("IPS":[{"ADDRESS":"1.1.1.1/8","Version":"4"}])",
        R"("dns":{"domain":"<>&"},"x":{"y":1})",
        R"("interfaces":[{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"/run/netns/x"}],"ips":[{"version":"4","interface":0,"address":"127.0.0.1/8"},{"version":"6","interface":0,"address":"::1/128"}])"};
    for (const auto& body : bodies) {
      for (const char* version :
           {"", R"("cniVersion":"",)", R"("cniVersion":"0.1.0",)", R"("cniVersion":"0.2.0",)",
            R"("cniVersion":"0.3.1",)", R"("cniVersion":"0.4.0",)", R"("cniVersion":"1.0.0",)",
            R"("cniVersion":"1.1.0",)", R"("cniVersion":5,)", R"("CNIVersion":"1.0.0",)"}) {
        texts.push_back(std::string("{") + version + body + "}");
      }
    }
    return texts;
  }();
  return k_texts;
}

// Change a text a little, as damage and typing errors do.
std::string mutate(std::string text, std::mt19937& random) {
  static const std::vector<std::string> k_pieces = {
      "{",    "}",       "[",  "]", ",",  ":",    "\"", "null", "1",  "-1.5e3",
      "true", "\\u00e9", "\\", " ", "\n", "\xff", "<",  "\"\"", "{}", "0"};
  const auto pick = [&](std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size == 0 ? 0 : size - 1)(random);
  };
  for (std::size_t changes = 1 + pick(3); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = pick(text.size());
    switch (pick(4)) {
      case 0:
        text.erase(at, 1 + pick(4));
        break;
      case 1:
        text.insert(at, k_pieces[pick(k_pieces.size())]);
        break;
      case 2:
        text.replace(at, 1 + pick(3), k_pieces[pick(k_pieces.size())]);
        break;
      default:
        text.insert(at, text.substr(pick(text.size()), pick(12)));
        break;
    }
  }
  return text;
}

Operation on_bytes(const std::string& op, const std::string& bytes) {
  Operation operation;
  operation.op = op;
  operation.bytes = bytes;
  return operation;
}

const std::vector<std::string> k_versions = {"",      "0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                             "0.4.0", "1.0.0", "1.1.0", "9.9.9"};

TEST_F(AgainstLibcni, ConfigurationLists) {
  std::vector<Operation> operations;
  for (const auto& text : odd_lists()) {
    operations.push_back(on_bytes("list", text));
    operations.push_back(on_bytes("conf", text));
  }
  compare(operations);
}

TEST_F(AgainstLibcni, PluginConfigurations) {
  std::vector<Operation> operations;
  for (const char* text :
       {R"({"name":"n","type":"a"})", R"({"type":"a"})",
        R"({"NAME":"n","Type":"a","cniversion":"0.4.0"})",
        R"({"name":"n","type":"a","x":{"b":1,"a":[1.0,2e10]}})", R"({"name":"n","plugins":[]})",
        R"({"name":"n","type":"a","cniVersion":"1.0.0","plugins":[]})",
        R"({"name":5,"type":"a"})"}) {
    operations.push_back(on_bytes("conf", text));
  }
  compare(operations);
}

TEST_F(AgainstLibcni, Results) {
  std::vector<Operation> operations;
  for (const auto& text : odd_results()) {
    for (const auto& version : k_versions) {
      for (const auto& to : k_versions) {
        auto operation = on_bytes("result", text);
        operation.version = version;
        operation.to = to;
        operations.push_back(std::move(operation));
      }
    }
  }
  compare(operations);
}

TEST_F(AgainstLibcni, DamagedTexts) {
  std::mt19937 random(20220317);
  std::vector<Operation> operations;
  for (int i = 0; i < 6000; ++i) {
    const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
    operations.push_back(on_bytes(i % 5 == 0 ? "conf" : "list", mutate(pick(odd_lists()), random)));
    auto result = on_bytes("result", mutate(pick(odd_results()), random));
    result.version = pick(k_versions);
    result.to = pick(k_versions);
    operations.push_back(std::move(result));
  }
  compare(operations);
}

// Plugins that are run: what they get on standard input, what their answers lead to, the cache.
class Chain : public AgainstLibcni {
 protected:
  Operation operation(const std::string& op, const std::string& interface = "eth0") {
    Operation out;
    out.op = op;
    out.file = m_stubs.conf_dir() / "10-net.conflist";
    out.runtime.container_id = "pod1";
    out.runtime.netns = "/var/run/netns/x";
    out.runtime.interface = interface;
    out.runtime.arguments = {{"IgnoreUnknown", "1"}, {"K8S_POD_NAME", "<web>"}};
    out.runtime.capabilities = go::Value::object(
        {{"portMappings", go::Value::array({go::Value::object(
                              {{"ContainerPort", go::Value::of(std::int64_t{80})},
                               {"HostPort", go::Value::of(std::int64_t{8080})}})})}});
    return out;
  }
  Operation edit(const std::string& text) {
    Operation out = operation("write");
    out.bytes = text;
    return out;
  }
  Operation cache(const std::string& text) {
    Operation out = operation("write");
    out.file = m_stubs.cache_dir() / "results/net-pod1-eth0";
    out.bytes = text;
    return out;
  }
  Operation say(const std::string& file, const std::string& text) {
    Operation out = operation("write");
    out.file = m_stubs.plugin_dir() / file;
    out.bytes = text;
    return out;
  }
  static std::string list(const std::string& version) {
    return R"({)" + (version == "none" ? "" : R"("cniVersion":")" + version + R"(",)") +
           R"("name":"net","extra":"<&>","plugins":[{"type":"bridge","b":1.50,"a":{"z":"\u2028","y":null},)"
           R"("ipam":{"type":"host-local"}},{"type":"portmap","capabilities":{"portMappings":true,"x":true}}]})";
  }
  static std::string result(const std::string& version) {
    const std::string start = version == "none" ? "{" : R"({"cniVersion":")" + version + R"(",)";
    if (version == "0.1.0" || version == "0.2.0" || version == "none") {
      return start +
             R"("ip4":{"ip":"10.88.0.2/16","gateway":"10.88.0.1","routes":[{"dst":"0.0.0.0/0"}]},"dns":{}})";
    }
    return start +
           R"("interfaces":[{"name":"cni0","mac":"a"},{"name":"eth0","sandbox":"/x"}],)"
           R"("ips":[{"version":"4","interface":1,"address":"10.88.0.2/16","gateway":"10.88.0.1"}],)"
           R"("routes":[{"dst":"0.0.0.0/0"}],"dns":{}})";
  }
};

TEST_F(Chain, EveryVersionOfListAndResult) {
  m_stubs.add("bridge");
  m_stubs.add("portmap");
  std::vector<Operation> operations;
  for (const std::string list_version : {"none", "", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0",
                                         "1.0.0", "1.1.0", "9.9.9", "abc", "1.0", "1.0.0.0"}) {
    for (const std::string result_version :
         {"none", "", "0.1.0", "0.2.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", "7"}) {
      for (auto step : {say("bridge.ADD.out", result(result_version)),
                        say("portmap.ADD.out", result(result_version)), edit(list(list_version)),
                        operation("load"), operation("add"), operation("add", "eth1"),
                        operation("del"), operation("del")}) {
        operations.push_back(std::move(step));
      }
    }
  }
  compare(operations);
}

TEST_F(Chain, EditsUnderACachedResult) {
  m_stubs.add("bridge");
  m_stubs.add("portmap");
  std::vector<Operation> operations;
  for (const std::string before : {"none", "0.2.0", "0.3.1", "0.4.0", "1.0.0"}) {
    for (const std::string after :
         {"none", "0.2.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", "9.9.9", "abc"}) {
      for (auto step :
           {say("bridge.ADD.out", result(before)), say("portmap.ADD.out", result(before)),
            edit(list(before)), operation("add"), edit(list(after)), operation("del")}) {
        operations.push_back(std::move(step));
      }
    }
  }
  compare(operations);
}

TEST_F(Chain, DamagedCache) {
  m_stubs.add("bridge", result("0.4.0"));
  m_stubs.add("portmap", result("0.4.0"));
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("null"), std::string("[]"), result("0.4.0"),
        result("none"), result("1.0.0"), std::string(R"({"kind":"cniCacheV1"})"),
        std::string(R"({"kind":"cniCacheV1","result":{"cniVersion":"3"}})"),
        std::string(R"({"kind":"cniCacheV2","result":{}})"), std::string(R"({"kind":1})"),
        std::string(R"({"kind":"cniCacheV1","config":"%%","result":{"cniVersion":"0.4.0"}})"),
        std::string(R"({"KIND":"cniCacheV1","Result":{"cniVersion":"0.3.1","ips":[]}})"),
        std::string(
            R"({"kind":"cniCacheV1","result":{"cniVersion":"0.4.0","ips":[{"address":"x"}]}})"),
        std::string(R"({"kind":"cniCacheV1","cniArgs":[["a","b"]],"result":)") + result("0.3.1") +
            "}"}) {
    compare({edit(list("0.4.0")), operation("add"), cache(text), operation("del")}, text);
  }
}

TEST_F(Chain, AnswersOfPlugins) {
  compare({edit(list("0.4.0")), operation("add"), operation("del")}, "no plugins at all");
  m_stubs.add("bridge", result("0.4.0"));
  compare({edit(list("0.4.0")), operation("add"), operation("del")}, "the second one missing");
  m_stubs.add("portmap", result("0.4.0"));
  std::vector<Operation> operations = {edit(list("0.4.0"))};
  for (const std::string& output : odd_results()) {
    operations.push_back(say("portmap.ADD.out", output));
    operations.push_back(operation("add"));
  }
  compare(operations, "odd results");

  operations = {edit(list("0.4.0")), say("portmap.ADD.out", result("0.4.0"))};
  for (const std::string command : {"ADD", "DEL"}) {
    const std::string usual = command == "ADD" ? result("0.4.0") : "";
    for (const std::string output :
         {"", "x", "{}", "[]", "null", R"({"code":7,"msg":"no","details":"why"})",
          R"({"code":"7","msg":"no"})", R"({"code":-1,"msg":"no","details":"d"})",
          R"({"code":7.0})", R"({"MSG":"m","Details":5})", R"({"msg":)", "\x01\xff\"",
          R"({"code":100,"msg":"caf\u00e9 \u2028 \"x\""})"}) {
      for (const std::string& errors :
           output.empty() ? std::vector<std::string>{"", "boom\n\"quoted\" \xc3\xa9 \x01"}
                          : std::vector<std::string>{""}) {
        for (const std::string end : {"1", "kill"}) {
          const std::string file = "portmap." + command;
          for (auto step : {say(file + ".exit", end), say(file + ".err", errors),
                            say(file + ".out", output), operation("add"), operation("del"),
                            say(file + ".exit", ""), say(file + ".out", usual)}) {
            operations.push_back(std::move(step));
          }
        }
      }
    }
  }
  compare(operations, "failures");
}

TEST_F(Chain, ProgramsThatCannotBeRun) {
  m_stubs.add("bridge", result("0.4.0"));
  m_stubs.say("portmap", "not a program");
  compare({edit(list("0.4.0")), operation("add"), operation("del")}, "not executable");
  std::filesystem::permissions(m_stubs.plugin_dir() / "portmap", std::filesystem::perms::owner_all);
  compare({edit(list("0.4.0")), operation("add"), operation("del")}, "wrong format");
  std::filesystem::remove(m_stubs.plugin_dir() / "portmap");
  std::filesystem::create_directory(m_stubs.plugin_dir() / "portmap");
  compare({edit(list("0.4.0")), operation("add"), operation("del")}, "a directory");
}

TEST_F(Chain, Names) {
  m_stubs.add("a", result("0.4.0"));
  for (const std::string name : {"", "x y", "x/y", "-x", "x.y_z-1", "\xc3\xa9"}) {
    for (const std::string type : {"a", "../bin/a", "./a"}) {
      compare(
          {edit(fmt::format(
               R"({{"cniVersion":"0.4.0","name":"{}","plugins":[{{"name":"own","type":"{}"}}]}})",
               name, type)),
           operation("add"), operation("del")},
          fmt::format("{} {}", name, type));
    }
  }
  const auto text = R"({"cniVersion":"0.4.0","name":"n","plugins":[{"type":"a"}]})";
  for (const std::string interface : {"", "eth0:1", "a234567890123456", "a/b", "..", "e th"}) {
    compare({edit(text), operation("add", interface), operation("del", interface)}, interface);
  }
  for (const std::string id : {"", "a b", "-", "A.b_c-d"}) {
    auto add = operation("add");
    auto del = operation("del");
    add.runtime.container_id = del.runtime.container_id = id;
    compare({edit(text), add, del}, id);
  }
}

TEST_F(Chain, Check) {
  m_stubs.add("bridge");
  m_stubs.add("portmap");
  for (const std::string version :
       {"none", "", "0.3.1", "0.4.0", "1.0.0", "1.1.0", "9.9.9", "abc"}) {
    auto disabled = list(version);
    disabled.insert(1, R"("disableCheck":true,)");
    compare({edit(list(version)), operation("check"), say("bridge.ADD.out", result(version)),
             say("portmap.ADD.out", result(version)), operation("add"), operation("check"),
             operation("check", "eth1"), edit(disabled), operation("check"), operation("del")},
            version);
  }
  for (const std::string& text : {std::string(), std::string("{}"), result("1.0.0")}) {
    compare({say("bridge.ADD.out", result("0.4.0")), say("portmap.ADD.out", result("0.4.0")),
             edit(list("0.4.0")), operation("add"), cache(text), operation("check")},
            text);
  }
  std::vector<Operation> operations = {edit(list("0.4.0")), say("bridge.ADD.out", result("0.4.0")),
                                       say("portmap.ADD.out", result("0.4.0")), operation("add")};
  for (const std::string plugin : {"bridge", "portmap"}) {
    const auto file = plugin + ".CHECK";
    for (const std::string output : {"", "x", R"({"code":7,"msg":"no","details":"why"})"}) {
      for (auto step : {say(file + ".exit", "1"), say(file + ".out", output), operation("check"),
                        say(file + ".exit", ""), operation("check"), say(file + ".out", "")}) {
        operations.push_back(std::move(step));
      }
    }
  }
  compare(operations, "failures");
}

TEST_F(Chain, GarbageCollection) {
  if (!cni::LibcniTraits::of(oracle()->version()).collects_garbage) {
    GTEST_SKIP() << "libcni " << oracle()->version().str() << " has no GC";
  }
  m_stubs.add("bridge", result("1.0.0"));
  m_stubs.add("portmap", result("1.0.0"));
  const auto gc = [&](std::vector<cni::ValidAttachment> valid) {
    auto out = operation("gc");
    out.valid = std::move(valid);
    return out;
  };
  auto other_pod = operation("add");
  other_pod.runtime.container_id = "pod2";
  auto no_netns = operation("add", "eth2");
  no_netns.runtime.netns.clear();
  no_netns.runtime.arguments.clear();
  no_netns.runtime.capabilities = go::Value::object();
  const auto renamed = [](std::string text) {
    return text.replace(text.find(R"("net")"), 5, R"("net2")");
  };
  for (const std::string version : {"none", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
    const auto text = list(version);
    auto disabled = text;
    disabled.insert(1, R"("disableGC":true,)");
    compare({edit(renamed(text)), operation("add"), edit(text), gc({}), operation("add"),
             operation("add", "eth1"), no_netns, other_pod,
             gc({{"pod1", "eth0"}, {"pod1", "eth1"}, {"pod1", "eth2"}, {"pod2", "eth0"}}),
             gc({{"pod1", "eth0"}, {"pod2", "eth0"}, {"pod3", "eth0"}}), edit(disabled), gc({}),
             edit(text), cache("garbage"), gc({{"pod2", "eth0"}}), gc({})},
            version);
    std::vector<Operation> operations = {edit(text)};
    for (const std::string command : {"DEL", "GC"}) {
      for (const std::string plugin : {"bridge", "portmap"}) {
        const auto file = fmt::format("{}.{}", plugin, command);
        for (auto step :
             {operation("add"), other_pod, say(file + ".exit", "1"),
              say(file + ".out", R"({"code":7,"msg":"no","details":")" + plugin + "\"}"), gc({}),
              say(file + ".exit", ""), say(file + ".out", "")}) {
          operations.push_back(std::move(step));
        }
      }
    }
    compare(operations, version + ", failures");
  }
  compare({edit(R"({"cniVersion":"1.1.0","name":"net","plugins":[{"type":"gone"},)"
                R"({"type":"bridge","capabilities":{"x":true}}]})"),
           gc({})},
          "a plugin that is not there");
}

TEST_F(Chain, Files) {
  auto missing = operation("load");
  compare({missing});
  missing.file = m_stubs.conf_dir();
  compare({missing});
  auto conf = operation("write");
  conf.file = m_stubs.conf_dir() / "10-net.conf";
  conf.bytes = R"({"name":"net","type":"a","z":1,"y":2.0})";
  auto load = operation("load");
  load.file = conf.file;
  compare({conf, load});
}

}  // namespace
}  // namespace cni_matrix::testing
