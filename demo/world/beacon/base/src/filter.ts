import { LEVELS, levelOf, type Entry } from "./parse.js";

export type Filter = (entry: Entry) => boolean;

/** A filter that holds if all of the terms do: `timeout`, `status=500`, `path~^/api`, `level>=warn`, `!healthz`. */
export function compileFilter(terms: string[]): Filter {
  const parts = terms.map(compileTerm);
  return (entry) => parts.every((part) => part(entry));
}

function compileTerm(term: string): Filter {
  if (term.startsWith("!")) {
    const inner = compileTerm(term.slice(1));
    return (entry) => !inner(entry);
  }
  const match = /^([\w.@-]+)(>=|=|~)(.*)$/.exec(term);
  if (!match) {
    const text = term.toLowerCase();
    return (entry) => entry.raw.toLowerCase().includes(text);
  }
  const [, key, operator, value] = match;
  if (operator === "~") {
    const pattern = new RegExp(value);
    return (entry) => pattern.test(String(fieldOf(entry, key) ?? ""));
  }
  if (operator === ">=") {
    return key === "level" ? atLeast(value) : (entry) => Number(fieldOf(entry, key)) >= Number(value);
  }
  return (entry) => String(fieldOf(entry, key) ?? "") === value;
}

function atLeast(name: string): Filter {
  const least = levelOf(name);
  if (least === undefined) {
    throw new Error(`unknown level ${name}; one of ${LEVELS.join(", ")} is needed`);
  }
  return (entry) => entry.level !== undefined && LEVELS.indexOf(entry.level) >= LEVELS.indexOf(least);
}

/** A field by its name or, for a nested one, by its dotted path. */
function fieldOf(entry: Entry, key: string): unknown {
  if (key === "level") return entry.level;
  if (key === "message") return entry.message;
  if (key in entry.fields) return entry.fields[key];
  return key
    .split(".")
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], entry.fields);
}
