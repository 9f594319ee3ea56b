#include "server/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <initializer_list>

#include "base/text.h"
#include "server/library_floor.h"

namespace troika {
namespace {

using namespace std::string_view_literals;

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }
double unix_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// Metrics of one name stand together, with their help and type before them.
class Page {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    append_formatted(text_, "# HELP troika_{0} {1}\n# TYPE troika_{0} {2}\n", name, help, type);
  }
  // `labels` as they are written: 'proto="2"'.
  void put(std::string_view labels, std::uint64_t value, std::string_view suffix = "") {
    put_text(labels, std::to_string(value), suffix);
  }
  void put(std::string_view labels, double value, std::string_view suffix = "") {
    put_text(labels, formatted("{:.6f}", value), suffix);
  }

  struct Row {
    std::string_view labels;
    std::uint64_t value;
  };
  void counters(std::string_view name, std::string_view help, std::initializer_list<Row> rows) {
    begin(name, "counter", help);
    for (const Row& row : rows) put(row.labels, row.value);
  }
  void gauge(std::string_view name, std::string_view help, double value) {
    begin(name, "gauge", help);
    put("", value);
  }

  std::string take() { return std::move(text_); }

 private:
  void put_text(std::string_view labels, std::string_view value, std::string_view suffix) {
    append_formatted(text_, "troika_{}{}", name_, suffix);
    if (!labels.empty()) append_formatted(text_, "{{{}}}", labels);
    append_formatted(text_, " {}\n", value);
  }

  std::string_view name_;
  std::string text_;
};

constexpr std::string_view proto_of(std::size_t version) {
  switch (static_cast<HttpVersion>(version)) {
    case HttpVersion::http10: return "1.0";
    case HttpVersion::http11: return "1.1";
    case HttpVersion::http2: return "2";
    case HttpVersion::http3: return "3";
  }
  return "";
}

std::string reason_label(std::size_t reason) {
  std::string name(name_of(static_cast<AbortReason>(reason)));
  std::ranges::replace(name, ' ', '_');
  return formatted("reason=\"{}\"", name);
}

void put_requests(Page& page, const RequestCounts& counts) {
  page.begin("http_requests_total", "counter",
             "Requests that are over, by protocol and status; code 0: no response.");
  for (std::size_t i = 0; i < RequestCounts::kVersions; ++i) {
    for (const auto& [status, count] : counts.of_version[i].by_status) {
      page.put(formatted("proto=\"{}\",code=\"{}\"", proto_of(i), status), count);
    }
  }
  page.begin("http_request_duration_seconds", "histogram",
             "From a request's head to the last byte of its response that left.");
  for (std::size_t i = 0; i < RequestCounts::kVersions; ++i) {
    const RequestCounts::OfVersion& its = counts.of_version[i];
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < RequestCounts::kBuckets.size(); ++k) {
      sum += its.by_duration[k];
      page.put(
          formatted("proto=\"{}\",le=\"{}\"", proto_of(i), seconds(RequestCounts::kBuckets[k])),
          sum, "_bucket");
    }
    sum += its.by_duration.back();
    page.put(formatted("proto=\"{}\",le=\"+Inf\"", proto_of(i)), sum, "_bucket");
    page.put(formatted("proto=\"{}\"", proto_of(i)), seconds(its.duration), "_sum");
    page.put(formatted("proto=\"{}\"", proto_of(i)), sum, "_count");
  }
  page.begin("http_response_bytes_total", "counter", "Bytes of content that left.");
  for (std::size_t i = 0; i < RequestCounts::kVersions; ++i) {
    page.put(formatted("proto=\"{}\"", proto_of(i)), counts.of_version[i].bytes);
  }
  page.begin("http_aborts_total", "counter", "Requests that ended early, and why.");
  for (std::size_t i = 1; i < RequestCounts::kReasons; ++i) {
    page.put(reason_label(i), counts.aborted[i]);
  }
  page.counters("http_early_requests_total", "Requests that came in early data (0-RTT).",
                {{"", counts.early}});
}

void put_connections(Page& page, const WorkerCounts& all, const ConnectionCounts& now) {
  page.begin("connections", "gauge", "Connections that are open.");
  page.put("transport=\"tcp\"", std::uint64_t{now.tcp});
  page.put("transport=\"quic\"", std::uint64_t{now.quic});
  page.counters(
      "connections_total", "Connections that were accepted.",
      {{"transport=\"tcp\"", all.tcp_accepted}, {"transport=\"quic\"", all.quic.accepted}});
  page.counters("connections_refused_total", "Connections for which there was no place.",
                {{"transport=\"tcp\"", all.tcp_refused}, {"transport=\"quic\"", all.quic.refused}});
  page.counters("connections_shed_total", "Connections that were closed to get memory back.",
                {{"", all.shed}});
  page.counters("tls_handshake_failures_total", "Handshakes that failed, of TLS and of QUIC.",
                {{"", all.failed_handshakes}});
  page.counters("limit_hits_total", "What clients did wrong, and what became of it.",
                {{"limit=\"faults\"", all.misconduct.faults},
                 {"limit=\"glitches\"", all.misconduct.glitches},
                 {"limit=\"drained\"", all.misconduct.drained},
                 {"limit=\"ended\"", all.misconduct.ended},
                 {"limit=\"connection_memory\"", all.misconduct.over_memory},
                 {"limit=\"receive_memory\"", all.quic.too_costly}});
}

