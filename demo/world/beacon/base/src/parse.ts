export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

export interface Entry {
  raw: string;
  time?: Date;
  level?: Level;
  message: string;
  fields: Record<string, unknown>;
}

const TIME_KEYS = ["time", "ts", "timestamp", "@timestamp"];
const LEVEL_KEYS = ["level", "lvl", "severity"];
const MESSAGE_KEYS = ["msg", "message"];

const ALIASES: Record<string, Level> = {
  warning: "warn",
  err: "error",
};

/** One line of a log. A line that is in no known format is all message. */
export function parseLine(raw: string): Entry {
  if (raw.startsWith("{")) {
    try {
      return fromFields(raw, JSON.parse(raw));
    } catch {
      // not JSON after all
    }
  }
  return { raw, message: raw, level: levelInText(raw), fields: {} };
}

export function levelOf(value: unknown): Level | undefined {
  if (typeof value === "number") {
    return LEVELS[Math.floor(value / 10) - 1]; // 10 is trace, 60 is fatal
  }
  const name = String(value).toLowerCase();
  return ALIASES[name] ?? LEVELS.find((level) => level === name);
}

function fromFields(raw: string, all: Record<string, unknown>): Entry {
  const fields = { ...all };
  const time = take(fields, TIME_KEYS);
  const level = take(fields, LEVEL_KEYS);
  const message = take(fields, MESSAGE_KEYS);
  return {
    raw,
    time: timeOf(time),
    level: level === undefined ? undefined : levelOf(level),
    message: message === undefined ? "" : String(message),
    fields,
  };
}

function take(fields: Record<string, unknown>, keys: string[]): unknown {
  const key = keys.find((name) => fields[name] !== undefined);
  if (key === undefined) return undefined;
  const value = fields[key];
  delete fields[key];
  return value;
}

function timeOf(value: unknown): Date | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  // Numbers below this are seconds, others are milliseconds.
  const time = new Date(typeof value === "number" && value < 1e11 ? value * 1000 : value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function levelInText(text: string): Level | undefined {
  const word = /\b(trace|debug|info|warn(?:ing)?|err(?:or)?|fatal)\b/i.exec(text.slice(0, 80));
  return word ? levelOf(word[1]) : undefined;
}
