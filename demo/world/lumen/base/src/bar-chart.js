import { xAxis, yAxis } from "./axis.js";
import { color } from "./palette.js";
import { band, extent, linear } from "./scale.js";
import { el, round } from "./svg.js";
import { tooltip } from "./tooltip.js";

const MARGIN = { top: 16, right: 16, bottom: 28, left: 48 };

/** Draws one bar per { name, value }, and returns the SVG element. */
export function barChart(container, { bars, width = 640, height = 320, format = String }) {
  const x = band(bars.map((bar) => bar.name), [MARGIN.left, width - MARGIN.right]);
  const y = linear(extent([0, ...bars.map((bar) => bar.value)]), [height - MARGIN.bottom, MARGIN.top]);

  const rects = bars.map((bar) =>
    el("rect", {
      class: "lumen-bar",
      fill: color(0),
      x: round(x(bar.name)),
      y: round(Math.min(y(0), y(bar.value))),
      width: round(x.bandwidth),
      height: round(Math.abs(y(bar.value) - y(0))),
    }),
  );
  const svg = el("svg", { class: "lumen", viewBox: `0 0 ${width} ${height}` },
    yAxis(y, x.range, format),
    rects,
    xAxis(x, height - MARGIN.bottom, format),
  );
  container.append(svg);

  const tip = tooltip(container);
  rects.forEach((rect, i) => {
    rect.addEventListener("pointermove", (event) => {
      tip.show(event.offsetX, event.offsetY, [`${bars[i].name}: ${format(bars[i].value)}`]);
    });
    rect.addEventListener("pointerleave", () => tip.hide());
  });
  return svg;
}
