// Lines over time as plots: thin, few ticks, units on the axis. Each plot is read point by point with the arrow keys,
// and the table beneath it holds the same facts. Needs plot.js.
"use strict";

const LINE_DASHES = [[], [2, 3], [8, 4]];

// 12000 -> "12 000", as the words beside the plot have it.
function grouped(value) {
  const [whole, part] = String(value).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (part ? `.${part}` : "");
}

function withUnit(unit) {
  return (_, at) => at.map((value) => (unit ? `${grouped(value)}\u202f${unit}` : grouped(value)));
}

function lineSeries(name, index, more) {
  const inks = ["--accent", "--ink", "--muted"];
  return Object.assign(
    {
      label: name,
      stroke: () => colour(inks[index % inks.length]),
      width: 1.5,
      dash: LINE_DASHES[index % LINE_DASHES.length],
      points: { show: false },
      spanGaps: false,
    },
    more,
  );
}

// A pale band from low to high, behind the lines.
function drawBand(plot, low, high) {
  const top = plot.valToPos(high, "y", true);
  const context = plot.ctx;
  context.save();
  context.fillStyle = colour("--line");
  context.fillRect(plot.bbox.left, top, plot.bbox.width, plot.valToPos(low, "y", true) - top);
  context.restore();
}

// Lets a plot be read by keyboard and pointer: `texts` has a sentence a point. Returns what to do at the end.
function makeReadable(host, readout, plot, texts, open) {
  let at = texts.length - 1;
  function say(index) {
    at = index;
    readout.textContent = texts[index];
    host.setAttribute("aria-valuenow", index + 1);
    host.setAttribute("aria-valuetext", texts[index]);
  }
  say(at);
  host.setAttribute("aria-valuemax", texts.length);
  plot.over.addEventListener("click", () => open && plot.cursor.idx != null && open(plot.cursor.idx));
  host.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: texts.length - 1 }[event.key];
    if (event.key === "Enter" && open) open(at);
    if (to === undefined || texts[to] === undefined) return;
    event.preventDefault();
    plot.setCursor({ left: plot.valToPos(plot.data[0][to], "x"), top: 0 });
  });
  return say;
}

function keepFitting(host, plot, size) {
  new ResizeObserver(() => plot.setSize(size())).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
}

function sizeOf(host, share, least, most) {
  return { width: host.clientWidth, height: Math.round(Math.min(most, Math.max(least, host.clientWidth * share))) };
}

// {x, unit, lines: [{name, values}], texts, band: [low, high] or null, labels: of x, else it is minutes}
function makeLines(host) {
  const { x, unit, lines, texts, band, labels } = JSON.parse(host.dataset.plot);
  const readout = document.getElementById(host.dataset.readout);
  const size = () => sizeOf(host, 0.3, 150, 220);
  const known = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const ends = band ? known.concat(band) : known;
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const room = Math.max((high - low) * 0.12, high * 0.02, 0.5);
  let say = () => {};

  host.hidden = readout.hidden = false;
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      padding: [8, 26, 0, 0],
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false, setScale: false } },
      scales: { x: { time: false }, y: { range: [low - room, high + room] } },
      axes: [
        axis({
          space: 70,
          incrs: labels && [1, 2, 3, 5, 10, 20, 50],
          grid: { show: false },
          size: 30,
          gap: 8,
          values: (_, at) => at.map((value) => (labels ? labels[value] || "" : `${value}\u202fmin`)),
        }),
        axis({ size: 64, space: 44, gap: 8, values: withUnit(unit) }),
      ],
      series: [{}, ...lines.map((line, index) => lineSeries(line.name, index, labels && { points: { show: true, size: 5 } }))],
      hooks: {
        drawClear: [(u) => band && drawBand(u, ...band)],
        setCursor: [(u) => say(u.cursor.idx ?? texts.length - 1)],
      },
    },
    [x, ...lines.map((line) => line.values)],
    host,
  );
  say = makeReadable(host, readout, plot, texts);
  keepFitting(host, plot, size);
}

// {names, values, texts}: a bar a bin, of equal width whatever its edges.
function makeBars(host) {
  const { names, values, texts } = JSON.parse(host.dataset.plot);
  const readout = document.getElementById(host.dataset.readout);
  const size = () => sizeOf(host, 0.45, 150, 220);
  const every = () => Math.ceil(names.length / Math.max(4, Math.floor(host.clientWidth / 44)));
  let say = () => {};

  host.hidden = readout.hidden = false;
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      padding: [8, 26, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: {
        x: { time: false, range: [-0.7, names.length - 0.3] },
        y: { range: [0, Math.max(1, ...values) * 1.08] },
      },
      axes: [
        axis({
          splits: () => names.map((_, index) => index).filter((index) => index % every() === 0),
          values: (_, at) => at.map((index) => (index ? names[index] : `${names[index]}\u202fg`)),
          grid: { show: false },
          size: 30,
          gap: 8,
        }),
        axis({ size: 64, space: 44, gap: 8, values: withUnit("") }),
      ],
      series: [
        {},
        {
          paths: uPlot.paths.bars({ size: [0.8, 80] }),
          fill: () => colour("--accent"),
          width: 0,
          points: { show: false },
        },
      ],
      hooks: { setCursor: [(u) => say(u.cursor.idx ?? texts.length - 1)] },
    },
    [names.map((_, index) => index), values],
    host,
  );
  say = makeReadable(host, readout, plot, texts);
  keepFitting(host, plot, size);
}

for (const host of document.querySelectorAll("[data-lines]")) makeLines(host);
for (const host of document.querySelectorAll("[data-bars]")) makeBars(host);
