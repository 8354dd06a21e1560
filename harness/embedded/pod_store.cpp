#include "pod_store.hpp"

#include "base/file.hpp"
#include "base/try.hpp"

#include <system_error>

namespace cni_matrix::embedded {

std::string PodRecord::full_name() const {
  return spec.name + "_" + spec.pod_namespace + "_" + spec.uid + "_0";
}

Json to_json(const PodRecord& record) {
  Json mappings = Json::array();
  for (const PortMapping& mapping : record.spec.port_mappings) {
    mappings.push_back({{"protocol", mapping.protocol},
                        {"container_port", mapping.container_port},
                        {"host_port", mapping.host_port},
                        {"host_ip", mapping.host_ip}});
  }
  return {{"id", record.id},
          {"name", record.spec.name},
          {"namespace", record.spec.pod_namespace},
          {"uid", record.spec.uid},
          {"host_network", record.spec.host_network},
          {"port_mappings", mappings},
          {"annotations", record.spec.annotations},
          {"dns",
           {{"servers", record.spec.dns.servers},
            {"searches", record.spec.dns.searches},
            {"options", record.spec.dns.options}}},
          {"handler", record.spec.handler},
          {"netns", record.netns},
          {"ips", record.ips},
          {"has_result", record.has_result}};
}

Expected<PodRecord> pod_record_from_json(const Json& value) {
  try {
    PodRecord record;
    record.id = value.at("id").get<std::string>();
    record.spec.name = value.at("name").get<std::string>();
    record.spec.pod_namespace = value.at("namespace").get<std::string>();
    record.spec.uid = value.at("uid").get<std::string>();
    record.spec.host_network = value.at("host_network").get<bool>();
    for (const Json& mapping : value.at("port_mappings")) {
      record.spec.port_mappings.push_back({mapping.at("protocol").get<std::string>(),
                                           mapping.at("container_port").get<std::int32_t>(),
                                           mapping.at("host_port").get<std::int32_t>(),
                                           mapping.at("host_ip").get<std::string>()});
    }
    value.at("annotations").get_to(record.spec.annotations);
    const Json& dns = value.at("dns");
    dns.at("servers").get_to(record.spec.dns.servers);
    dns.at("searches").get_to(record.spec.dns.searches);
    dns.at("options").get_to(record.spec.dns.options);
    record.spec.handler = value.at("handler").get<std::string>();
    record.netns = value.at("netns").get<std::string>();
    record.ips = value.at("ips").get<std::vector<std::string>>();
    record.has_result = value.at("has_result").get<bool>();
    return record;
  } catch (const Json::exception& error) {
    return broken("a pod record is not as this program writes it: {}", error.what());
  }
}

Expected<std::map<std::string, PodRecord>> PodStore::load() {
  m_records.clear();
  std::error_code error;
  if (!std::filesystem::exists(file(), error)) {
    return m_records;
  }
  TRY_ASSIGN(const Json value, load_json(file()));
  if (!value.is_array()) {
    return broken("{} holds no list of pods; remove it to start anew", file().string());
  }
  for (const Json& item : value) {
    auto record = pod_record_from_json(item);
    if (!record) {
      return broken("{}: {}", file().string(), record.error().message);
    }
    if (const auto task = read_file(m_tasks / record->id, 16)) {
      record->running = true;
      record->shim = *task == "3" ? 3 : 2;
    }
    m_records[record->id] = std::move(*record);
  }
  return m_records;
}

Expected<void> PodStore::save(const PodRecord& record) {
  m_records[record.id] = record;
  TRY(write());
  return write_task(record);
}

Expected<void> PodStore::save_end(const std::string& id) {
  const auto found = m_records.find(id);
  if (found == m_records.end()) {
    return {};
  }
  found->second.running = false;
  return write_task(found->second);
}

Expected<void> PodStore::erase(const std::string& id) {
  TRY(save_end(id));
  if (m_records.erase(id) == 0) {
    return {};
  }
  return write();
}

Expected<void> PodStore::write_task(const PodRecord& record) const {
  std::error_code error;
  if (!record.running) {
    std::filesystem::remove(m_tasks / record.id, error);
  } else {
    std::filesystem::create_directories(m_tasks, error);
    if (!error) {
      TRY(write_file(m_tasks / record.id, std::to_string(record.shim)));
    }
  }
  if (error) {
    return broken("cannot keep the task of {} in {}: {}", record.id, m_tasks.string(),
                  error.message());
  }
  return {};
}

Expected<void> PodStore::write() const {
  std::error_code error;
  std::filesystem::create_directories(m_directory, error);
  if (error) {
    return broken("cannot create {}: {}", m_directory.string(), error.message());
  }
  Json value = Json::array();
  for (const auto& [id, record] : m_records) {
    value.push_back(to_json(record));
  }
  return write_file_atomic(file(), value.dump(1) + "\n");
}

}  // namespace cni_matrix::embedded
