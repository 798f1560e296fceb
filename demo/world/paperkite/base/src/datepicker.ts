import { addDays, addMonths, fromIso, monthGrid, toIso } from './calendar.js';
import { element } from './dom.js';

export interface DatePickerOptions {
  locale?: string;
  onSelect?: (day: Date) => void;
}

const STEPS: Record<string, (day: Date) => Date> = {
  ArrowLeft: (day) => addDays(day, -1),
  ArrowRight: (day) => addDays(day, 1),
  ArrowUp: (day) => addDays(day, -7),
  ArrowDown: (day) => addDays(day, 7),
  PageUp: (day) => addMonths(day, -1),
  PageDown: (day) => addMonths(day, 1),
};

export class DatePicker {
  readonly grid = element('table', { class: 'pk-datepicker', role: 'grid' });
  private current: Date;

  constructor(
    private readonly input: HTMLInputElement,
    private readonly options: DatePickerOptions = {},
  ) {
    this.current = fromIso(input.value) ?? new Date();
    this.grid.addEventListener('keydown', (event) => this.onKey(event));
    this.grid.addEventListener('click', (event) => {
      const iso = (event.target as HTMLElement).dataset.day;
      if (iso) this.select(fromIso(iso)!);
    });
    input.after(this.grid);
    this.render();
  }

  select(day: Date): void {
    this.current = day;
    this.input.value = toIso(day);
    this.render();
    this.options.onSelect?.(day);
  }

  private onKey(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step) this.current = step(this.current);
    else if (event.key === 'Enter' || event.key === ' ') this.select(this.current);
    else return;
    event.preventDefault();
    this.render();
    this.grid.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  private render(): void {
    const { locale } = this.options;
    const weeks = monthGrid(this.current);
    const title = this.current.toLocaleDateString(locale, { month: 'long', year: 'numeric' });
    const head = element('tr');
    for (const day of weeks[0]) {
      head.append(element('th', { scope: 'col' }, day.toLocaleDateString(locale, { weekday: 'short' })));
    }
    this.grid.replaceChildren(element('caption', { 'aria-live': 'polite' }, title), head);
    for (const week of weeks) {
      const row = element('tr');
      for (const day of week) row.append(this.cell(day));
      this.grid.append(row);
    }
  }

  private cell(day: Date): HTMLElement {
    const iso = toIso(day);
    const cell = element('td', { role: 'gridcell', 'data-day': iso }, String(day.getDate()));
    cell.tabIndex = iso === toIso(this.current) ? 0 : -1;
    cell.setAttribute('aria-selected', String(iso === this.input.value));
    cell.classList.toggle('pk-outside', day.getMonth() !== this.current.getMonth());
    return cell;
  }
}
