// Says when an answer did not arrive: nothing else on the page would show it.
"use strict";

(() => {
  const said = document.getElementById("unsaved");

  // Taken away before the next try: words that stay are not read out again.
  document.addEventListener("htmx:beforeRequest", () => {
    said.hidden = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) return;
    said.textContent = event.detail.xhr.status ? said.dataset.refused : said.dataset.silent;
    said.hidden = false;
  });
})();
