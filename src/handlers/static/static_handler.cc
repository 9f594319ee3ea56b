#include "handlers/static/static_handler.h"

#include <algorithm>
#include <utility>

#include "handlers/static/answers.h"
#include "handlers/static/file_body.h"
#include "http/error_body.h"
#include "http/services.h"

namespace troika {
namespace {

// One request that waits for its file to be opened.
class StaticJob final : public Job {
 public:
  StaticJob(FileReader& files, const RequestContext& context, Responder& responder)
      : files_(files),
        request_(context.request),
        clock_(context.services.clock),
        responder_(responder) {}

  // False when the answer has been given already.
  bool begin() {
    name_ = request_.target.path.substr(1);
    if (name_.empty() || name_.ends_with('/')) name_ += "index.html";
    operation_ = files_.open(name_, [this](Result<std::unique_ptr<OpenFile>> file) {
      answered_ = true;
      if (file) {
        on_opened(std::move(*file));
      } else {
        on_failed(file.error().code);
      }
    });
    return !answered_;
  }

 private:
  void on_opened(std::unique_ptr<OpenFile> file) {
    const mode_t mode = file->info().st_mode;
    if (S_ISREG(mode)) return serve(std::move(file));
    const bool named_as_file = !request_.target.path.ends_with('/');
    if (S_ISDIR(mode) && named_as_file) return redirect_to_folder();
    respond_status(responder_, 404);
  }

  // What may not be read looks like what is not there.
  void on_failed(ErrorCode code) {
    if (code == ErrorCode::not_found || code == ErrorCode::denied) {
      return respond_status(responder_, 404);
    }
    if (code != ErrorCode::unavailable) return respond_status(responder_, 500);
    auto [head, body] = error_answer(503);
    head.headers.add("retry-after", "1");
    std::ignore = responder_.respond(std::move(head), std::move(body));
  }

  void serve(std::unique_ptr<OpenFile> file) {
    // RFC 9110 §8.8.2.1: never later than the answer itself.
    const auto now = std::chrono::system_clock::to_time_t(clock_.wall());
    ResponseHead head;
    head.headers.add("content-type", content_type_of(name_));
    head.headers.add("last-modified", format_http_date(std::min(file->info().st_mtime, now)));
    head.headers.add("x-content-type-options", "nosniff");
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(file->info().st_size, 0));
    std::ignore = responder_.respond(std::move(head),
                                     std::make_unique<FileBody>(files_, std::move(file), size));
  }

  // The path begins with exactly one slash and holds no backslash, so that no client can take the
  // reference for one that names a host.
  void redirect_to_folder() {
    std::string location = encode_path(request_.target.path) + "/";
    if (!request_.target.query.empty()) location += "?" + request_.target.query;
    auto [head, body] = error_answer(308);
    head.headers.add("location", location);
    std::ignore = responder_.respond(std::move(head), std::move(body));
  }

  FileReader& files_;
  const Request& request_;
  const Clock& clock_;
  Responder& responder_;
  std::string name_;  // beneath the root
  std::unique_ptr<FileReader::Operation> operation_;
  bool answered_ = false;
};

}  // namespace

std::unique_ptr<Job> StaticHandler::start(RequestContext context, Responder& responder) {
  if (answer_method(context.request, responder)) return nullptr;
  if (is_hidden(context.request.target.path)) {
    respond_status(responder, 404);
    return nullptr;
  }
  auto job = std::make_unique<StaticJob>(files_, context, responder);
  if (!job->begin()) return nullptr;
  return job;
}

}  // namespace troika
