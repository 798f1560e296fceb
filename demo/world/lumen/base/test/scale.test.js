import assert from "node:assert/strict";
import { test } from "node:test";
import { band, linear, ticks } from "../src/scale.js";

test("a linear scale maps both ways", () => {
  const scale = linear([0, 10], [100, 300]);
  assert.equal(scale(5), 200);
  assert.equal(scale.invert(200), 5);
});

test("ticks are round numbers", () => {
  assert.deepEqual(ticks(0, 100), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks(3, 14, 4), [5, 10]);
});

test("bands share the range", () => {
  const scale = band(["a", "b"], [0, 200], 0.5);
  assert.equal(scale.bandwidth, 50);
  assert.deepEqual([scale("a"), scale("b")], [25, 125]);
});
