#pragma once
#include <unordered_map>

#include "base/random.h"
#include "proto/quic/cid.h"
#include "proto/quic/siphash.h"

namespace troika::quic {

// Which connection an id belongs to. Clients choose some of the ids, hence the keyed hash.
template <class Connection>
class CidTable {
 public:
  explicit CidTable(Random& random) : ids_(16, Hash{{random.u64(), random.u64()}}) {}

  Connection* find(const ConnectionId& id) const noexcept {
    const auto found = ids_.find(id);
    return found == ids_.end() ? nullptr : found->second;
  }
  // False if the id is taken.
  bool insert(const ConnectionId& id, Connection& connection) {
    return ids_.try_emplace(id, &connection).second;
  }
  void erase(const ConnectionId& id) noexcept { ids_.erase(id); }
  std::size_t size() const noexcept { return ids_.size(); }

 private:
  struct Hash {
    SipKey key;
    std::size_t operator()(const ConnectionId& id) const noexcept {
      return SipHash::of(key, id.view());
    }
  };
  std::unordered_map<ConnectionId, Connection*, Hash> ids_;
};

}  // namespace troika::quic
