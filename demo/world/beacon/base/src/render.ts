import type { Entry } from "./parse.js";
import { paint, type Theme } from "./theme.js";

export interface RenderOptions {
  theme: Theme;
  width: number;
}

const TIME_WIDTH = 12;
const LEVEL_WIDTH = 5;
const MESSAGE_WIDTH = 44;

/** One row of the terminal: time, level, message and, in a column of their own, the other fields. */
export function renderEntry(entry: Entry, { theme, width }: RenderOptions): string {
  const time = (entry.time ? clock(entry.time) : "").padEnd(TIME_WIDTH);
  const level = (entry.level ?? "").toUpperCase().padEnd(LEVEL_WIDTH);
  const room = Math.max(20, width - TIME_WIDTH - LEVEL_WIDTH - 2);
  const fields = formatFields(entry.fields);
  const message = fields ? truncate(entry.message, room).padEnd(Math.min(MESSAGE_WIDTH, room)) : truncate(entry.message, room);
  const rest = room - message.length - 1;
  return [
    paint(time, theme.time),
    paint(level, entry.level ? theme.level[entry.level] : ""),
    message,
    ...(fields && rest > 3 ? [paint(truncate(fields, rest), theme.field)] : []),
  ].join(" ");
}

export function truncate(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, width - 1) + "\u2026";
}

function clock(time: Date): string {
  return time.toISOString().slice(11, 23);
}

function formatFields(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
