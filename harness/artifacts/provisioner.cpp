#include "address.hpp"
#include "archive.hpp"
#include "built_with.hpp"
#include "cache.hpp"
#include "catalog.hpp"
#include "certificates.hpp"
#include "debian.hpp"
#include "debian_suites.hpp"
#include "directory.hpp"
#include "download.hpp"
#include "executable.hpp"
#include "remembered_failure.hpp"
#include "writing.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <csignal>
#include <map>
#include <set>
#include <utility>

#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

// A rolling suite is read again after so long.
constexpr std::chrono::hours k_rolling_memory{7 * 24};
// A bare version stays with the provider that it was resolved to for so long.
constexpr std::chrono::hours k_resolution_memory{24};

// A caller that blocks the signals to end a run in good order has them pending while it waits for
// us.
bool signal_is_pending() {
  sigset_t pending;
  if (::sigpending(&pending) != 0) {
    return false;
  }
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
         sigismember(&pending, SIGHUP) == 1;
}

bool is_older(std::chrono::system_clock::time_point when, std::chrono::seconds age) {
  return std::chrono::system_clock::now() - when > age;
}

}  // namespace

// Removes a file at the end of its life, whatever comes in between.
class RemovedFile {
 public:
  explicit RemovedFile(std::filesystem::path path) : m_path(std::move(path)) {}
  RemovedFile(const RemovedFile&) = delete;
  RemovedFile& operator=(const RemovedFile&) = delete;
  ~RemovedFile() {
    std::error_code ignored;
    std::filesystem::remove(m_path, ignored);
  }

 private:
  std::filesystem::path m_path;
};

class Provisioner::Implementation {
 public:
  Implementation(Cache cache, FetchOptions options, Catalog catalog)
      : m_cache(std::move(cache)),
        m_options(std::move(options)),
        m_catalog(std::move(catalog)),
        m_downloader(m_options, m_cache.index()),
        m_architecture(host_architecture()) {}

  Expected<void> prepare() {
    TRY(m_cache.check_ours());
    std::error_code error;
    // An offline run may use a cache that it cannot write to.
    if (auto created = m_cache.create();
        !created && !std::filesystem::exists(m_cache.store(), error)) {
      return created;
    }
    // Held while this object lives, so that nobody prunes what is in use.
    if (auto lock = FileLock::acquire(m_cache.locks() / "store.lock", FileLock::Mode::shared)) {
      m_use_lock = std::move(*lock);
    }
    return {};
  }

  const Expected<Artifact>& ensure(Component component, const VersionToken& token) {
    const auto key = std::pair(component, token.text);
    if (const auto found = m_answers.find(key); found != m_answers.end()) {
      return found->second;
    }
    auto answer = look_up(component, token);
    if (answer) {
      answer->token = token.text;
      if (!answer->built_with && answer->overlays.empty()) {
        answer->built_with = modules_in(answer->directory, answer->binaries);
      }
    } else {
      answer.error().message = without_credentials(answer.error().message);
    }
    return m_answers.emplace(key, std::move(answer)).first->second;
  }

  const Expected<Artifact>& host_runc() {
    const auto key = std::pair(Component::runc, std::string("host"));
    if (const auto found = m_answers.find(key); found != m_answers.end()) {
      return found->second;
    }
    return m_answers.emplace(key, find_host_runc()).first->second;
  }

 private:
  Expected<Artifact> look_up(Component component, const VersionToken& token) {
    switch (token.kind) {
      case VersionToken::Kind::release:
        return release(component, *token.version);
      case VersionToken::Kind::debian:
        return debian(component, token.suite);
      case VersionToken::Kind::directory:
        return directory_artifact(component, token.directory, token.version, token.text,
                                  directory_options(component, token.directory));
      case VersionToken::Kind::version:
        return version(component, *token.version);
      case VersionToken::Kind::overlay:
        return overlay(component, token);
    }
    return broken("the version token {} has no kind", token.text);
  }

