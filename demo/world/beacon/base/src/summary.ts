import { LEVELS, type Entry } from "./parse.js";

/** What `--summary` prints after the last entry. */
export class Summary {
  private readonly entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  lines(): string[] {
    const times = this.entries.flatMap((entry) => entry.time ?? []);
    const first = times[0].toISOString();
    const last = times[times.length - 1].toISOString();
    const counts = LEVELS.map((level) => ({
      level,
      count: this.entries.filter((entry) => entry.level === level).length,
    }));
    return [
      `${this.entries.length} entries from ${first} to ${last}`,
      ...counts.filter(({ count }) => count > 0).map(({ level, count }) => `${level.padEnd(6)}${count}`),
    ];
  }
}
