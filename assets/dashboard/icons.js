// Icons. Each status has its own shape, because not everyone can distinguish the colours.

const SPACE = "http://www.w3.org/2000/svg";
const SHAPES = {
  logo: "M1 3a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2zm5 1.75v6.5L11.5 8z",
  check: "M6.4 12.6 1.9 8.1l1.5-1.5 3 3 6.2-6.2 1.5 1.5z",
  cross: "m8 6.5 4-4L13.5 4l-4 4 4 4-1.5 1.5-4-4-4 4L2.5 12l4-4-4-4L4 2.5z",
  ring: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z",
  play: "M4 2v12l10-6z",
  bar: "M2 6.8h12v2.4H2z",
  question:
    "M8 1a4 4 0 0 0-4 4h2.1A1.9 1.9 0 1 1 8.9 6.6C7.6 7.3 6.9 8 6.9 9.8H9c0-1 .5-1.4 1.4-2A4 4 0 0 0 8 1zM6.8 11.6h2.4V14H6.8z",
  warning: "M8 1 .6 14.5h14.8zM7.1 6h1.8v4.2H7.1zm0 5.2h1.8V13H7.1z",
  plus: "M7 2h2v5h5v2H9v5H7V9H2V7h5z",
  pause: "M3.5 2h3.2v12H3.5zm5.8 0h3.2v12H9.3z",
  copy: "M5 1h8a1 1 0 0 1 1 1v9h-2V3H5zM3 5h7a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z",
  theme: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2v10A5 5 0 0 1 8 3z",
};

/** An icon. Screen readers skip it, because words stand beside it. */
export function icon(name) {
  const drawing = document.createElementNS(SPACE, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SPACE, "path");
  path.setAttribute("d", SHAPES[name]);
  path.setAttribute("fill", "currentColor");
  path.setAttribute("fill-rule", "evenodd");
  drawing.append(path);
  return drawing;
}

/** A sample of a plot's line, for the legend. */
export function lineSample(tone, dashed) {
  const drawing = document.createElementNS(SPACE, "svg");
  drawing.setAttribute("viewBox", "0 0 18 8");
  drawing.setAttribute("class", `line ${tone}`);
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SPACE, "path");
  path.setAttribute("d", "M0 4h18");
  path.setAttribute("stroke", "currentColor");
  path.setAttribute("stroke-width", "2");
  if (dashed) path.setAttribute("stroke-dasharray", "4 3");
  drawing.append(path);
  return drawing;
}
