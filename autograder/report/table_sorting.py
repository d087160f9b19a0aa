"""Hold the script that sorts tables, a report's only one: a click on a column's head."""

import base64
import hashlib

__all__ = ["SCRIPT", "script_source"]

SCRIPT = """
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.dataset.first ?? "descending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      const sign = order === "ascending" ? 1 : -1;
      const value = (row) => row.cells[column].dataset.value ?? "";
      const compare = (a, b) => (Number.isNaN(Number(a) + Number(b)) ? a.localeCompare(b) : Number(a) - Number(b));
      const rows = [...body.rows].sort((a, b) => sign * compare(value(a), value(b)));
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      body.append(...rows);
    });
  });
}
"""


def script_source() -> str:
    """Return the script as a source for a Content-Security-Policy: this script may run and no other."""
    digest = hashlib.sha256(SCRIPT.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
