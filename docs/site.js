// What axe-core asks for beyond the themes: a name for the search, and wide tables that a keyboard can scroll.
function mend() {
  document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    table.tabIndex = 0;
  }
}

new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
mend();