  // A directory that lies over others has plugins of whatever version: the first part says it.
  Expected<Artifact> overlay(Component component, const VersionToken& token) {
    if (component != Component::plugins) {
      return input_error("\"{}\": only plugins can lie over others; name one {}", token.text,
                         name_of(component));
    }
    TRY_ASSIGN(auto whole, ensure(component, token.parts.front()));
    for (auto part = token.parts.begin() + 1; part != token.parts.end(); ++part) {
      auto options = directory_options(component, part->directory);
      options.version_needed = false;
      auto over =
          part->kind == VersionToken::Kind::directory
              ? directory_artifact(component, part->directory, part->version, part->text, options)
              : ensure(component, *part);
      if (!over) {
        return over;
      }
      over->token = part->text;
      for (const auto& [name, digest] : over->binaries) {
        whole.binaries[name] = digest;
      }
      over->built_with = modules_in(over->directory, over->binaries);
      whole.built_with = together(whole.built_with, over->built_with);
      whole.overlays.push_back(*std::move(over));
    }
    return whole;
  }

  Expected<Artifact> find_host_runc() {
    const auto program = find_program("runc");
    if (program.empty()) {
      return unavailable("there is no runc on this machine; install the package runc");
    }
    auto options = directory_options(Component::runc, program.parent_path());
    options.version_needed = false;
    auto artifact = directory_artifact(Component::runc, program.parent_path(), std::nullopt,
                                       program.string(), options);
    if (artifact) {
      artifact->provider = "host";
      artifact->token = "host";
    }
    return artifact;
  }

  [[nodiscard]] DirectoryOptions directory_options(Component component,
                                                   const std::filesystem::path& directory) const {
    return {directory_memory(component, directory), m_options.refresh, m_options.sandbox,
            m_options.trust_label, true};
  }

  [[nodiscard]] std::filesystem::path directory_memory(
      Component component, const std::filesystem::path& directory) const {
    std::error_code error;
    const auto path = std::filesystem::absolute(directory, error).string();
    return m_cache.index() /
           fmt::format("directory-{}-{}.json", name_of(component), sha256(path).substr(0, 16));
  }

  // ---- a bare version ----

  Expected<Artifact> version(Component component, const Version& wanted) {
    TRY_ASSIGN(const auto known, resolved_before(component, wanted));
    if (known) {
      return *known;
    }
    auto first = release(component, wanted);
    if (first || first.error().kind != ErrorKind::unavailable) {
      return first;  // a file with a wrong digest is not passed over in silence
    }
    if (!m_options.mirror.empty() && !m_options.debian_fallback) {
      return unavailable("{}; --debian-fallback takes a Debian package instead",
                         first.error().message);
    }
    std::string last = fmt::format("no Debian suite that could be read has it");
    for (const auto& [name, searched] : debian_suites()) {
      if (!searched) {
        continue;
      }
      const std::string suite(name);
      const auto index = suite_index(suite);
      if (!index) {
        if (index.error().kind != ErrorKind::unavailable) {
          return tl::unexpected(index.error());
        }
        last = index.error().message;
        continue;
      }
      const auto package = index->packages.find(component);
      if (package == index->packages.end()) {
        continue;
      }
      const auto upstream = upstream_version(package->second.version);
      if (!upstream || *upstream != wanted) {
        continue;
      }
      auto artifact = debian(component, suite);
      if (artifact) {
        remember_resolution(component, wanted, artifact->sha256);
        return artifact;
      }
      if (artifact.error().kind != ErrorKind::unavailable) {
        return artifact;
      }
      last = artifact.error().message;
    }
    return unavailable("{} {} cannot be had: {}; and of Debian: {}", name_of(component),
                       wanted.str(), first.error().message, last);
  }

  [[nodiscard]] std::filesystem::path resolution_file(Component component,
                                                      const Version& wanted) const {
    return m_cache.index() / fmt::format("version-{}-{}.json", name_of(component), wanted.str());
  }

  Expected<std::optional<Artifact>> resolved_before(Component component,
                                                    const Version& wanted) const {
    const auto file = resolution_file(component, wanted);
    std::error_code error;
    if (m_options.refresh || !std::filesystem::exists(file, error)) {
      return std::nullopt;
    }
    const auto json = load_json(file);
    if (!json || !json->is_object() || !json->value("sha256", Json()).is_string() ||
        !json->value("when", Json()).is_number_integer()) {
      return std::nullopt;
    }
    const std::chrono::system_clock::time_point when{
        std::chrono::seconds((*json)["when"].get<std::int64_t>())};
    if (!m_options.offline && is_older(when, k_resolution_memory)) {
      return std::nullopt;
    }
    TRY_ASSIGN(auto artifact, in_store((*json)["sha256"].get<std::string>()));
    if (artifact && artifact->provider == "debian" && !m_options.mirror.empty() &&
        !m_options.debian_fallback) {
      return std::nullopt;
    }
    return artifact;
  }

