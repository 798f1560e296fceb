import { beforeEach, expect, test, vi } from 'vitest';
import { Combobox } from '../src/combobox';

let input: HTMLInputElement;

beforeEach(() => {
  document.body.innerHTML = '<input id="city">';
  input = document.querySelector('input')!;
});

function type(text: string): void {
  input.value = text;
  input.dispatchEvent(new Event('input'));
}

function press(key: string): void {
  input.dispatchEvent(new KeyboardEvent('keydown', { key }));
}

test('typing filters the list', () => {
  const box = new Combobox(input, ['Accra', 'Cork', 'Zagreb']);
  type('cr');
  expect([...box.list.children].map((option) => option.textContent)).toEqual(['Accra']);
  expect(input.getAttribute('aria-expanded')).toBe('true');
});

test('the arrow keys go round and Enter picks', () => {
  const picked = vi.fn();
  new Combobox(input, ['Accra', 'Cork', 'Zagreb'], picked);
  press('ArrowUp');
  press('Enter');
  expect(input.value).toBe('Zagreb');
  expect(picked).toHaveBeenCalledWith('Zagreb');
});

test('Escape closes the list', () => {
  const box = new Combobox(input, ['Accra']);
  type('a');
  press('Escape');
  expect(box.list.hidden).toBe(true);
});
