#include "debian.hpp"

#include "cache.hpp"
#include "catalog.hpp"
#include "writing.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>

#include <sys/stat.h>

namespace cni_matrix::artifacts {

namespace {

constexpr const char* k_keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr std::chrono::minutes k_apt_limit{10};

// "E: ..." of what apt says, else its first warning.
// A suite that does not exist brings one error for itself and one for its security archive.
std::string complaint_of(const CommandResult& result) {
  std::string warning;
  std::string security;
  for (const auto& line : split(result.err, '\n')) {
    if (line.starts_with("E: ") && line.find("-security ") == std::string::npos) {
      return printable(line.substr(3));
    }
    if (line.starts_with("E: ") && security.empty()) {
      security = line.substr(3);
    }
    if (warning.empty() && line.starts_with("W: ")) {
      warning = line.substr(3);
    }
  }
  if (result.timed_out) {
    return "apt does not end";
  }
  if (!security.empty()) {
    return printable(security);
  }
  return warning.empty() ? fmt::format("apt ended with status {}", result.exit_code)
                         : printable(warning);
}

// Whether apt says that the archive cannot be reached, rather than that it lacks something.
bool is_about_connection(std::string_view complaint) {
  constexpr std::string_view k_signs[] = {"ould not connect",
                                          "nable to connect",
                                          "annot initiate the connection",
                                          "ould not resolve",
                                          "ailure resolving",
                                          "onnection timed out",
                                          "onnection failed",
                                          "nvalid response from proxy",
                                          "onnection refused",
                                          "ould not handshake",
                                          "ertificate verification failed"};
  return std::any_of(std::begin(k_signs), std::end(k_signs), [&](std::string_view sign) {
    return complaint.find(sign) != std::string_view::npos;
  });
}

bool is_full(const std::filesystem::path& root) {
  constexpr std::uintmax_t k_full = 64U << 10U;  // bytes that are left
  std::error_code error;
  const auto space = std::filesystem::space(root, error);
  return !error && space.available < k_full;
}

// On a full disk apt may wait without end for a helper of its own that has given up.
class FullDisk {
 public:
  explicit FullDisk(std::filesystem::path root) : m_root(std::move(root)) {}

  // Asked again and again; true once the disk has been full for some time.
  bool lasts() {
    if (!is_full(m_root)) {
      m_since = Clock::now();
    }
    m_lasts = m_lasts || Clock::now() - m_since > k_patience;
    return m_lasts;
  }
  [[nodiscard]] bool lasted() const { return m_lasts; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds k_patience{5};
  std::filesystem::path m_root;
  Clock::time_point m_since = Clock::now();
  bool m_lasts = false;
};

// The trouble of the disk, as errno has it, that apt has had: 0 for none. It does not always say
// so: a signature that it has no room to check is a bad one to it.
int disk_trouble_of(std::string_view complaint, const std::filesystem::path& root) {
  constexpr std::pair<std::string_view, int> k_signs[] = {{"No space left on device", ENOSPC},
                                                          {"enough free space", ENOSPC},
                                                          {"Disk quota exceeded", EDQUOT},
                                                          {"Read-only file system", EROFS},
                                                          {"Input/output error", EIO}};
  for (const auto& [sign, number] : k_signs) {
    if (complaint.find(sign) != std::string_view::npos) {
      return number;
    }
  }
  return is_full(root) ? ENOSPC : 0;
}

// The host's proxy and certificate settings, and nothing else of its configuration: its hooks and
// cleaners would act on the host.
std::string host_transport_settings() {
  CommandOptions options;
  options.environment = fixed_environment();
  const auto dump =
      run_program({"apt-config", "dump", "--format", "%F \"%v\";%n", "Acquire"}, options);
  std::string settings;
  if (dump && dump->ok()) {
    for (const auto& line : split(dump->out, '\n')) {
      const bool transport = line.starts_with("Acquire::http") || line.starts_with("Acquire::ftp");
      // Data and nothing else: a value with a quotation mark could say more than itself.
      const bool plain = std::count(line.begin(), line.end(), '"') == 2 && line.ends_with("\";");
      if (transport && plain && !line.ends_with(" \"\";")) {
        settings += line + "\n";
      }
    }
  }
  return settings;
}

std::string field_of(std::string_view paragraph, std::string_view name) {
  for (const auto& line : split(paragraph, '\n')) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') {
      return std::string(trim(std::string_view(line).substr(name.size() + 1)));
    }
  }
  return {};
}

}  // namespace

