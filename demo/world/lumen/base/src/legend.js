import { color } from "./palette.js";
import { el } from "./svg.js";

const SWATCH = 10;
const GAP = 20;
const LETTER = 7;

/** A row of names, each with a square in its color. */
export function legend(names, { x, y }) {
  let left = x;
  const items = names.map((name, i) => {
    const item = el("g", { class: "lumen-legend-item", transform: `translate(${left},${y})` },
      el("rect", { width: SWATCH, height: SWATCH, y: -SWATCH + 1, fill: color(i) }),
      el("text", { x: SWATCH + 5 }, name),
    );
    left += SWATCH + 5 + name.length * LETTER + GAP;
    return item;
  });
  return el("g", { class: "lumen-legend" }, items);
}
