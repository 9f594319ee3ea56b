#include "os/reuseport_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>

namespace troika {

// The program sees the UDP payload at offset 0. The id starts at offset 6 in a long header (one
// byte of flags, four of version, one of length) and at offset 1 in a short one (RFC 8999 §5). A
// datagram too short to hold it makes the load fail, which gives it to member 0.
Status steer_by_connection_id(int fd, unsigned workers) {
  std::array<sock_filter, 7> program{{
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = 0},
      {.code = BPF_JMP | BPF_JSET | BPF_K, .jt = 0, .jf = 2, .k = 0x80},
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = 6},
      {.code = BPF_JMP | BPF_JA, .jt = 0, .jf = 0, .k = 1},
      {.code = BPF_LD | BPF_B | BPF_ABS, .jt = 0, .jf = 0, .k = 1},
      {.code = BPF_ALU | BPF_MOD | BPF_K, .jt = 0, .jf = 0, .k = workers},
      {.code = BPF_RET | BPF_A, .jt = 0, .jf = 0, .k = 0},
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) != 0) {
    return fail(ErrorCode::io, "the kernel took no steering program for the UDP sockets");
  }
  return {};
}

}  // namespace troika
