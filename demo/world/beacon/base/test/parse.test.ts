import assert from "node:assert/strict";
import test from "node:test";
import { levelOf, parseLine } from "../src/parse.js";

test("a JSON line is taken apart", () => {
  const entry = parseLine('{"ts":"2023-05-04T10:00:00Z","level":"WARNING","msg":"slow","took":812}');
  assert.equal(entry.level, "warn");
  assert.equal(entry.message, "slow");
  assert.deepEqual(entry.fields, { took: 812 });
  assert.equal(entry.time?.getTime(), Date.UTC(2023, 4, 4, 10));
});

test("a line in no known format is all message", () => {
  const entry = parseLine("2023-05-04 10:00 ERROR disk full");
  assert.equal(entry.message, "2023-05-04 10:00 ERROR disk full");
  assert.equal(entry.level, "error");
});

test("half a JSON line is text", () => {
  assert.equal(parseLine('{"msg":"cut o').message, '{"msg":"cut o');
});

test("numeric levels", () => {
  assert.equal(levelOf(30), "info");
  assert.equal(levelOf(60), "fatal");
  assert.equal(levelOf(7), undefined);
});
