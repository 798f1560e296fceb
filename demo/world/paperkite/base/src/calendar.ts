// Calendar arithmetic on local dates. Months count from 0, as they do in Date.

export function addDays(day: Date, count: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count);
}

export function addMonths(day: Date, count: number): Date {
  return new Date(day.getFullYear(), day.getMonth() + count, day.getDate());
}

export function toIso(day: Date): string {
  const year = String(day.getFullYear()).padStart(4, '0');
  const month = String(day.getMonth() + 1).padStart(2, '0');
  return `${year}-${month}-${String(day.getDate()).padStart(2, '0')}`;
}

/** Reads "2023-03-06". Anything else, and days that do not exist, give undefined. */
export function fromIso(text: string): Date | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text.trim());
  if (!parts) return undefined;
  const day = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return toIso(day) === text.trim() ? day : undefined;
}

/** The six weeks to draw for the month of `day`, beginning on a Sunday. */
export function monthGrid(day: Date): Date[][] {
  const first = new Date(day.getFullYear(), day.getMonth(), 1);
  const start = addDays(first, -first.getDay());
  return [0, 1, 2, 3, 4, 5].map((week) => [0, 1, 2, 3, 4, 5, 6].map((weekday) => addDays(start, week * 7 + weekday)));
}
