import type { Filter } from "./filter.js";
import { parseLine } from "./parse.js";
import { renderEntry, type RenderOptions } from "./render.js";
import type { Summary } from "./summary.js";

export interface ViewOptions extends RenderOptions {
  filter: Filter;
  summary?: Summary;
}

/** Show every line that passes the filter. */
export async function view(
  lines: AsyncIterable<string>,
  options: ViewOptions,
  write: (text: string) => void,
): Promise<void> {
  for await (const line of lines) {
    const entry = parseLine(line);
    if (!options.filter(entry)) continue;
    options.summary?.add(entry);
    write(renderEntry(entry, options) + "\n");
  }
  for (const line of options.summary?.lines() ?? []) {
    write(line + "\n");
  }
}
