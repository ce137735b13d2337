"""How a page looks and what its tables do when a heading is clicked.

Style and script stand in the page itself. The policy lets the browser load and run
nothing else, whatever text a table brings.
"""

import base64
import hashlib

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC",
  "WenQuanYi Zen Hei", sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; }
h1 { font-size: 1.9rem; margin-bottom: 0.5rem; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #ccc; padding-bottom: 0.2rem; }
h3 { margin-top: 1.8rem; }
p, li { max-width: 46rem; } li { margin: 0.25rem 0; }
a { color: #00518a; } a:focus-visible, button:focus-visible, div.scroll:focus-visible {
  outline: 3px solid #0072b2; outline-offset: 2px; }
nav li { margin: 0 0 0.25rem; break-inside: avoid; }
nav ol { columns: 2; column-gap: 2rem; padding-left: 1.2rem; }
div.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.875rem; }
caption { text-align: left; color: #444; padding: 0.2rem 0; }
th, td { padding: 0.3rem 0.7rem; text-align: left; border-bottom: 1px solid #ddd;
  vertical-align: top; max-width: 24rem; }
tbody th { font-weight: normal; }
td.short, th.short, td.number { white-space: nowrap; }
td.text { min-width: 9rem; } th.text { min-width: 7rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
thead th { border-bottom: 2px solid #777; vertical-align: bottom; }
tbody tr:nth-child(even) { background: #f6f6f6; }
thead button { all: unset; cursor: pointer; font: inherit; }
thead button::after { content: "\\2195"; color: #767676; padding-left: 0.25em; }
th[aria-sort="ascending"] button::after { content: "\\2191"; color: #000; }
th[aria-sort="descending"] button::after { content: "\\2193"; color: #000; }
figure { margin: 1.5rem 0; } img { max-width: 100%; height: auto; }
figcaption { color: #444; font-size: 0.875rem; max-width: 46rem; }
@media (max-width: 40rem) { body { margin: 1rem auto; } nav ol { columns: 1; }
  h1 { font-size: 1.5rem; } th, td { padding: 0.3rem 0.4rem; } }
@page { margin: 16mm; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 9.5pt; }
  nav { display: none; } thead button::after { content: "" !important; }
  table { font-size: 8pt; } th, td { padding: 0.2rem 0.35rem; }
  td.text, th.text { min-width: 0; }
  div.scroll { overflow: visible; } h2, h3, caption { break-after: avoid; }
  figure, table, thead, tr, li { break-inside: avoid; }
  figure img { max-width: 75%; max-height: 200mm; object-fit: contain;
    object-position: left; }
  tbody tr:nth-child(even) { background: none; } }
"""

SCRIPT = """
(() => {
  "use strict";
  const read = (row, column) => {
    const cell = row.cells[column];
    const number = cell.dataset.value;
    if (number === undefined) return cell.textContent;
    return number === "" ? null : Number(number);
  };
  // Numbers within a text go by size: 5 % lies before 10 %, item 9 before item 10.
  const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const compare = (a, b) =>
    typeof a === "number" ? a - b : words.compare(a, b);
  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0];
    if (body.rows.length < 2) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        const rows = [...body.rows].sort((one, other) => {
          const a = read(one, column), b = read(other, column);
          if (a === null || b === null) return (a === null) - (b === null);
          return sign * compare(a, b);
        });
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
        body.append(...rows);
      });
    });
  }
})();
"""


def _allow(text: str) -> str:
    """Name a text of the page by its hash, as a policy of content asks."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


POLICY = (
    f"default-src 'none'; img-src data:; style-src {_allow(STYLE)}; "
    f"script-src {_allow(SCRIPT)}; base-uri 'none'; form-action 'none'"
)
