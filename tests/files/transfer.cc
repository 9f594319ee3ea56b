#include "files/transfer.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace troika::files {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kEnd = ~std::uint64_t{0};

}  // namespace

Transfer::Transfer(test::LiveClient& client, const Of& of, Look look)
    : client_(client), connection_(client.connect(of.protocol, of.address)) {
  Request request = client::make_request("GET", "localhost", of.target);
  request.headers = of.fields;
  fetch_ = &client_->fetch(connection_, request, nullptr,
                           [this, look = std::move(look)](std::span<const std::byte> bytes) {
                             look(at_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
                             at_ += bytes.size();
                             fetch_->set_paused(at_ >= point_);
                           });
  fetch_->set_paused(true);
}

Transfer::~Transfer() {
  client_->drop(*fetch_);
  connection_.close();
  client_->drop(connection_);
}

bool Transfer::run_to(std::uint64_t point) {
  point_ = point;
  fetch_->set_paused(at_ >= point);
  return client_->run_until(
      [&] { return fetch_->done() || (fetch_->has_head() && fetch_->paused()); }, kPatience);
}

bool Transfer::run_to_end() {
  point_ = kEnd;
  fetch_->set_paused(false);
  return client_->run_until([&] { return fetch_->done(); }, kPatience);
}

std::size_t count_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

bool is_open(const std::string& name) {
  return std::ranges::any_of(fs::directory_iterator("/proc/self/fd"), [&](const auto& entry) {
    std::error_code gone;
    return fs::read_symlink(entry.path(), gone) == name;
  });
}

}  // namespace troika::files