  void remember_resolution(Component component, const Version& wanted,
                           const std::string& digest) const {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const Json json{{"sha256", digest}, {"when", now.count()}};
    static_cast<void>(write_file_atomic(resolution_file(component, wanted), json.dump() + "\n"));
  }

  // ---- release ----

  Expected<Artifact> release(Component component, const Version& wanted) {
    TRY_ASSIGN(const auto file,
               m_catalog.find(component, wanted, m_architecture, m_options.mirror));
    std::string damage;
    TRY_ASSIGN(auto present, in_store(file.sha256, &damage));
    if (present) {
      return as_release(*std::move(present), wanted, file);
    }
    return or_refused(fetch_release(component, wanted, file), damage);
  }

  // One file may be two versions to catalogs: it is the one that was asked for. Which release a
  // digest is of is written in them by hand; a package is what the signed index says.
  [[nodiscard]] Expected<Artifact> as_release(Artifact artifact, const Version& wanted,
                                              const ReleaseFile& file) const {
    artifact.version = wanted;
    artifact.source = file.name;
    const auto told = Version::parse(std::exchange(artifact.told_version, {}));
    if (!told || same_release(*told, wanted)) {
      return artifact;
    }
    if (!m_options.trust_label) {
      return input_error(
          "{}: the catalog calls it {} {}, and it says that it is {}; correct the catalog, or pass "
          "--trust-label for a build that says something else on purpose",
          artifact.source, name_of(artifact.component), wanted.str(), told->str());
    }
    artifact.as_labelled = true;
    artifact.told_version = told->str();
    return artifact;
  }

  [[nodiscard]] Expected<std::optional<Artifact>> in_store(const std::string& digest,
                                                           std::string* damage = nullptr) const {
    return m_cache.find(digest, damage, m_options.cancelled);
  }

  // What was stored and is not what it was then is had again, or refused: no other thing that was
  // asked for in its place is meant.
  [[nodiscard]] static Expected<Artifact> or_refused(Expected<Artifact> again,
                                                     const std::string& damage) {
    if (again || damage.empty() || again.error().kind != ErrorKind::unavailable) {
      return again;
    }
    return input_error("{}; it is not run, and it cannot be had again: {}", damage,
                       again.error().message);
  }

  Expected<Artifact> fetch_release(Component component, const Version& wanted,
                                   const ReleaseFile& file) {
    if (m_options.offline) {
      return not_in_store(fmt::format("{} {}", name_of(component), wanted.str()));
    }
    TRY(refused_before(file.sha256));
    TRY(m_cache.create());
    TRY_ASSIGN(const auto lock, FileLock::acquire(m_cache.locks() / file.sha256,
                                                  FileLock::Mode::exclusive, m_options.cancelled));
    TRY_ASSIGN(const auto present, in_store(file.sha256));
    if (present) {
      return as_release(*present, wanted, file);  // another run was at it
    }
    const auto partial = m_cache.downloads() / (file.sha256 + ".part");
    TRY(m_downloader.fetch(file.url, file.sha256, partial));
    const RemovedFile removed(partial);
    Artifact artifact;
    artifact.component = component;
    artifact.provider = "release";
    artifact.version = wanted;
    artifact.source = file.name;
    artifact.sha256 = file.sha256;
    const auto check = [&](const Artifact& unpacked) -> Expected<void> {
      TRY(as_release(unpacked, wanted, file));
      return {};
    };
    TRY_ASSIGN(auto stored,
               store(partial, ArchiveKind::tar, release_selection(component), artifact, check));
    return as_release(std::move(stored), wanted, file);
  }

  // ---- debian ----

  [[nodiscard]] DebianArchives archives() const {
    if (m_options.debian_mirror.empty()) {
      return host_archives();
    }
    DebianArchives archives{m_options.debian_mirror, {}};
    while (archives.main.ends_with('/')) {
      archives.main.pop_back();
    }
    // Mirrors lay both out as the archive itself does.
    if (archives.main.ends_with("/debian")) {
      archives.security = archives.main + "-security";
    }
    return archives;
  }

  [[nodiscard]] AptSuite apt(const std::string& suite) const {
    return {suite, m_cache.apt() / suite, archives(), m_options};
  }

