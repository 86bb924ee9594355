// Keeps the page as the reader left it while the server's parts are exchanged beneath.
"use strict";

(() => {
  let removePlot = () => {};
  let open = [];
  let focused = "";
  let runs = null;

  function showPlot() {
    removePlot();
    const host = document.getElementById("plot");
    removePlot = host ? makePlot(host) : () => {};
  }

  function remember(part) {
    open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
    focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  }

  function openAgain() {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  }

  // The plot and what lies in details are not shown yet when htmx tries.
  function focusAgain() {
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
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

  // A press that ends on another element than it began on is no click. What asks again by itself comes a little later.
  function isPressed({ detail: { requestConfig, target } }) {
    return requestConfig.elt === target && target.matches(":active");
  }

  // A page that nobody looks at asks for nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPressed(event)) {
      event.detail.shouldSwap = false;
      return;
    }
    remember(event.detail.target);
    if (isDay(event)) rememberRuns();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (runs && isDay(event)) showDay();
    focusAgain();
  });
  // Before the next picture is drawn, so that nothing that is open flickers.
  document.addEventListener("htmx:afterSwap", openAgain);
  document.addEventListener("htmx:afterRequest", (event) => {
    document.getElementById("stale").hidden = event.detail.successful === true;
  });
  showPlot();
})();
