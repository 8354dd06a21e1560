#include "build_info.hpp"

#include "base/text.hpp"
#include <cni_matrix/base/fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::go {

namespace {

constexpr std::string_view k_magic = "\xff Go buildinf:";
constexpr std::size_t k_header = 32;            // magic, pointer size, flags and two pointers
constexpr std::size_t k_alignment = 16;         // of the magic
constexpr std::uint64_t k_searched = 64 << 10;  // bytes of the section or segment
constexpr std::uint64_t k_most_text = 4 << 20;  // of the list of modules
constexpr unsigned k_most_headers = 4096;       // of segments and sections
constexpr unsigned k_inline_strings = 2;        // a flag: Go 1.18 and newer
constexpr unsigned k_big_endian = 1;            // a flag

// An ELF file of either class and byte order. Offsets and sizes in it are somebody else's numbers.
class Elf {
 public:
  // Nothing when it is none.
  static std::optional<Elf> open(Fd fd) {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return std::nullopt;
    }
    Elf elf(std::move(fd), static_cast<std::uint64_t>(status.st_size));
    const auto ident = elf.bytes(0, EI_NIDENT);
    if (!ident || std::memcmp(ident->data(), ELFMAG, SELFMAG) != 0) {
      return std::nullopt;
    }
    elf.m_wide = (*ident)[EI_CLASS] == ELFCLASS64;
    elf.m_big = (*ident)[EI_DATA] == ELFDATA2MSB;
    if (!elf.read_segments()) {
      return std::nullopt;
    }
    return elf;
  }

  // Where the linker put it: a section of that name, else the start of the data.
  [[nodiscard]] std::string searched_part() const {
    if (const auto section = section_named(".go.buildinfo")) {
      return bytes(section->offset, std::min(section->size, k_searched)).value_or("");
    }
    for (const auto& segment : m_segments) {
      if ((segment.flags & (PF_X | PF_W)) == PF_W) {
        return bytes(segment.offset, std::min(segment.size, k_searched)).value_or("");
      }
    }
    return {};
  }

  // A string of Go, by the address of its header.
  [[nodiscard]] std::string string_at(std::uint64_t header, std::size_t pointer_size,
                                      bool big) const {
    const auto parts = at_address(header, 2 * pointer_size);
    if (!parts) {
      return {};
    }
    const auto address = number(*parts, 0, pointer_size, big);
    const auto length = number(*parts, pointer_size, pointer_size, big);
    return length > k_most_text ? "" : at_address(address, length).value_or("");
  }

