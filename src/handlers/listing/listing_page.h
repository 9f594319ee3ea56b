#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "handlers/listing/listing.h"
#include "handlers/site_options.h"
#include "http/message/message.h"
#include "ports/background.h"
#include "ports/file_reader.h"

namespace troika {

// The style sheet of a listing, in the colours of the built-in page. It also draws the icons, since
// the policy allows no images.
inline constexpr std::string_view kListingStyle = R"(
:root { --paper: #fbf6ee; --ink: #2b211b; --soft: #6f6056; --accent: #b63a26; --card: #f1e8db; --line: #dfd2c0 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #171412; --ink: #f2e9de; --soft: #b3a497; --accent: #ff8166; --card: #231e1a; --line: #3a322b }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem }
a { color: inherit; text-decoration: none }
a:hover { color: var(--accent) }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: .375rem }
bdi { overflow-wrap: anywhere; white-space: pre-wrap }
h1 { display: flex; flex-wrap: wrap; align-items: center; margin: 0; font-size: 1.375rem; line-height: 1.3 }
h1 > * { display: flex; align-items: center; min-width: 2.5rem; min-height: 2.75rem }
h1 a { color: var(--accent); font-weight: 400 }
h1 a::after { content: "/"; padding: 0 .5rem; color: var(--soft); font-weight: 400 }
p { margin: 0 0 1rem; color: var(--soft); font-size: .9375rem }
table { width: 100%; border: 1px solid var(--line); border-radius: .75rem; border-spacing: 0; overflow: hidden }
th, td { padding: 0; text-align: left; border-top: 1px solid var(--line) }
th { border: 0; background: var(--card); font-size: .875rem; font-weight: 600; white-space: nowrap }
th a, td > a, td > span { display: flex; align-items: center; min-height: 2.75rem; padding: .375rem 1rem }
th a::after { content: "\2191"; padding-left: .375rem; color: var(--accent); visibility: hidden }
th[aria-sort] a::after { visibility: visible }
th[aria-sort=descending] a::after { content: "\2193" }
td ~ td { width: 1%; padding: 0 1rem; color: var(--soft); font-size: .9375rem; white-space: nowrap; font-variant-numeric: tabular-nums }
th:nth-child(2) a { flex-direction: row-reverse }
th:nth-child(2) a::after { padding: 0 .375rem 0 0 }
td:nth-child(2) { text-align: right }
tbody tr:hover { background: var(--card) }
td:first-child > ::before { content: ""; flex: none; width: 1rem; height: 1.25rem; margin-right: .75rem; background: var(--soft); opacity: .4; clip-path: polygon(0 0, 60% 0, 100% 30%, 100% 100%, 0 100%) }
.folder > td > ::before { width: 1.25rem; height: 1rem; margin: 0 .625rem 0 -.125rem; background: var(--accent); opacity: 1; clip-path: polygon(0 0, 40% 0, 52% 16%, 100% 16%, 100% 100%, 0 100%) }
.up { color: var(--soft) }
.up > td > ::before { content: "\2191"; width: 1.25rem; height: auto; margin: 0 .625rem 0 -.125rem; background: none; opacity: 1; clip-path: none; text-align: center }
.folder a { font-weight: 600 }
td > span { color: var(--soft) }
nav.pages { display: flex; justify-content: space-between; align-items: center; gap: 1rem; margin-top: 1rem; color: var(--soft) }
.pages > * { flex: 1; text-align: center }
.pages > :first-child { text-align: left }
.pages > :last-child { text-align: right }
.pages a { display: inline-block; padding: .5625rem 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); color: var(--accent) }
@media (max-width: 40rem) {
  main { padding: .75rem .75rem 2rem }
  table, thead, tbody { display: block }
  tr { display: grid; grid-template-columns: 1fr auto; position: relative }
  thead tr { grid-template-columns: 1fr auto auto }
  th { font-size: .8125rem }
  th + th a { padding: .375rem .5rem }
  tbody tr { border-top: 1px solid var(--line); padding-bottom: .5rem }
  td { border: 0 }
  td > a, td > span { min-height: 2.25rem; padding-bottom: 0 }
  td > a::after { content: ""; position: absolute; inset: 0 }
  td:first-child { grid-column: 1 / 3 }
  td ~ td { width: auto; font-size: .8125rem }
  td:nth-child(2) { grid-area: 2 / 2 }
  td:nth-child(3) { grid-area: 2 / 1; padding-left: 2.75rem }
  tbody .up { padding: .25rem 0 .5rem }
}
)";

std::string render_html(const ListingPage& page);
std::string render_json(const ListingPage& page);
// Content-Security-Policy of the page: nothing but its own style sheet.
const std::string& listing_policy();
// The fields of a listing: HTML or JSON, as the request prefers.
HeaderMap fields_of_listing(const Request& request);

// Reads and renders a folder. The folder must live as long as the task: `done`, which the task
// owns, may hold it. `ahead`: of the same client, tasks that are to have their turn before it.
std::unique_ptr<Background::Task> listing_task(
    const OpenFile& folder, const Request& request, std::shared_ptr<const SiteSettings> settings,
    std::size_t ahead, std::move_only_function<void(Result<std::string>)> done);
// Only looks whether the folder can be read.
std::unique_ptr<Background::Task> listing_look(const OpenFile& folder,
                                               std::move_only_function<void(Status)> done);

}  // namespace troika
