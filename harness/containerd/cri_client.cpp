// The only file that includes gRPC.
#include "cri_client.hpp"

#include "cri.pb.h"
#include "status_info.hpp"

#include <fmt/format.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

namespace cni_matrix::containerd {
namespace {

// The names that Go's google.golang.org/grpc/codes prints.
std::string code_name(grpc::StatusCode code) {
  static constexpr const char* k_names[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(k_names) ? k_names[index] : fmt::format("Code({})", index);
}

cri::Protocol protocol_of(const std::string& name) {
  return name == "udp" ? cri::UDP : name == "sctp" ? cri::SCTP : cri::TCP;
}

PodState state_of(cri::PodSandboxState state) {
  return state == cri::SANDBOX_READY ? PodState::ready : PodState::not_ready;
}

VerboseInfo info_of(const google::protobuf::Map<std::string, std::string>& info) {
  return {info.begin(), info.end()};
}

}  // namespace

class CriClient::Connection {
 public:
  Connection(const std::filesystem::path& socket, std::string package,
             std::chrono::milliseconds call_timeout)
      : m_service("/" + std::move(package) + ".RuntimeService/"), m_call_timeout(call_timeout) {
    grpc::ChannelArguments arguments;
    // gRPC C++ before 1.57 takes the socket's path for :authority, which Go's server refuses.
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    // Several channels to one path (a daemon after another) must not share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetMaxReceiveMessageSize(16 << 20);
    m_channel = grpc::CreateCustomChannel("unix:" + socket.string(),
                                          grpc::InsecureChannelCredentials(), arguments);
  }

  void limit(std::optional<std::chrono::milliseconds> timeout) { m_limit = timeout; }

  template <typename Response, typename Request>
  RuntimeResult<Response> call(const std::string& method, const Request& request) {
    grpc::TemplatedGenericStub<Request, Response> stub(m_channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + m_limit.value_or(m_call_timeout));
    grpc::CompletionQueue queue;
    Response response;
    grpc::Status status;
    const auto reader = stub.PrepareUnaryCall(&context, m_service + method, request, &queue);
    reader->StartCall();
    reader->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    if (!status.ok()) {
      // The server is told of the deadline too. Where its clock is a little ahead of gRPC's here it
      // resets the stream, and the same end has another text.
      const bool reset = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
                         status.error_message().starts_with("Received RST_STREAM");
      return tl::unexpected(
          RuntimeError{code_name(status.error_code()),
                       reset ? std::string("Deadline Exceeded") : status.error_message()});
    }
    return response;
  }

