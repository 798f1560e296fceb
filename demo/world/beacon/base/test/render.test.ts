import assert from "node:assert/strict";
import test from "node:test";
import { parseLine } from "../src/parse.js";
import { renderEntry, truncate } from "../src/render.js";
import type { Theme } from "../src/theme.js";

const PLAIN: Theme = {
  time: "",
  field: "",
  level: { trace: "", debug: "", info: "", warn: "", error: "", fatal: "" },
};

test("a row has time, level, message and fields", () => {
  const entry = parseLine('{"time":"2023-05-04T10:00:00.250Z","level":"info","msg":"ready","port":8080}');
  const row = renderEntry(entry, { theme: PLAIN, width: 100 });
  assert.equal(row, "10:00:00.250 INFO  " + "ready".padEnd(44) + " port=8080");
});

test("a row never exceeds the width", () => {
  const entry = parseLine(JSON.stringify({ level: "info", msg: "x".repeat(300), key: "y".repeat(300) }));
  assert.ok(renderEntry(entry, { theme: PLAIN, width: 80 }).length <= 80);
});

test("truncate marks the cut", () => {
  assert.equal(truncate("harbour", 7), "harbour");
  assert.equal(truncate("harbours", 7), "harbou\u2026");
});