void put_quic(Page& page, const quic::EndpointCounters& quic) {
  page.counters("quic_handshakes_total", "QUIC handshakes that were completed.",
                {{"", quic.handshakes}});
  page.counters("quic_datagrams_received_total", "UDP datagrams that came.",
                {{"", quic.datagrams_in}});
  page.counters("quic_datagrams_dropped_total", "Of those, the ones that belong to nothing.",
                {{"", quic.datagrams_dropped}});
  page.counters("quic_packets_sent_total", "QUIC packets that were sent.",
                {{"", quic.packets_out}});
  page.counters("quic_sends_total", "System calls that sent them.", {{"", quic.sends}});
  page.counters("quic_retries_sent_total", "Retry packets.", {{"", quic.retries_sent}});
  page.counters(
      "quic_tokens_total", "Tokens that clients brought.",
      {{"result=\"accepted\"", quic.tokens_accepted}, {"result=\"refused\"", quic.tokens_refused}});
  page.counters("quic_stateless_resets_total", "Stateless resets.", {{"", quic.resets_sent}});
  page.counters("quic_version_negotiations_total", "Version Negotiation packets.",
                {{"", quic.versions_sent}});
  page.counters("quic_paths_validated_total", "Moves of clients to another address.",
                {{"", quic.paths_validated}});
  page.counters("quic_key_updates_total", "Key updates that this side began.",
                {{"", quic.key_updates}});
  page.counters(
      "quic_early_data_total", "Connections that brought early data (0-RTT).",
      {{"result=\"accepted\"", quic.early_accepted}, {"result=\"rejected\"", quic.early_rejected}});
  page.counters("quic_forwarded_total", "Packets that one worker brought to another.",
                {{"", quic.forwarded}});
}

void put_configuration(Page& page, const ProcessCounts& process) {
  page.gauge("generation", "How many configurations were used so far.", process.generation);
  page.counters(
      "config_reloads_total", "Reloads.",
      {{"result=\"done\"", process.reloads_done}, {"result=\"failed\"", process.reloads_failed}});
  page.gauge("config_last_reload_successful", "Whether the last reload was done.",
             process.last_reload_done ? 1 : 0);
  page.gauge("config_last_reload_success_timestamp_seconds",
             "When the configuration in use was read.", unix_seconds(process.last_reload));
  page.gauge("draining", "Whether the server is stopping.", process.draining ? 1 : 0);
  page.counters("log_lines_dropped_total", "Lines that a log could not take in time.",
                {{"log=\"access\"", process.log_lines_dropped}});
}

// Bytes, of /proc/self/statm; 0 without it.
std::uint64_t resident_memory() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t open_descriptors() {
  std::error_code failed;
  const std::filesystem::directory_iterator open("/proc/self/fd", failed);
  return failed ? 0 : static_cast<std::uint64_t>(std::distance(open, {}));
}

void put_process(Page& page, const std::vector<WorkerCounts>& workers,
                 const ProcessCounts& process) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto cpu = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  page.begin("process_cpu_seconds_total", "counter", "CPU time of the process.");
  page.put("", cpu(used.ru_utime) + cpu(used.ru_stime));
  page.begin("process_resident_memory_bytes", "gauge", "Memory that the process has in RAM.");
  page.put("", resident_memory());
  page.begin("process_open_fds", "gauge", "Descriptors that are open.");
  page.put("", open_descriptors());
  page.gauge("process_start_time_seconds", "When the process started.",
             unix_seconds(process.started));
  page.begin("memory_held_bytes", "gauge", "Memory that the connections of a worker hold.");
  for (const WorkerCounts& one : workers) {
    page.put(formatted("worker=\"{}\"", one.worker), std::uint64_t{one.held});
  }
  page.begin("build_info", "gauge", "Which build this is.");
  page.put(formatted("version=\"{}\"", build_text()), std::uint64_t{1});
}

WorkerCounts sum_of(const std::vector<WorkerCounts>& workers) {
  WorkerCounts all;
  for (const WorkerCounts& one : workers) {
    all.requests += one.requests;
    all.tcp_accepted += one.tcp_accepted;
    all.tcp_refused += one.tcp_refused;
    all.shed += one.shed;
    all.failed_handshakes += one.failed_handshakes;
    all.misconduct += one.misconduct;
    all.quic += one.quic;
  }
  return all;
}

}  // namespace

std::string metrics_text(const std::vector<WorkerCounts>& workers, const ProcessCounts& process) {
  const WorkerCounts all = sum_of(workers);
  Page page;
  put_requests(page, all.requests);
  put_connections(page, all, process.connections);
  put_quic(page, all.quic);
  put_configuration(page, process);
  put_process(page, workers, process);
  return page.take();
}

}  // namespace troika
