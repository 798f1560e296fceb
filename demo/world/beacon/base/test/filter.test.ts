import assert from "node:assert/strict";
import test from "node:test";
import { compileFilter } from "../src/filter.js";
import { parseLine } from "../src/parse.js";

const LINE = '{"level":"error","msg":"Gateway timeout","status":504,"req":{"path":"/api/cart"}}';

function passes(...terms: string[]): boolean {
  return compileFilter(terms)(parseLine(LINE));
}

test("text, in any case", () => {
  assert.ok(passes("TIMEOUT"));
  assert.ok(!passes("refused"));
});

test("fields, also nested ones", () => {
  assert.ok(passes("status=504"));
  assert.ok(passes("req.path~^/api"));
  assert.ok(passes("status>=500"));
  assert.ok(!passes("missing=1"));
});

test("levels are ordered", () => {
  assert.ok(passes("level>=warn"));
  assert.ok(!passes("level>=fatal"));
  assert.throws(() => passes("level>=loud"), /unknown level loud/);
});

test("every term must hold", () => {
  assert.ok(passes("timeout", "!healthz"));
  assert.ok(!passes("timeout", "!cart"));
});
