#pragma once
#include "proto/quic/qlog.h"
#include "proto/quic/qlog_filter.h"
#include "server/qlog_folder.h"

namespace troika {

// The logs of one worker's connections. `folder` and `random` outlive it.
class QlogChoice final : public quic::QlogSource {
 public:
  QlogChoice(QlogFilter filter, QlogFolder& folder, Random& random)
      : filter_(std::move(filter)), folder_(folder), random_(random) {}

  bool wants(const Address& remote) override {
    return filter_.wants(remote, random_) && folder_.has_room();
  }
  std::unique_ptr<quic::QlogSink> open(std::span<const std::uint8_t> id, const Address&) override {
    return folder_.open(id);
  }

 private:
  const QlogFilter filter_;
  QlogFolder& folder_;
  Random& random_;
};

}  // namespace troika
