// Keeps the page as the reader left it while the server's parts are exchanged beneath.
"use strict";

(() => {
  let removePlot = () => {};
  let before = null;

  function showPlot() {
    removePlot();
    const host = document.getElementById("plot");
    removePlot = host ? makePlot(host) : () => {};
  }

  function remember() {
    before = {
      open: [...document.querySelectorAll("details[open]")].map((details) => details.id),
      runs: new Set([...document.querySelectorAll("[data-run]")].map((run) => run.dataset.run)),
    };
  }

  function restore() {
    for (const id of before.open) document.getElementById(id)?.setAttribute("open", "");
    for (const run of document.querySelectorAll("[data-run]")) {
      if (!before.runs.has(run.dataset.run)) run.classList.add("arrived");
    }
    document.getElementById("news").textContent = document.getElementById("lead").textContent;
    showPlot();
  }

  function isDay(event) {
    return event.detail.target.id === "content";
  }

  // A page that nobody looks at asks for nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isDay(event)) remember();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (before && isDay(event)) restore();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    document.getElementById("stale").hidden = event.detail.successful === true;
  });
  showPlot();
})();
