#pragma once

#include <fmt/format.h>
#include <tl/expected.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace cni_matrix {

// Why a thing did not work; the command line turns it into an exit status.
enum class ErrorKind {
  input,        // what the user gave us is wrong: exit status 2
  unavailable,  // it cannot be had on this machine: the cell is skipped
  broken,       // the harness's own trouble: exit status 3
  interrupted,  // a signal or --fail-fast ended it: exit status 130
};

// An error that a person reads: one sentence that names the place and the cure.
struct Error {
  ErrorKind kind = ErrorKind::broken;
  std::string message;
};

template <typename T>
using Expected = tl::expected<T, Error>;

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format,
                                         Args&&... args) {
  return tl::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> input_error(fmt::format_string<Args...> format,
                                                Args&&... args) {
  return fail(ErrorKind::input, format, std::forward<Args>(args)...);
}

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> unavailable(fmt::format_string<Args...> format,
                                                Args&&... args) {
  return fail(ErrorKind::unavailable, format, std::forward<Args>(args)...);
}

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> broken(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorKind::broken, format, std::forward<Args>(args)...);
}

// `broken` with the text of errno at the time of the call: "mount /proc: Operation not permitted".
[[nodiscard]] tl::unexpected<Error> system_error(const std::string& what);

// An Error as an exception. Thrown only at a command's edge, caught only in main.
class Failure : public std::runtime_error {
 public:
  explicit Failure(Error error) : std::runtime_error(error.message), m_error(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return m_error; }

 private:
  Error m_error;
};

template <typename T>
T value_or_throw(Expected<T>&& result) {
  if (!result) {
    throw Failure(std::move(result).error());
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

}  // namespace cni_matrix
