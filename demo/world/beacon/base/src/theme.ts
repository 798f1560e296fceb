import type { Level } from "./parse.js";

/** SGR codes, such as `1;31` for bold red, for the parts of a line. An empty code leaves the part as it is. */
export interface Theme {
  time: string;
  field: string;
  level: Record<Level, string>;
}

export const THEMES: Record<string, Theme> = {
  dark: {
    time: "90",
    field: "36",
    level: { trace: "90", debug: "90", info: "32", warn: "93", error: "91", fatal: "97;41" },
  },
};

export function themeNamed(name: string): Theme {
  const theme = THEMES[name];
  if (!theme) {
    throw new Error(`unknown theme ${name}; there are ${Object.keys(THEMES).join(", ")}`);
  }
  return theme;
}

export function paint(text: string, code: string): string {
  return code && text ? `\x1b[${code}m${text}\x1b[0m` : text;
}