  // What the suite has: as remembered, or read now.
  Expected<SuiteIndex> suite_index(const std::string& suite, bool force = false) {
    const auto memory = m_cache.index() / fmt::format("suite-{}.json", suite);
    // Another mirror may well have it, and other certificates let us in.
    const auto failure_memory =
        m_cache.index() / fmt::format("suite-{}-{}-failed.json", suite,
                                      sha256(archives().main + trust_key(m_options)).substr(0, 8));
    auto known = SuiteIndex::load(memory);
    const bool stale = known && known->rolling && is_older(known->read_at, k_rolling_memory);
    const bool refresh = (m_options.refresh || force) && !m_read_suites.contains(suite);
    if (known && (m_options.offline || m_read_suites.contains(suite) || (!stale && !refresh))) {
      return *known;
    }
    if (m_options.offline) {
      return not_in_store(fmt::format("Debian {}", suite));
    }
    if (const auto failed = m_failed_suites.find(suite); failed != m_failed_suites.end()) {
      return known ? Expected<SuiteIndex>(*known) : tl::unexpected(failed->second);
    }
    if (const auto failure = remembered_failure(failure_memory);
        failure && !m_options.refresh && !known) {
      return unavailable("{} ({} ago; --refresh tries again)", failure->reason, failure->age());
    }
    if (const auto away = archive_away(); !away.empty()) {
      return known ? Expected<SuiteIndex>(*known)
                   : unavailable("Debian {} cannot be had: {}", suite, away);
    }
    TRY(m_cache.create());
    TRY(not_cancelled(suite));
    TRY_ASSIGN(const auto lock, apt_lock(suite));
    if (auto now_known = SuiteIndex::load(memory);
        now_known && (!known || now_known->read_at > known->read_at)) {
      return *now_known;  // another run has just read it
    }
    auto archive = apt(suite);
    auto read = archive.update();
    std::error_code ignored;
    if (read) {
      m_read_suites.insert(suite);
      std::filesystem::remove(failure_memory, ignored);
      TRY(read->save(memory));
      return read;
    }
    if (read.error().kind == ErrorKind::interrupted) {
      return read;
    }
    m_failed_suites.emplace(suite, read.error());
    if (!archive.archive_away().empty()) {
      note_archive_away(archive.archive_away());
    }
    if (known) {
      if (m_options.notice) {
        m_options.notice(read.error().message + "; going on with what was read before");
      }
      return *known;
    }
    if (read.error().kind == ErrorKind::unavailable) {
      remember_failure(failure_memory, read.error().message);
    }
    return read;
  }

  // An archive that cannot be reached is asked for one suite, and not for the others.
  [[nodiscard]] std::filesystem::path archive_memory() const {
    return m_cache.index() /
           fmt::format("archive-{}-failed.json",
                       sha256(archives().main + "\n" + trust_key(m_options)).substr(0, 16));
  }

  [[nodiscard]] std::string archive_away() const {
    if (!m_archive_away.empty()) {
      return m_archive_away;
    }
    const auto failure = remembered_failure(archive_memory());
    return failure && !m_options.refresh
               ? fmt::format("{} ({} ago; --refresh tries again)", failure->reason, failure->age())
               : std::string{};
  }

  void note_archive_away(const std::string& reason) {
    m_archive_away = reason;
    remember_failure(archive_memory(), reason);
  }

  [[nodiscard]] Expected<void> not_cancelled(const std::string& suite) const {
    if (m_options.cancelled()) {
      return fail(ErrorKind::interrupted, "stopped before Debian {} was read", suite);
    }
    return {};
  }

  [[nodiscard]] Expected<std::optional<FileLock>> apt_lock(const std::string& suite) const {
    return FileLock::acquire(m_cache.locks() / ("apt-" + suite), FileLock::Mode::exclusive,
                             m_options.cancelled);
  }

  Expected<Artifact> debian(Component component, const std::string& suite) {
    m_damage.clear();
    TRY_ASSIGN(auto index, suite_index(suite));
    auto answer = debian_package(component, suite, index);
    // A rolling suite may have moved on since its index was read.
    if (!answer && answer.error().kind == ErrorKind::unavailable && m_download_failed &&
        !m_read_suites.contains(suite)) {
      m_download_failed = false;
      TRY_ASSIGN(index, suite_index(suite, true));
      answer = debian_package(component, suite, index);
    }
    return or_refused(std::move(answer), m_damage);
  }

