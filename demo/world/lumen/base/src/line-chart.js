import { xAxis, yAxis } from "./axis.js";
import { legend } from "./legend.js";
import { color } from "./palette.js";
import { extent, linear } from "./scale.js";
import { el, path } from "./svg.js";
import { tooltip } from "./tooltip.js";

const MARGIN = { top: 32, right: 16, bottom: 28, left: 48 };

/** Draws one line per series of [x, y] points, and returns the SVG element. */
export function lineChart(container, { series, width = 640, height = 320, formatX = String, formatY = String }) {
  const points = series.flatMap((one) => one.points);
  const x = linear(extent(points.map((point) => point[0])), [MARGIN.left, width - MARGIN.right]);
  const y = linear(extent(points.map((point) => point[1])), [height - MARGIN.bottom, MARGIN.top]);

  const lines = series.map((one, i) =>
    el("path", {
      class: "lumen-line",
      stroke: color(i),
      d: path(one.points.map((point) => [x(point[0]), y(point[1])])),
    }),
  );
  const svg = el("svg", { class: "lumen", viewBox: `0 0 ${width} ${height}` },
    xAxis(x, height - MARGIN.bottom, formatX),
    yAxis(y, x.range, formatY),
    lines,
    legend(series.map((one) => one.name), { x: MARGIN.left, y: 16 }),
  );
  container.append(svg);

  const tip = tooltip(container);
  svg.addEventListener("pointermove", (event) => {
    const at = x.invert((event.offsetX / svg.clientWidth) * width);
    const texts = series.map((one) => `${one.name}: ${formatY(nearest(one.points, at)[1])}`);
    tip.show(event.offsetX, event.offsetY, texts);
  });
  svg.addEventListener("pointerleave", () => tip.hide());
  return svg;
}

function nearest(points, at) {
  const distances = points.map((point) => Math.abs(point[0] - at));
  return points[distances.indexOf(Math.min(...distances))];
}