 private:
  std::string m_service;
  std::chrono::milliseconds m_call_timeout;
  std::optional<std::chrono::milliseconds> m_limit;
  std::shared_ptr<grpc::Channel> m_channel;
};

CriClient::CriClient(const std::filesystem::path& socket, std::string package,
                     std::chrono::milliseconds call_timeout)
    : m_connection(std::make_unique<Connection>(socket, std::move(package), call_timeout)) {}
CriClient::CriClient(CriClient&&) noexcept = default;
CriClient& CriClient::operator=(CriClient&&) noexcept = default;
CriClient::~CriClient() = default;

void CriClient::set_call_timeout(std::optional<std::chrono::milliseconds> timeout) {
  m_connection->limit(timeout);
}

RuntimeResult<std::string> CriClient::run_pod_sandbox(const PodSpec& pod,
                                                      const std::string& log_directory) {
  cri::RunPodSandboxRequest request;
  cri::PodSandboxConfig& config = *request.mutable_config();
  config.mutable_metadata()->set_name(pod.name);
  config.mutable_metadata()->set_namespace_(pod.pod_namespace);
  config.mutable_metadata()->set_uid(pod.uid);
  config.set_log_directory(log_directory);
  for (const PortMapping& mapping : pod.port_mappings) {
    cri::PortMapping& port = *config.add_port_mappings();
    port.set_protocol(protocol_of(mapping.protocol));
    port.set_container_port(mapping.container_port);
    port.set_host_port(mapping.host_port);
    port.set_host_ip(mapping.host_ip);
  }
  config.mutable_annotations()->insert(pod.annotations.begin(), pod.annotations.end());
  if (!pod.dns.empty()) {
    cri::DNSConfig& dns = *config.mutable_dns_config();
    dns.mutable_servers()->Assign(pod.dns.servers.begin(), pod.dns.servers.end());
    dns.mutable_searches()->Assign(pod.dns.searches.begin(), pod.dns.searches.end());
    dns.mutable_options()->Assign(pod.dns.options.begin(), pod.dns.options.end());
  }
  config.mutable_linux()->mutable_security_context()->mutable_namespace_options()->set_network(
      pod.host_network ? cri::NODE : cri::POD);
  request.set_runtime_handler(pod.handler);
  return m_connection->call<cri::RunPodSandboxResponse>("RunPodSandbox", request)
      .map([](const cri::RunPodSandboxResponse& response) { return response.pod_sandbox_id(); });
}

RuntimeResult<void> CriClient::stop_pod_sandbox(const std::string& id) {
  cri::StopPodSandboxRequest request;
  request.set_pod_sandbox_id(id);
  return m_connection->call<cri::StopPodSandboxResponse>("StopPodSandbox", request)
      .map([](const cri::StopPodSandboxResponse&) {});
}

RuntimeResult<void> CriClient::remove_pod_sandbox(const std::string& id) {
  cri::RemovePodSandboxRequest request;
  request.set_pod_sandbox_id(id);
  return m_connection->call<cri::RemovePodSandboxResponse>("RemovePodSandbox", request)
      .map([](const cri::RemovePodSandboxResponse&) {});
}

RuntimeResult<std::vector<PodSandbox>> CriClient::list_pod_sandboxes() {
  return m_connection
      ->call<cri::ListPodSandboxResponse>("ListPodSandbox", cri::ListPodSandboxRequest())
      .map([](const cri::ListPodSandboxResponse& response) {
        std::vector<PodSandbox> sandboxes;
        for (const cri::PodSandbox& item : response.items()) {
          sandboxes.push_back({item.id(), item.metadata().name(), state_of(item.state())});
        }
        return sandboxes;
      });
}

RuntimeResult<PodStatus> CriClient::pod_sandbox_status(const std::string& id) {
  cri::PodSandboxStatusRequest request;
  request.set_pod_sandbox_id(id);
  request.set_verbose(true);
  return m_connection->call<cri::PodSandboxStatusResponse>("PodSandboxStatus", request)
      .map([](const cri::PodSandboxStatusResponse& response) {
        PodStatus status;
        status.state = state_of(response.status().state());
        const cri::PodSandboxNetworkStatus& network = response.status().network();
        if (!network.ip().empty()) {
          status.ips.push_back(network.ip());
        }
        for (const cri::PodIP& address : network.additional_ips()) {
          status.ips.push_back(address.ip());
        }
        status.netns = netns_of(info_of(response.info()));
        status.pid = pid_of(info_of(response.info()));
        return status;
      });
}

RuntimeResult<NetworkStatus> CriClient::network_status() {
  cri::StatusRequest request;
  request.set_verbose(true);
  return m_connection->call<cri::StatusResponse>("Status", request)
      .map([](const cri::StatusResponse& response) {
        NetworkStatus status;
        for (const cri::RuntimeCondition& condition : response.status().conditions()) {
          if (condition.type() == "NetworkReady") {
            status.network_ready = condition.status();
            status.reason = condition.reason();
            status.message = condition.message();
          }
        }
        read_network_info(info_of(response.info()), status);
        return status;
      });
}

RuntimeResult<void> CriClient::update_runtime_config(const std::string& pod_cidr) {
  cri::UpdateRuntimeConfigRequest request;
  request.mutable_runtime_config()->mutable_network_config()->set_pod_cidr(pod_cidr);
  return m_connection->call<cri::UpdateRuntimeConfigResponse>("UpdateRuntimeConfig", request)
      .map([](const cri::UpdateRuntimeConfigResponse&) {});
}

}  // namespace cni_matrix::containerd
