// An answer is seen to be saved, or is said not to be, whatever was chosen around it; and a choice is shown, or is said
// not to be. Nothing else would show it.
"use strict";

(() => {
  const said = document.getElementById("unsaved");
  const choices = () => document.querySelector(".about");

  // An answer comes with a form of its own. A choice on its way would put another in the place where the answer goes.
  function keepChoicesAway() {
    if (!choices()) return;
    htmx.trigger(choices(), "htmx:abort");
    choices().inert = true;
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb === "post") keepChoicesAway();
    // Taken away before the next try: words that stay are not read out again.
    said.hidden = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, successful, xhr } = event.detail;
    const { verb } = requestConfig;
    if (verb === "post" && choices()) choices().inert = false;
    if (successful) return;
    const words = said.dataset;
    if (verb === "get") said.textContent = xhr.status ? words.notShown : words.silentShowing;
    else said.textContent = xhr.status ? words.refused : words.silent;
    said.hidden = false;
  });
  // What was chosen before htmx listened, or filled in again by the browser, which does so late.
  addEventListener("pageshow", () => {
    const fields = [...(choices()?.querySelectorAll("option, input") ?? [])];
    if (fields.some((one) => one.selected !== one.defaultSelected || one.checked !== one.defaultChecked)) {
      htmx.trigger(choices(), "change");
    }
  });
})();
