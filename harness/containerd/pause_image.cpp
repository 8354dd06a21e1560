#include "pause_image.hpp"

#include "tar.hpp"

#include "base/digest.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>

namespace cni_matrix::containerd {
namespace {

constexpr const char* k_layer_type = "application/vnd.oci.image.layer.v1.tar";
constexpr const char* k_config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* k_manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* k_index_type = "application/vnd.oci.image.index.v1+json";

Json descriptor(const char* media_type, const std::string& blob) {
  return {{"mediaType", media_type}, {"digest", "sha256:" + sha256(blob)}, {"size", blob.size()}};
}

Expected<void> add_blob(TarWriter& tar, const std::string& blob) {
  return tar.add_file("blobs/sha256/" + sha256(blob), 0644, blob);
}

}  // namespace

Expected<std::string> pause_image(std::string_view executable, std::string_view name,
                                  std::string_view architecture) {
  TarWriter layer_tar;
  TRY(layer_tar.add_file("pause", 0755, executable));
  TRY_ASSIGN(const std::string layer, layer_tar.finish());

  const std::string config =
      Json{{"architecture", architecture},
           {"os", "linux"},
           {"config", {{"Entrypoint", {"/pause"}}, {"WorkingDir", "/"}}},
           // The layer is not compressed, so its digest is the diff id too.
           {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({"sha256:" + sha256(layer)})}}}}
          .dump();
  const std::string manifest = Json{{"schemaVersion", 2},
                                    {"mediaType", k_manifest_type},
                                    {"config", descriptor(k_config_type, config)},
                                    {"layers", Json::array({descriptor(k_layer_type, layer)})}}
                                   .dump();
  Json manifest_descriptor = descriptor(k_manifest_type, manifest);
  manifest_descriptor["platform"] = {{"architecture", architecture}, {"os", "linux"}};
  // containerd takes the image's name from its own annotation, and others from the spec's.
  manifest_descriptor["annotations"] = {{"io.containerd.image.name", name},
                                        {"org.opencontainers.image.ref.name", name}};
  const std::string index = Json{{"schemaVersion", 2},
                                 {"mediaType", k_index_type},
                                 {"manifests", Json::array({manifest_descriptor})}}
                                .dump();

  TarWriter image;
  TRY(image.add_file("oci-layout", 0644, R"({"imageLayoutVersion":"1.0.0"})"));
  TRY(image.add_file("index.json", 0644, index));
  for (const std::string& blob : {layer, config, manifest}) {
    TRY(add_blob(image, blob));
  }
  return image.finish();
}

}  // namespace cni_matrix::containerd
