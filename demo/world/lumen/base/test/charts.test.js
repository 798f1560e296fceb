import assert from "node:assert/strict";
import { test } from "node:test";
import { container } from "./dom.js";
import { barChart, lineChart } from "../src/index.js";

const SERIES = [
  { name: "Bergen", points: [[0, 10], [1, 30], [2, 20]] },
  { name: "Oslo", points: [[0, 0], [1, 5], [2, 15]] },
];

test("a line chart draws a line and a legend item per series", () => {
  const svg = lineChart(container(), { series: SERIES });
  assert.deepEqual(svg.all("lumen-line").map((line) => line.getAttribute("d")), [
    "M48,205.33L336,32L624,118.67",
    "M48,292L336,248.67L624,162",
  ]);
  assert.deepEqual(svg.all("lumen-legend-item").map((item) => item.allText), ["Bergen", "Oslo"]);
});

test("the tooltip shows the nearest point of every series", () => {
  const node = container();
  lineChart(node, { series: SERIES }).dispatch("pointermove", { offsetX: 350, offsetY: 100 });
  const [box] = node.all("lumen-tooltip");
  assert.equal(box.textContent, "Bergen: 30\nOslo: 5");
  assert.equal(box.hidden, false);
});

test("bars grow from zero in both directions", () => {
  const svg = barChart(container(), { bars: [{ name: "up", value: 4 }, { name: "down", value: -4 }] });
  const [up, down] = svg.all("lumen-bar").map((bar) => [bar.getAttribute("y"), bar.getAttribute("height")]);
  assert.deepEqual([up, down], [["16", "138"], ["154", "138"]]);
});
