// One plot over time: uPlot's lines, a legend with the values under the pointer, and a sentence
// that sums up the plot.

import { fill, h, setText } from "./dom.js";
import { tick } from "./format.js";
import { lineSample } from "./icons.js";
import { onTheme } from "./theme.js";

const HEIGHT = 150;
const DAY_SECONDS = 86_400;
const FONT = "11px system-ui, sans-serif";
const SIDE = 58;
const FLOOR = 26;
const NEAR_EDGE = 8;

/**
 * @typedef {{name: string, tone: "first"|"second"|"third", dashed?: boolean, steps?: boolean}} Line
 * @param {{title: string, lines: Line[], show: (value: number|null|undefined) => string, onAxis?: (value: number) => string, whole?: boolean, least?: number}} what
 */
export function plot({ title, lines, show, onAxis = show, whole = false, least = 1 }) {
  const values = lines.map(() => h("strong", { className: "number" }));
  const key = h(
    "p",
    { className: "keys-of" },
    lines.map(({ name, tone, dashed }, index) => h("span", {}, lineSample(tone, dashed), `${name} `, values[index])),
  );
  const drawing = h("div", { className: "drawing", attributes: { role: "img", "aria-label": title } });
  const said = h("p", { className: "said" });
  const element = h(
    "section",
    { className: "panel plot" },
    h("div", { className: "head" }, h("h3", {}, title), key),
    drawing,
    said,
  );
  let drawn;
  let data;

  const name = (index) => {
    lines.forEach((_, line) => {
      const own = data[line + 1];
      setText(
        values[line],
        show(index === undefined || index === null ? own.findLast((value) => value !== null) : own[index]),
      );
    });
  };
  const build = () => {
    drawn?.destroy();
    drawn = undefined;
    if (!data || drawing.clientWidth === 0) return;
    fill(drawing);
    drawn = new globalThis.uPlot(options(drawing, lines, onAxis, { whole, least, name }), data, drawing);
  };
  const resized = new ResizeObserver(() => {
    if (drawn && Math.abs(drawn.width - drawing.clientWidth) >= 1)
      drawn.setSize({ width: drawing.clientWidth, height: HEIGHT });
    else if (!drawn) build();
  });
  resized.observe(drawing);
  const stopTheme = onTheme(build);
  return {
    element,
    /** @param {number[]} times seconds since the epoch @param {(number|null)[][]} series one for each line @param {string} summary */
    draw(times, series, summary) {
      data = [times, ...series];
      if (drawn) drawn.setData(data);
      else build();
      name();
      setText(said, summary);
      drawing.setAttribute("aria-label", `${title}. ${summary}`);
    },
    stop() {
      resized.disconnect();
      stopTheme();
      drawn?.destroy();
    },
  };
}

function options(host, lines, onAxis, { whole, least, name }) {
  const colour = colours(host);
  const axis = {
    stroke: colour("--quiet"),
    font: FONT,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const days = (u) => u.scales.x.max - u.scales.x.min > DAY_SECONDS;
  return {
    width: host.clientWidth,
    height: HEIGHT,
    padding: [NEAR_EDGE, NEAR_EDGE, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, sync: { key: "reelay" }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(least, (max ?? 0) * 1.1)] } },
    axes: [
      { ...axis, size: FLOOR, space: 80, values: (u, splits) => splits.map((at) => tick(at * 1000, days(u))) },
      {
        ...axis,
        size: SIDE,
        space: 28,
        incrs: whole ? whole_steps() : undefined,
        values: (_, splits) => splits.map(onAxis),
      },
    ],
    series: [{}, ...lines.map((line) => series(line, colour))],
    hooks: { setCursor: [(u) => name(u.cursor.idx)] },
  };
}

function series({ name, tone, dashed, steps }, colour) {
  const paths = steps ? globalThis.uPlot.paths.stepped({ align: 1 }) : undefined;
  return {
    label: name,
    stroke: colour(`--${tone}`),
    width: 1.75,
    dash: dashed ? [5, 4] : undefined,
    spanGaps: !steps,
    paths,
    points: { size: 4 },
  };
}

function whole_steps() {
  return [1, 2, 5]
    .flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power))
    .sort((one, other) => one - other);
}

/** A canvas cannot use CSS variables, so a hidden element resolves the current theme's colours. */
function colours(host) {
  const probe = h("span", { hidden: true });
  host.append(probe);
  const found = (variable) => {
    probe.style.color = `var(${variable})`;
    return getComputedStyle(probe).color;
  };
  queueMicrotask(() => probe.remove());
  return found;
}
