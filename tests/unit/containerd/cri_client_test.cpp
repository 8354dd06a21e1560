#include "containerd/cri_client.hpp"

#include "base/file.hpp"
#include <cni_matrix/base/fd.hpp>

#include <gtest/gtest.h>

#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

namespace cni_matrix::containerd {
namespace {

class CriClientTest : public testing::Test {
 protected:
  TemporaryDirectory m_folder = TemporaryDirectory::create().value();
  std::filesystem::path m_socket = m_folder.path() / "s";
};

TEST_F(CriClientTest, SaysUnavailableWhereNobodyListens) {
  CriClient client(m_socket, "runtime.v1", std::chrono::seconds(10));
  const auto status = client.network_status();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "Unavailable");
}

TEST_F(CriClientTest, EndsACallThatIsNeverAnswered) {
  const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(m_socket.string().size(), sizeof(address.sun_path));
  std::strcpy(address.sun_path, m_socket.c_str());
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);

  CriClient client(m_socket, "runtime.v1", std::chrono::milliseconds(200));
  const auto stopped = client.stop_pod_sandbox("x");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "DeadlineExceeded");
}

}  // namespace
}  // namespace cni_matrix::containerd