  // `size` bytes (1 to 8) of `text` at `at`, which the caller knows to be there.
  static std::uint64_t number(std::string_view text, std::size_t at, std::size_t size, bool big) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + (big ? i : size - 1 - i)]);
      value = (value << 8U) | byte;
    }
    return value;
  }

 private:
  struct Part {
    std::uint64_t offset = 0;  // in the file
    std::uint64_t size = 0;    // in the file
    std::uint64_t address = 0;
    std::uint32_t flags = 0;
  };

  Elf(Fd fd, std::uint64_t size) : m_fd(std::move(fd)), m_size(size) {}

  // Nothing unless all of it is in the file.
  [[nodiscard]] std::optional<std::string> bytes(std::uint64_t offset, std::uint64_t size) const {
    if (offset > m_size || size > m_size - offset) {
      return std::nullopt;
    }
    std::string text(size, '\0');
    for (std::size_t done = 0; done < text.size();) {
      const auto count = ::pread(m_fd.get(), text.data() + done, text.size() - done,
                                 static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count <= 0) {
        return std::nullopt;
      }
      done += static_cast<std::size_t>(count);
    }
    return text;
  }

  [[nodiscard]] std::optional<std::string> at_address(std::uint64_t address,
                                                      std::uint64_t size) const {
    for (const auto& segment : m_segments) {
      const auto into = address - segment.address;  // unsigned: great when it is before
      if (address >= segment.address && into < segment.size && size <= segment.size - into) {
        return bytes(segment.offset + into, size);
      }
    }
    return std::nullopt;
  }

  // A field of a header, by its place in the 64-bit and in the 32-bit form.
  struct Field {
    std::size_t wide_at;
    std::size_t wide_size;
    std::size_t narrow_at;
    std::size_t narrow_size;
  };
  [[nodiscard]] std::uint64_t field(std::string_view header, const Field& place) const {
    return m_wide ? number(header, place.wide_at, place.wide_size, m_big)
                  : number(header, place.narrow_at, place.narrow_size, m_big);
  }

  // The headers of a table, each `least` bytes or more.
  [[nodiscard]] std::optional<std::vector<std::string>> table(const Field& offset_field,
                                                              const Field& size_field,
                                                              const Field& count_field,
                                                              std::size_t least) const {
    const auto header = bytes(0, m_wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
    if (!header) {
      return std::nullopt;
    }
    const auto offset = field(*header, offset_field);
    const auto size = field(*header, size_field);
    const auto count = field(*header, count_field);
    if (count == 0) {
      return std::vector<std::string>();
    }
    constexpr std::uint64_t k_largest = 256;  // no ELF has more than 64
    if (size < least || size > k_largest || count > k_most_headers) {
      return std::nullopt;
    }
    const auto all = bytes(offset, size * count);  // both are 16 bits wide
    if (!all) {
      return std::nullopt;
    }
    std::vector<std::string> headers;
    for (std::uint64_t i = 0; i < count; ++i) {
      headers.push_back(all->substr(i * size, least));
    }
    return headers;
  }

  bool read_segments() {
    const auto headers = table({32, 8, 28, 4}, {54, 2, 42, 2}, {56, 2, 44, 2},
                               m_wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
    if (!headers) {
      return false;
    }
    for (const auto& header : *headers) {
      if (number(header, 0, 4, m_big) != PT_LOAD) {
        continue;
      }
      Part part;
      part.flags = static_cast<std::uint32_t>(field(header, {4, 4, 24, 4}));
      part.offset = field(header, {8, 8, 4, 4});
      part.address = field(header, {16, 8, 8, 4});
      part.size = field(header, {32, 8, 16, 4});
      if (part.offset > m_size || part.size > m_size - part.offset) {
        return false;  // cut off
      }
      m_segments.push_back(part);
    }
    return true;
  }

  [[nodiscard]] std::optional<Part> section_named(std::string_view name) const {
    const auto headers = table({40, 8, 32, 4}, {58, 2, 46, 2}, {60, 2, 48, 2},
                               m_wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
    const auto file_header = bytes(0, m_wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
    if (!headers || !file_header) {
      return std::nullopt;
    }
    const auto part_of = [&](const std::string& header) {
      Part part;
      part.offset = field(header, {24, 8, 16, 4});
      part.size = field(header, {32, 8, 20, 4});
      return part;
    };
    const auto names_at = field(*file_header, {62, 2, 50, 2});
    if (names_at >= headers->size()) {
      return std::nullopt;
    }
    const auto names = part_of((*headers)[names_at]);
    for (const auto& header : *headers) {
      const auto at = number(header, 0, 4, m_big);
      const auto wanted = name.size() + 1;
      if (at > names.size || wanted > names.size - at || names.offset > m_size) {
        continue;
      }
      const auto text = bytes(names.offset + at, wanted);
      if (text && std::string_view(*text).substr(0, name.size()) == name && text->back() == '\0') {
        return part_of(header);
      }
    }
    return std::nullopt;
  }

  Fd m_fd;
  std::uint64_t m_size;
  bool m_wide = true;
  bool m_big = false;
  std::vector<Part> m_segments;
};

// The length that a string begins with (encoding/binary's Uvarint), and then the string.
std::string take_string(std::string_view& data) {
  std::uint64_t length = 0;
  for (unsigned i = 0; i < 5; ++i) {
    if (data.empty()) {
      return {};
    }
    const auto byte = static_cast<unsigned char>(data.front());
    data.remove_prefix(1);
    length |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      if (length > data.size()) {
        return {};
      }
      std::string text(data.substr(0, length));
      data.remove_prefix(length);
      return text;
    }
  }
  return {};
}

// A value with blanks or quotes in it stands as a Go string: "..." or `...`.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() ||
      (text.front() != '"' && text.front() != '`')) {
    return std::string(text);
  }
  const bool raw = text.front() == '`';
  text = text.substr(1, text.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!raw && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      plain += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    } else {
      plain += text[i];
    }
  }
  return plain;
}

