// Six weeks of days as a plot: a solid bar is a recorded day, a hollow foot a day without a run, hatching a day of
// which nothing is known. The table below it holds the same facts.
"use strict";

const DAY_WIDTH = 0.66; // of the room between two days
const HOLLOW_PX = 5;
const HATCH_PX = 5;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function hatch(context, left, top, width, height, step) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.beginPath();
  for (let x = left - height; x < left + width; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

function drawDays(plot, days, longestMin) {
  const context = plot.ctx;
  const ratio = devicePixelRatio;
  const foot = plot.valToPos(0, "y", true);
  const width = Math.max(2, Math.round(DAY_WIDTH * (plot.valToPos(1, "x", true) - plot.valToPos(0, "x", true))));
  context.save();
  context.lineWidth = ratio;
  days.forEach((day, index) => {
    const left = Math.round(plot.valToPos(index, "x", true) - width / 2);
    if (day.state === "unknown") {
      context.strokeStyle = colour("--hatch");
      hatch(context, left, plot.bbox.top, width, foot - plot.bbox.top, HATCH_PX * ratio);
    } else if (day.state === "none") {
      context.strokeStyle = colour("--ink");
      const height = HOLLOW_PX * ratio;
      context.strokeRect(left + ratio / 2, Math.round(foot - height) - ratio / 2, width - ratio, height);
    } else {
      context.fillStyle = colour("--accent");
      const top = Math.round(plot.valToPos(day.min, "y", true));
      context.fillRect(left, Math.min(top, foot - ratio), width, Math.max(foot - top, ratio));
    }
  });
  if (longestMin) {
    const y = Math.round(plot.valToPos(longestMin, "y", true)) + 0.5;
    context.strokeStyle = colour("--ink");
    context.setLineDash([5 * ratio, 4 * ratio]);
    context.beginPath();
    context.moveTo(plot.bbox.left, y);
    context.lineTo(plot.bbox.left + plot.bbox.width, y);
    context.stroke();
  }
  context.restore();
}

function axis(more) {
  return Object.assign(
    {
      stroke: () => colour("--muted"),
      font: "13px system-ui, sans-serif",
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { show: false },
    },
    more,
  );
}

// Mondays carry their date: every one where there is room, every second or third on a phone.
function mondays(days, width) {
  const all = days.flatMap((day, index) => (day.monday ? [index] : []));
  const every = Math.ceil(all.length / Math.max(1, Math.floor(width / 90)));
  return all.filter((_, place) => (all.length - 1 - place) % every === 0);
}

// What plots of one place a day have in common; `highest`: the greatest value, `amounts`: the axis of values.
function ofDays(days, highest, amounts) {
  return {
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
    scales: { x: { time: false, range: [-0.7, days.length - 0.3] }, y: { range: [0, highest * 1.08] } },
    axes: [
      axis({
        splits: (u) => mondays(days, u.width),
        values: (_, indices) => indices.map((index) => days[index].short),
        grid: { show: false },
        size: 30,
        gap: 8,
      }),
      axis({ space: 50, gap: 8, ...amounts }),
    ],
  };
}

function makePlot(host) {
  const { days, longest_min: longestMin } = JSON.parse(host.dataset.plot);
  const readout = document.getElementById("readout");
  const highest = Math.max(30, longestMin || 0, ...days.map((day) => day.min || 0));
  let at = days.length - 1;

  function say(index) {
    at = index;
    readout.textContent = days[index].text;
    host.setAttribute("aria-valuenow", index + 1);
    host.setAttribute("aria-valuetext", days[index].text);
  }
  function size() {
    return { width: host.clientWidth, height: Math.round(Math.min(260, Math.max(180, host.clientWidth * 0.42))) };
  }

  host.hidden = readout.hidden = false;
  const plot = new uPlot(
    {
      ...size(),
      ...ofDays(days, highest, { size: 56, values: (_, values) => values.map((value) => `${value}\u202fmin`) }),
      padding: [8, 14, 0, 0],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        draw: [(u) => drawDays(u, days, longestMin)],
        setCursor: [(u) => say(u.cursor.idx ?? days.length - 1)],
      },
    },
    [days.map((_, index) => index), days.map((day) => day.min)],
    host,
  );
  say(at);

  const open = (index) => days[index].href && location.assign(days[index].href);
  plot.over.addEventListener("click", () => plot.cursor.idx != null && open(plot.cursor.idx));
  host.setAttribute("aria-valuemax", days.length);
  host.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: days.length - 1 }[event.key];
    if (event.key === "Enter") open(at);
    if (to === undefined || !days[to]) return;
    event.preventDefault();
    plot.setCursor({ left: plot.valToPos(to, "x"), top: 0 });
  });

  const resized = new ResizeObserver(() => plot.setSize(size()));
  resized.observe(host);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const redraw = () => plot.redraw();
  scheme.addEventListener("change", redraw);
  return () => {
    resized.disconnect();
    scheme.removeEventListener("change", redraw);
    plot.destroy();
  };
}
