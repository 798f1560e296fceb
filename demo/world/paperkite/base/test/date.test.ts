import { expect, test } from 'vitest';
import { addDays, addMonths, fromIso, monthGrid, toIso } from '../src/calendar';

test('a day survives the way to text and back', () => {
  expect(toIso(fromIso('2023-03-06')!)).toBe('2023-03-06');
});

test('days that do not exist are not read', () => {
  expect(fromIso('2023-02-30')).toBeUndefined();
  expect(fromIso('6.3.2023')).toBeUndefined();
});

test('days and months are added across the end of the year', () => {
  expect(toIso(addDays(new Date(2023, 11, 31), 1))).toBe('2024-01-01');
  expect(toIso(addMonths(new Date(2023, 11, 15), 1))).toBe('2024-01-15');
});

test('a month is drawn as six weeks', () => {
  const grid = monthGrid(new Date(2023, 2, 6));
  expect(grid).toHaveLength(6);
  expect(toIso(grid[0][0])).toBe('2023-02-26');
});
