// Half a year of days with their averages and the longest run of the 30 days; the table holds the same facts.
"use strict";

(() => {
  const host = document.getElementById("trend-plot");
  if (!host) return;
  const { days, averages, longest, unit } = JSON.parse(host.dataset.plot);
  const readout = document.getElementById("trend-readout");
  const highest = Math.max(longest || 0, ...days.map((day) => day.min || 0)) || 1;
  const size = () => sizeOf(host, 0.42, 200, 320);
  const spoken = (value) => (value === null ? "not shown" : `${Math.round(value * 10) / 10}\u202f${unit}`);
  const texts = days.map(
    (day, index) =>
      [`${day.text}.`, averages.map((line) => `${line.name} ${spoken(line.values[index])}`).join(", ")].join(" ").trim(),
  );
  let say = () => {};

  host.hidden = readout.hidden = false;
  const plot = new uPlot(
    {
      ...size(),
      ...ofDays(days, highest, { size: 64, values: withUnit(unit) }),
      padding: [8, 26, 0, 0],
      series: [
        {},
        { paths: () => null, points: { show: false } },
        ...averages.map((line, index) => lineSeries(line.name, index, { stroke: () => colour("--ink") })),
      ],
      hooks: {
        drawAxes: [(u) => drawDays(u, days, longest)],
        setCursor: [(u) => say(u.cursor.idx ?? days.length - 1)],
      },
    },
    [days.map((_, index) => index), days.map((day) => day.min), ...averages.map((line) => line.values)],
    host,
  );
  say = makeReadable(host, readout, plot, texts, (index) => days[index].href && location.assign(days[index].href));
  keepFitting(host, plot, size);
})();