std::string package_of(Component component) {
  return component == Component::plugins ? "containernetworking-plugins"
                                         : std::string(name_of(component));
}

std::optional<SuiteIndex> SuiteIndex::load(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return std::nullopt;
  }
  const auto json = load_json(file);
  if (!json) {
    return std::nullopt;
  }
  try {
    SuiteIndex index;
    index.rolling = json->at("rolling").get<bool>();
    index.read_at = std::chrono::system_clock::time_point(
        std::chrono::seconds(json->at("read_at").get<std::int64_t>()));
    for (const auto& [name, package] : json->at("packages").items()) {
      const auto component = parse_component(name);
      if (component) {
        index.packages[*component] = {package.at("version").get<std::string>(),
                                      package.at("sha256").get<std::string>(),
                                      package.value("built_using", "")};
      }
    }
    return index;
  } catch (const Json::exception&) {
    return std::nullopt;  // damaged: read again
  }
}

Expected<void> SuiteIndex::save(const std::filesystem::path& file) const {
  Json list = Json::object();
  for (const auto& [component, package] : packages) {
    list[std::string(name_of(component))] = {{"version", package.version},
                                             {"sha256", package.sha256},
                                             {"built_using", package.built_using}};
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(read_at.time_since_epoch()).count();
  return write_file_atomic(
      file, Json{{"rolling", rolling}, {"read_at", seconds}, {"packages", list}}.dump(1) + "\n");
}

AptSuite::AptSuite(std::string suite, std::filesystem::path root, DebianArchives archives,
                   const FetchOptions& options)
    : m_suite(std::move(suite)),
      m_root(std::move(root)),
      m_archives(std::move(archives)),
      m_options(options) {}

std::vector<std::string> AptSuite::environment() const {
  auto list = fixed_environment();
  list.push_back("APT_CONFIG=" + (m_root / "apt.conf").string());
  list.push_back("TMPDIR=" + (m_root / "tmp").string());
  for (const char* name : {"http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"}) {
    if (const char* value = std::getenv(name); value != nullptr) {  // NOLINT(concurrency-mt-unsafe)
      list.push_back(fmt::format("{}={}", name, value));
    }
  }
  return list;
}

Expected<void> AptSuite::configure() const {
  std::error_code error;
  for (const char* part :
       {"etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d", "etc/trusted.gpg.d",
        "state/lists/partial", "cache/archives/partial", "log", "tmp"}) {
    std::filesystem::create_directories(m_root / part, error);
    if (error) {
      return cannot_write(m_root / part, error.value());
    }
  }
  const auto root = m_root.string();
  // One file a source: when the security archive fails, the suite itself is still there.
  const auto source = [&](const std::string& address, const std::string& suite) -> Expected<void> {
    const auto file = m_root / "etc/sources.list.d" / (suite + ".sources");
    // Empty and closed before it has an address, which may have a password in it.
    TRY(write_file(file, ""));
    std::filesystem::permissions(file, std::filesystem::perms(0600), error);
    return write_file(file, fmt::format("Types: deb\nURIs: {}\nSuites: {}\nComponents: main\n"
                                        "Signed-By: {}\n",
                                        address, suite, k_keyring));
  };
  const auto ca_file = std::filesystem::absolute(m_options.ca_file, error).string();
  const bool own_trust =
      !m_options.ca_file.empty() && ca_file.find_first_of("\"\n") == std::string::npos;
  TRY(write_file(
      m_root / "apt.conf",
      host_transport_settings() +
          (own_trust ? fmt::format("Acquire::https::CaInfo \"{}\";\n", ca_file) : "") +
          fmt::format("Dir::State \"{0}/state\";\n"
                      "Dir::State::status \"{0}/state/status\";\n"
                      "Dir::Cache \"{0}/cache\";\n"
                      "Dir::Cache::srcpkgcache \"\";\n"  // half of the space, for nothing
                      "Dir::Etc \"{0}/etc\";\n"
                      // This file is all of the configuration: no hook that lies somewhere.
                      "Dir::Etc::main \"/dev/null\";\n"
                      "Dir::Etc::parts \"/dev/null\";\n"
                      "Dir::Log \"{0}/log\";\n"
                      "APT::Architecture \"{1}\";\n"
                      "APT::Architectures {{ \"{1}\"; }};\n"
                      "APT::Sandbox::User \"root\";\n"
                      "APT::Update::Error-Mode \"any\";\n"
                      "Acquire::Languages \"none\";\n"
                      "Acquire::GzipIndexes \"true\";\n"
                      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n"
                      "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled \"false\";\n"
                      "Acquire::Retries \"1\";\n"
                      "Acquire::http::Timeout \"15\";\n"
                      "Acquire::https::Timeout \"15\";\n"
                      // Rolling suites of a mirror that lags and suites whose support has ended:
                      // see read_release, which warns.
                      "Acquire::Check-Valid-Until \"false\";\n",
                      root, host_architecture())));
  TRY(write_file(m_root / "state/status", ""));
  TRY(source(m_archives.main, m_suite));
  const bool has_security = m_suite != "sid" && m_suite != "unstable" && m_suite != "experimental";
  if (has_security && !m_archives.security.empty()) {
    TRY(source(m_archives.security, m_suite + "-security"));
  }
  return {};
}

// True when the suite itself (not its security archive) has been read.
bool AptSuite::read_release(SuiteIndex& index) const {
  bool found = false;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(m_root / "state/lists", error)) {
    const auto name = item.path().filename().string();
    if (!name.ends_with("Release")) {
      continue;
    }
    const auto text = read_file(item.path());
    if (!text) {
      continue;
    }
    const auto suite = field_of(*text, "Suite");
    const bool is_main = name.find("_" + m_suite + "_") != std::string::npos;
    found = found || is_main;
    if (is_main) {
      index.rolling = suite == "testing" || suite == "unstable" || suite == "experimental";
    }
    const auto until = field_of(*text, "Valid-Until");
    std::tm parts{};
    if (!until.empty() && ::strptime(until.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) != nullptr &&
        ::timegm(&parts) < std::time(nullptr) && m_options.notice) {
      m_options.notice(
          fmt::format("Debian {}: the archive's Release file was valid until {} only; its "
                      "signature is good and "
                      "it is used all the same",
                      field_of(*text, "Codename"), until));
    }
  }
  return found;
}

