// Keeps the page as the reader left it while the server's parts are exchanged beneath.
"use strict";

(() => {
  let removePlot = () => {};
  let open = [];
  let runs = null;

  function showPlot() {
    removePlot();
    const host = document.getElementById("plot");
    removePlot = host ? makePlot(host) : () => {};
  }

  function rememberOpen(part) {
    open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
  }

  function openAgain() {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  }

  function rememberRuns() {
    runs = new Set([...document.querySelectorAll("[data-run]")].map((run) => run.dataset.run));
  }

  function showDay() {
    for (const run of document.querySelectorAll("[data-run]")) {
      if (!runs.has(run.dataset.run)) run.classList.add("arrived");
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
    rememberOpen(event.detail.target);
    if (isDay(event)) rememberRuns();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (runs && isDay(event)) showDay();
  });
  // Before the next picture is drawn, so that nothing that is open flickers.
  document.addEventListener("htmx:afterSwap", openAgain);
  document.addEventListener("htmx:afterRequest", (event) => {
    document.getElementById("stale").hidden = event.detail.successful === true;
  });
  showPlot();
})();
