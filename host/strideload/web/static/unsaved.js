// Says when an answer was not saved, or the form for another choice did not come: nothing else would show it.
"use strict";

(() => {
  const said = document.getElementById("unsaved");

  // Taken away before the next try: words that stay are not read out again.
  document.addEventListener("htmx:beforeRequest", () => {
    said.hidden = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) return;
    const { requestConfig, xhr } = event.detail;
    const words = said.dataset;
    if (requestConfig.verb === "get") said.textContent = xhr.status ? words.notShown : words.silentShowing;
    else said.textContent = xhr.status ? words.refused : words.silent;
    said.hidden = false;
  });
})();
