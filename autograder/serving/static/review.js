"use strict";
// What a key is for stands at the element itself, in data-key; without this script all of it can be clicked
const give = document.getElementById("give");
const keys = document.getElementById("keys");

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (event.isComposing || event.repeat) return;
  if (event.key === "Escape" && field) field.blur();
  const gives = event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target === document.body);
  if (gives && give) {
    event.preventDefault();
    give.requestSubmit(give.querySelector("[data-key=Enter]"));
    return;
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || event.key === "Enter") return;
  if (event.key === "?") {
    keys.open = !keys.open;
    if (keys.open) keys.scrollIntoView({ block: "nearest" });
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("a, button, [type=checkbox]")) wanted.click();
  else wanted.focus();
});

// A form that was sent is not sent again before its answer is there
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

const current = document.querySelector(".groups [aria-current]");
if (current) {
  const list = current.closest(".groups");
  list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 3;
}
