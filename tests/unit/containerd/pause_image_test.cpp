#include "containerd/pause_image.hpp"

#include "base/digest.hpp"
#include <cni_matrix/base/json.hpp>

#include <archive.h>
#include <gmock/gmock.h>

#include <map>
#include <memory>

#include <archive_entry.h>

namespace cni_matrix::containerd {
namespace {

struct File {
  std::string content;
  unsigned permissions = 0;
  long owner = -1;
};

std::map<std::string, File> files_of(const std::string& tar) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      archive_read_free);
  archive_read_support_format_tar(reader.get());
  archive_read_open_memory(reader.get(), tar.data(), tar.size());
  std::map<std::string, File> files;
  for (archive_entry* entry = nullptr;
       archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK;) {
    File& file = files[archive_entry_pathname(entry)];
    file.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    archive_read_data(reader.get(), file.content.data(), file.content.size());
    file.permissions = archive_entry_perm(entry);
    file.owner = archive_entry_uid(entry) + archive_entry_gid(entry);
  }
  return files;
}

// Follow a descriptor: the blob must have the size and the digest that it says.
std::string blob(const std::map<std::string, File>& files, const Json& descriptor) {
  const auto digest = descriptor.at("digest").get<std::string>();
  const std::string& content = files.at("blobs/sha256/" + digest.substr(7)).content;
  EXPECT_EQ("sha256:" + sha256(content), digest);
  EXPECT_EQ(content.size(), descriptor.at("size").get<std::size_t>());
  return content;
}

TEST(PauseImage, IsAnOciLayoutWithOneFile) {
  const auto files = files_of(pause_image("\x7f"
                                          "ELF...",
                                          "example.invalid/pause:1", "arm64")
                                  .value());
  EXPECT_EQ(Json::parse(files.at("oci-layout").content)["imageLayoutVersion"], "1.0.0");
  const Json index = Json::parse(files.at("index.json").content);
  ASSERT_EQ(index["manifests"].size(), 1U);
  EXPECT_EQ(index["manifests"][0]["annotations"]["io.containerd.image.name"],
            "example.invalid/pause:1");
  const Json manifest = Json::parse(blob(files, index["manifests"][0]));
  const Json config = Json::parse(blob(files, manifest["config"]));
  EXPECT_EQ(config["architecture"], "arm64");
  EXPECT_EQ(config["config"]["Entrypoint"], Json::array({"/pause"}));
  ASSERT_EQ(manifest["layers"].size(), 1U);
  const std::string layer = blob(files, manifest["layers"][0]);
  EXPECT_EQ(config["rootfs"]["diff_ids"], Json::array({"sha256:" + sha256(layer)}));

  const auto content = files_of(layer);
  ASSERT_EQ(content.size(), 1U);
  EXPECT_EQ(content.at("pause").content,
            "\x7f"
            "ELF...");
  EXPECT_EQ(content.at("pause").permissions, 0755U);
  EXPECT_EQ(content.at("pause").owner, 0);
}

TEST(PauseImage, HasTheSameBytesForTheSameInput) {
  EXPECT_EQ(pause_image("x", "a:1", "amd64").value(), pause_image("x", "a:1", "amd64").value());
  EXPECT_NE(pause_image("x", "a:1", "amd64").value(), pause_image("y", "a:1", "amd64").value());
}

}  // namespace
}  // namespace cni_matrix::containerd