  Expected<Artifact> debian_package(Component component, const std::string& suite,
                                    const SuiteIndex& index) {
    const auto found = index.packages.find(component);
    if (found == index.packages.end()) {
      return unavailable("Debian {} has no package {}", suite, package_of(component));
    }
    const auto& package = found->second;
    TRY_ASSIGN(auto present, in_store(package.sha256, &m_damage));
    if (present) {
      return built_with(*std::move(present), package);
    }
    if (m_options.offline) {
      return not_in_store(
          fmt::format("{} {} of Debian {}", package_of(component), package.version, suite));
    }
    TRY(refused_before(package.sha256));
    TRY(m_cache.create());
    TRY_ASSIGN(const auto lock, FileLock::acquire(m_cache.locks() / package.sha256,
                                                  FileLock::Mode::exclusive, m_options.cancelled));
    TRY_ASSIGN(present, in_store(package.sha256));
    if (present) {
      return built_with(*std::move(present), package);
    }
    TRY(not_cancelled(suite));
    TRY_ASSIGN(const auto staging, m_cache.stage());
    TRY_ASSIGN(const auto suite_lock, apt_lock(suite));
    if (const auto away = archive_away(); !away.empty()) {
      return unavailable("{} {} of Debian {} cannot be fetched: {}", package_of(component),
                         package.version, suite, away);
    }
    auto archive = apt(suite);
    auto file = archive.download(package_of(component), package.version, staging.directory.path());
    if (!file) {
      m_download_failed = true;
      if (!archive.archive_away().empty()) {
        note_archive_away(archive.archive_away());
      }
      return tl::unexpected(std::move(file).error());
    }
    TRY_ASSIGN(const auto digest, sha256_file(*file, m_options.cancelled));
    if (digest != package.sha256) {
      return input_error(
          "{} is not the package that the signed index of Debian {} describes: its SHA-256 "
          "is {} and not {}",
          file->filename().string(), suite, digest, package.sha256);
    }
    Artifact artifact;
    artifact.component = component;
    artifact.provider = "debian";
    TRY_ASSIGN(artifact.version, upstream_version(package.version));
    artifact.package_version = package.version;
    artifact.source =
        fmt::format("{}_{}_{}.deb", package_of(component), package.version, m_architecture);
    artifact.sha256 = digest;
    artifact = built_with(std::move(artifact), package);
    const auto no_check = [](const Artifact&) { return Expected<void>(); };
    return store(*file, ArchiveKind::debian_package, debian_selection(component), artifact,
                 no_check);
  }

  // One that was stored before that was looked at does not have it.
  static Artifact built_with(Artifact artifact, const DebianPackage& package) {
    if (auto modules = modules_of_packages(package.built_using); !modules.empty()) {
      artifact.built_with = std::move(modules);
    }
    return artifact;
  }

  // ---- both ----

  // Unpack, check, try and put into the store. `check` looks at what the binaries told too.
  template <typename Check>
  Expected<Artifact> store(const std::filesystem::path& archive, ArchiveKind kind,
                           const Selection& selection, Artifact artifact, const Check& check) {
    if (m_options.progress) {
      m_options.progress(fmt::format("unpacking {}", artifact.source));
    }
    if (!std::exchange(m_swept, true)) {
      m_cache.remove_debris();
    }
    TRY_ASSIGN(const auto staging, m_cache.stage());
    const auto bin = staging.bin();
    if (artifact.component == Component::runc && kind == ArchiveKind::tar) {
      // Upstream's runc comes as the bare executable.
      std::error_code error;
      std::filesystem::copy_file(archive, bin / "runc", error);
      if (error) {
        return cannot_write(bin / "runc", error.value());
      }
      std::filesystem::permissions(bin / "runc", std::filesystem::perms(0555), error);
    } else {
      TRY(unpack(archive, kind, selection, bin, artifact.source, {}, m_options.cancelled));
    }
    std::map<std::string, std::string> binaries;
    for (const auto& file : std::filesystem::directory_iterator(bin)) {
      binaries[file.path().filename().string()];
    }
    for (const auto& name : selection.required) {
      if (!binaries.contains(name)) {
        return input_error("{}: it has no executable {}; it is not a build of {}", artifact.source,
                           name, name_of(artifact.component));
      }
    }
    if (binaries.empty()) {
      return input_error("{}: it has no CNI plugin", artifact.source);
    }
    TRY(check_architecture(bin, binaries, m_architecture, artifact.source));
    const auto told = probe(artifact.component, bin, binaries, artifact.source, m_options.sandbox);
    if (!told) {
      if (told.error().kind == ErrorKind::unavailable) {
        remember_failure(refusal_file(artifact.sha256), told.error().message);
      }
      return tl::unexpected(told.error());
    }
    if (artifact.provider == "release" && told->version) {
      artifact.told_version = told->version->str();
    }
    TRY(check(artifact));
    return m_cache.commit(staging, artifact, m_options.cancelled);
  }