tl::unexpected<Error> AptSuite::stopped() const {
  return fail(ErrorKind::interrupted, "stopped while apt read Debian {}", m_suite);
}

// Nothing came from the archive for twice as long as a connection may take. apt itself waits for
// minutes: for each of its attempts, each address of the host and each of its sources.
bool AptSuite::is_silent_since(std::chrono::system_clock::time_point start) const {
  if (!m_archives.main.starts_with("http") ||
      std::chrono::system_clock::now() - start < 2 * m_options.connect_timeout) {
    return false;
  }
  const auto since = std::chrono::system_clock::to_time_t(start);
  for (const char* part : {"state/lists", "state/lists/partial"}) {
    std::error_code error;
    for (const auto& item : std::filesystem::directory_iterator(m_root / part, error)) {
      struct stat status {};
      if (item.path().filename() != "lock" && ::lstat(item.path().c_str(), &status) == 0 &&
          S_ISREG(status.st_mode) && status.st_ctim.tv_sec >= since) {
        return false;
      }
    }
  }
  return true;
}

Expected<SuiteIndex> AptSuite::update() {
  if (find_program("apt-get").empty()) {
    return unavailable("Debian {} cannot be had: there is no apt-get on this machine", m_suite);
  }
  if (m_archives.main.empty()) {
    return unavailable(
        "Debian {} cannot be had: the apt configuration of this machine names no "
        "Debian archive; name one with --debian-mirror URL",
        m_suite);
  }
  std::error_code error;
  if (!std::filesystem::exists(k_keyring, error)) {
    return unavailable("Debian {} cannot be had: {} is missing; install debian-archive-keyring",
                       m_suite, k_keyring);
  }
  TRY(configure());
  if (m_options.progress) {
    m_options.progress(fmt::format("apt: reading the index of Debian {}", m_suite));
  }
  CommandOptions options;
  options.environment = environment();
  options.timeout = k_apt_limit;
  const auto must_stop = [this] { return m_options.cancelled && m_options.cancelled(); };
  bool silent = false;
  const auto start = std::chrono::system_clock::now();
  FullDisk disk(m_root);
  options.cancelled = [&] {
    return must_stop() || disk.lasts() || (silent = silent || is_silent_since(start));
  };
  TRY_ASSIGN(const auto updated, run_program({"apt-get", "-q", "update"}, options));
  options.cancelled = must_stop;
  if (disk.lasted()) {
    std::filesystem::remove_all(m_root, error);  // it may be what fills the disk
    return cannot_write(m_root, ENOSPC);
  }
  if (updated.cancelled && !silent) {
    return stopped();
  }
  SuiteIndex index;
  const bool has_main = read_release(index);
  if (updated.cancelled) {
    m_away = m_archives.main + " does not answer";
    if (!has_main) {
      std::filesystem::remove_all(m_root, error);
    }
    return unavailable("Debian {} cannot be had: {}", m_suite, m_away);
  }
  if (const int trouble = updated.ok() ? 0 : disk_trouble_of(updated.err, m_root); trouble != 0) {
    std::filesystem::remove_all(m_root, error);  // it may be what fills the disk
    return cannot_write(m_root, trouble);
  }
  if (!updated.ok()) {
    if (!has_main) {
      m_away = is_about_connection(complaint_of(updated)) ? complaint_of(updated) : "";
      std::filesystem::remove_all(m_root, error);
      return unavailable("Debian {} cannot be had: {}", m_suite, complaint_of(updated));
    }
    if (m_options.notice) {
      m_options.notice(fmt::format("Debian {}: {}; going on with what could be read", m_suite,
                                   complaint_of(updated)));
    }
  }
  TRY_ASSIGN(
      const auto shown,
      run_program({"apt-cache", "show", "--no-all-versions", package_of(Component::containerd),
                   package_of(Component::plugins), package_of(Component::runc)},
                  options));
  if (shown.cancelled) {
    return stopped();
  }
  std::string paragraph;
  const auto end_of_paragraph = [&] {
    for (const auto component : {Component::containerd, Component::plugins, Component::runc}) {
      const DebianPackage package{
          field_of(paragraph, "Version"), field_of(paragraph, "SHA256"),
          field_of(paragraph, "Built-Using") + ", " + field_of(paragraph, "Static-Built-Using")};
      if (field_of(paragraph, "Package") == package_of(component) && package.sha256.size() == 64) {
        index.packages[component] = package;
      }
    }
    paragraph.clear();
  };
  for (const auto& line : split(shown.out, '\n')) {
    if (line.empty()) {
      end_of_paragraph();
    } else {
      paragraph += line + "\n";
    }
  }
  end_of_paragraph();
  if (index.packages.empty()) {
    if (const int trouble = disk_trouble_of(shown.err, m_root); trouble != 0) {
      return cannot_write(m_root, trouble);
    }
    return unavailable("Debian {} has none of the packages: {}", m_suite, complaint_of(shown));
  }
  index.read_at = std::chrono::system_clock::now();
  return index;
}

Expected<std::filesystem::path> AptSuite::download(const std::string& package,
                                                   const std::string& version,
                                                   const std::filesystem::path& directory) {
  if (m_options.progress) {
    m_options.progress(fmt::format("apt: fetching {} {}", package, version));
  }
  CommandOptions options;
  options.environment = environment();
  options.timeout = k_apt_limit;
  options.working_directory = directory;
  options.cancelled = m_options.cancelled;
  TRY_ASSIGN(
      const auto result,
      run_program({"apt-get", "-q", "download", fmt::format("{}={}", package, version)}, options));
  if (result.cancelled) {
    return stopped();
  }
  if (result.ok()) {
    for (const auto& item : std::filesystem::directory_iterator(directory)) {
      if (item.path().extension() == ".deb") {
        return item.path();
      }
    }
  }
  if (const int trouble = disk_trouble_of(result.err, directory); trouble != 0) {
    return cannot_write(directory, trouble);
  }
  m_away = is_about_connection(complaint_of(result)) ? complaint_of(result) : "";
  return unavailable("{} {} of Debian {} cannot be fetched: {}", package, version, m_suite,
                     complaint_of(result));
}

}  // namespace cni_matrix::artifacts
