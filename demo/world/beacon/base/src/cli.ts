#!/usr/bin/env node
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { compileFilter } from "./filter.js";
import { follow } from "./follow.js";
import { Summary } from "./summary.js";
import { themeNamed } from "./theme.js";
import { view } from "./viewer.js";

const USAGE = "usage: beacon [-f] [-e FILTER]... [--theme NAME] [--summary] [FILE]";

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      follow: { type: "boolean", short: "f" },
      filter: { type: "string", short: "e", multiple: true },
      theme: { type: "string", default: "dark" },
      summary: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [path] = positionals;
  if (values.follow && !path) {
    throw new Error("--follow needs a file");
  }
  const stop = new AbortController();
  process.once("SIGINT", () => (values.follow ? stop.abort() : process.exit(130)));

  const lines =
    values.follow && path
      ? follow(path, { signal: stop.signal })
      : createInterface({ input: path ? createReadStream(path) : process.stdin, crlfDelay: Infinity });
  await view(
    lines,
    {
      filter: compileFilter(values.filter ?? []),
      theme: themeNamed(values.theme ?? "dark"),
      width: process.stdout.columns ?? 120,
      summary: values.summary ? new Summary() : undefined,
    },
    (text) => process.stdout.write(text),
  );
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`beacon: ${error.message}`);
  process.exitCode = 2;
});
