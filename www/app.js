"use strict";

// The page is whole without this: it only names the origin that the visitor used, and what the
// browser itself says about the protocol of this page and its parts.

for (const [name, text] of [["origin", location.origin], ["host", location.host]]) {
  for (const element of document.getElementsByClassName(name)) element.textContent = text;
}

const names = { "http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", h2: "HTTP/2", h3: "HTTP/3" };
const nameOf = (entry) => names[entry.nextHopProtocol] ?? entry.nextHopProtocol;

addEventListener("load", () => {
  const [page] = performance.getEntriesByType("navigation");
  if (!page?.nextHopProtocol) return;
  const parts = performance
    .getEntriesByType("resource")
    .filter((entry) => entry.nextHopProtocol)
    .map((entry) => `${new URL(entry.name).pathname.slice(1)} over ${nameOf(entry)}`);
  const report = document.getElementById("report");
  report.textContent = `Your browser says: this page over ${nameOf(page)}` +
    (parts.length > 0 ? `, ${parts.join(", ")}.` : ".");
  report.hidden = false;
});