void read_modules(const std::string& text, BuildInfo& info) {
  std::string last;  // the module that a "=>" is about
  for (const auto& line : split(text, '\n')) {
    const auto words = split(line, '\t');
    if (words.size() >= 2 && words[0] == "path") {
      info.package = printable(words[1]);
    } else if (words.size() >= 3 && words[0] == "mod") {
      info.main_path = printable(words[1]);
      info.main_version = printable(words[2]);
      last.clear();
    } else if (words.size() >= 3 && words[0] == "dep") {
      last = printable(words[1]);
      info.modules[last] = printable(words[2]);
    } else if (words.size() >= 3 && words[0] == "=>" && !last.empty()) {
      info.modules[last] += fmt::format(" => {} {}", printable(words[1]), printable(words[2]));
    } else if (line.starts_with("build\t")) {
      const auto setting = std::string_view(line).substr(6);
      if (const auto equals = setting.find('='); equals != std::string_view::npos) {
        info.settings[printable(unquoted(setting.substr(0, equals)))] =
            printable(unquoted(setting.substr(equals + 1)));
      }
    }
  }
}

}  // namespace

Expected<std::optional<BuildInfo>> read_build_info(const std::filesystem::path& file) {
  // Without O_NONBLOCK a FIFO would hold us.
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return input_error("cannot read {}: {}", file.string(), std::strerror(errno));
  }
  const auto elf = Elf::open(std::move(fd));
  if (!elf) {
    return std::nullopt;
  }
  const auto part = elf->searched_part();
  std::size_t at = 0;
  for (;; at += k_alignment) {
    at = part.find(k_magic, at);
    if (at == std::string::npos || part.size() - at < k_header) {
      return std::nullopt;
    }
    if (at % k_alignment == 0) {
      break;
    }
    at -= at % k_alignment;
  }
  auto data = std::string_view(part).substr(at);
  const auto pointer_size = static_cast<unsigned char>(data[14]);
  const auto flags = static_cast<unsigned char>(data[15]);
  BuildInfo info;
  std::string modules;
  if ((flags & k_inline_strings) != 0) {
    data.remove_prefix(k_header);
    info.go_version = take_string(data);
    modules = take_string(data);
  } else if (pointer_size == 4 || pointer_size == 8) {
    const bool big = (flags & k_big_endian) != 0;
    info.go_version = elf->string_at(Elf::number(data, 16, pointer_size, big), pointer_size, big);
    modules =
        elf->string_at(Elf::number(data, 16U + pointer_size, pointer_size, big), pointer_size, big);
  }
  if (!info.go_version.starts_with("go") && !info.go_version.starts_with("devel")) {
    return std::nullopt;
  }
  info.go_version = printable(info.go_version);
  // The linker puts 16 bytes before and after it, for those who look for them in memory.
  constexpr std::size_t k_frame = 16;
  if (modules.size() > 2 * k_frame && modules[modules.size() - k_frame - 1] == '\n') {
    read_modules(modules.substr(k_frame, modules.size() - 2 * k_frame), info);
  }
  return info;
}

}  // namespace cni_matrix::go
