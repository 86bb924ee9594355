// A thin line of the cadence that was shown in the last ten minutes, kept in this tab. The number itself comes with the
// server's part; where motion is not wanted, the line moves every ten seconds instead of every second.
"use strict";

(() => {
  const LASTS_S = 600;
  const CALM_S = 10;
  const KEPT = "strideload-live";
  const host = document.getElementById("live-plot");
  const section = document.getElementById("minutes");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let points = kept();
  let band = null;
  let plot = null;
  let drawn = -Infinity;

  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) || [];
    } catch {
      return [];
    }
  }

  function keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(points));
    } catch {
      // A browser that keeps nothing draws what came since the page was opened.
    }
  }

  function seconds() {
    return Math.round(Date.now() / 1000);
  }

  function take() {
    const going = document.querySelector("#now [data-spm]");
    const now = seconds();
    band = going && going.dataset.low ? [Number(going.dataset.low), Number(going.dataset.high)] : null;
    if (points.length && points.at(-1)[0] >= now) points.pop();
    points.push([now, going ? Number(going.dataset.spm) : null]);
    points = points.filter(([at]) => now - LASTS_S <= at && at <= now);
    keep();
  }

  function median(values) {
    const sorted = [...values].sort((one, other) => one - other);
    return sorted.length ? sorted[Math.floor(sorted.length / 2)] : null;
  }

  function say(now, known) {
    const values = known.map(([, value]) => value);
    const within = band && values.filter((value) => band[0] <= value && value <= band[1]).length / values.length;
    const share = band ? `; within the target band for ${Math.round(100 * within)}\u202f% of it` : "";
    const [least, most] = [Math.round(Math.min(...values)), Math.round(Math.max(...values))];
    const range = least === most ? least : `${least} to ${most}`;
    document.getElementById("live-said").textContent = `${range}\u202fsteps/min${share}.`;
    const rows = [];
    for (let ago = 0; ago < LASTS_S / 60; ago += 1) {
      const middle = median(known.filter(([at]) => Math.floor((now - at) / 60) === ago).map(([, value]) => value));
      if (middle !== null) rows.push([`${ago} to ${ago + 1}`, Math.round(middle)]);
    }
    document.getElementById("live-rows").replaceChildren(
      ...rows.map(([ago, middle]) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        const cell = document.createElement("td");
        head.scope = "row";
        head.textContent = ago;
        cell.className = "n";
        cell.textContent = middle;
        row.append(head, cell);
        return row;
      }),
    );
  }

  // A second without a number, or one in which nobody asked, is a gap and no line is drawn across it.
  function lineOf(now) {
    const by = new Map(points);
    const x = [];
    const y = [];
    for (let at = now - LASTS_S; at <= now; at += 1) {
      x.push((at - now) / 60);
      y.push(by.get(at) ?? (by.has(at - 1) && by.has(at + 1) ? by.get(at - 1) : null));
    }
    return [x, y];
  }

  function size() {
    return sizeOf(host, 0.3, 150, 260);
  }

  function ends() {
    const values = points.map(([, value]) => value).filter((value) => value !== null);
    const all = band ? values.concat(band) : values;
    return [Math.min(...all) - 5, Math.max(...all) + 5];
  }

  function make(data) {
    plot = new uPlot(
      {
        ...size(),
        legend: { show: false },
        padding: [8, 26, 0, 0],
        cursor: { show: false },
        scales: { x: { time: false, range: [-LASTS_S / 60, 0] }, y: { range: ends } },
        axes: [
          axis({ grid: { show: false }, size: 30, gap: 8, values: (_, at) => at.map((v) => (v ? `\u2212${-v}\u202fmin` : "now")) }),
          axis({ size: 64, space: 44, gap: 8, values: withUnit("/min") }),
        ],
        series: [{}, lineSeries("Cadence", 0)],
        hooks: { drawClear: [(u) => band && drawBand(u, ...band)] },
      },
      data,
      host,
    );
    keepFitting(host, plot, size);
  }

  function show() {
    const now = seconds();
    const known = points.filter(([, value]) => value !== null);
    section.hidden = !known.length;
    if (!known.length || (calm.matches && now - drawn < CALM_S)) return;
    drawn = now;
    const data = lineOf(now);
    if (plot) plot.setData(data);
    else make(data);
    say(now, known);
  }

  function step() {
    take();
    show();
  }

  document.addEventListener("htmx:afterSwap", (event) => event.detail.target.id === "now" && step());
  step();
})();