  [[nodiscard]] std::filesystem::path refusal_file(const std::string& digest) const {
    return m_cache.index() / fmt::format("refused-{}.json", digest);
  }

  [[nodiscard]] Expected<void> refused_before(const std::string& digest) const {
    if (!m_options.refresh) {
      if (const auto refused = remembered_failure(refusal_file(digest))) {
        return unavailable("{}", refused->reason);
      }
    }
    return {};
  }

  [[nodiscard]] static tl::unexpected<Error> not_in_store(const std::string& what) {
    return unavailable("{} is not in the store, and --offline forbids fetching it", what);
  }

  Cache m_cache;
  FetchOptions m_options;
  Catalog m_catalog;
  Downloader m_downloader;
  std::string m_architecture;
  std::optional<FileLock> m_use_lock;
  std::map<std::pair<Component, std::string>, Expected<Artifact>> m_answers;
  std::set<std::string> m_read_suites;           // read by us: fresh
  std::map<std::string, Error> m_failed_suites;  // failed for us: not again
  std::string m_archive_away;                    // failed for us: why
  std::string m_damage;                          // of the stored package that was asked for last
  bool m_download_failed = false;
  bool m_swept = false;
};

Provisioner::Provisioner(std::unique_ptr<Implementation> implementation)
    : m_implementation(std::move(implementation)) {}
Provisioner::Provisioner(Provisioner&&) noexcept = default;
Provisioner& Provisioner::operator=(Provisioner&&) noexcept = default;
Provisioner::~Provisioner() = default;

namespace {

// What is told of an address does not tell the user and password in it.
std::function<void(std::string_view)> without_secrets(std::function<void(std::string_view)> tell) {
  if (!tell) {
    return {};
  }
  return [tell = std::move(tell)](std::string_view text) { tell(without_credentials(text)); };
}

Expected<void> check_options(const FetchOptions& options) {
  if (!options.mirror.empty()) {
    TRY(check_address("--mirror", options.mirror, {"https", "http"}));
  }
  if (!options.debian_mirror.empty()) {
    TRY(check_address("--debian-mirror", options.debian_mirror, {"https", "http", "file"}));
  }
  return options.ca_file.empty() ? Expected<void>() : check_certificates(options.ca_file);
}

}  // namespace

Expected<Provisioner> Provisioner::open(const std::filesystem::path& cache, FetchOptions options) {
  if (options.ca_file.empty()) {
    options.ca_file = certificates_of_environment();
  }
  TRY(check_options(options));
  options.progress = without_secrets(std::move(options.progress));
  options.notice = without_secrets(std::move(options.notice));
  TRY_ASSIGN(auto catalog, Catalog::load(options.extra_catalogs));
  if (!options.cancelled) {
    options.cancelled = &signal_is_pending;
  }
  std::error_code error;
  const auto root = cache.empty() ? cache : std::filesystem::absolute(cache, error);
  auto implementation =
      std::make_unique<Implementation>(Cache(root), std::move(options), std::move(catalog));
  TRY(implementation->prepare());
  return Provisioner(std::move(implementation));
}

const Expected<Artifact>& Provisioner::ensure(Component component, const VersionToken& token) {
  return m_implementation->ensure(component, token);
}

Expected<Artifact> Provisioner::ensure(Component component, std::string_view token) {
  TRY_ASSIGN(const auto parsed, VersionToken::parse(token));
  return m_implementation->ensure(component, parsed);
}

const Expected<Artifact>& Provisioner::host_runc() {
  return m_implementation->host_runc();
}

}  // namespace cni_matrix::artifacts
