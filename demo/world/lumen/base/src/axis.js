import { el, round } from "./svg.js";

/** The axis below a chart, for a linear or a band scale. */
export function xAxis(scale, y, format) {
  const marks = scale.names
    ? scale.names.map((name) => [scale(name) + scale.bandwidth / 2, name])
    : scale.ticks(6).map((value) => [scale(value), format(value)]);
  return el("g", { class: "lumen-axis" },
    el("line", { x1: scale.range[0], x2: scale.range[1], y1: y, y2: y }),
    marks.map(([x, label]) => el("text", { x: round(x), y: y + 16, "text-anchor": "middle" }, label)),
  );
}

/** The axis to the left of a chart, with grid lines across it. */
export function yAxis(scale, [left, right], format) {
	const marks = scale.ticks(5);
	const lines = marks.map((value) => {
	    const y = round(scale(value));
	    return el("line", { class: "lumen-grid", x1: left, x2: right, y1: y, y2: y });
	});
	const labels = marks.map((value) => {
	    const y = round(scale(value));
	    return el("text", { x: left - 8, y, dy: "0.32em", "text-anchor": "end" }, format(value));
	});
	return el("g", { class: "lumen-axis" }, lines, labels);
}
