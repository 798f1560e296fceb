import { element, uid } from './dom.js';

/** A text input with a list of choices below it, filtered while the user types. */
export class Combobox {
  readonly list = element('ul', { class: 'pk-listbox', role: 'listbox', id: uid('pk-list') });
  private shown: string[] = [];
  private active = -1;

  constructor(
    private readonly input: HTMLInputElement,
    private readonly choices: readonly string[],
    private readonly onPick?: (choice: string) => void,
  ) {
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-controls', this.list.id);
    input.setAttribute('aria-autocomplete', 'list');
    input.autocomplete = 'off';
    input.addEventListener('input', () => this.filter());
    input.addEventListener('keydown', (event) => this.onKey(event));
    input.addEventListener('blur', () => this.close());
    this.list.addEventListener('mousedown', (event) => {
      event.preventDefault(); // keeps the focus in the input
      const at = [...this.list.children].indexOf(event.target as Element);
      if (at >= 0) this.pick(at);
    });
    input.after(this.list);
    this.close();
  }

  close(): void {
    this.shown = [];
    this.active = -1;
    this.render();
  }

  private filter(): void {
    const wanted = this.input.value.trim().toLowerCase();
    this.shown = this.choices.filter((choice) => choice.toLowerCase().includes(wanted));
    this.active = -1;
    this.render();
  }

  private pick(at: number): void {
    const choice = this.shown[at];
    this.input.value = choice;
    this.close();
    this.onPick?.(choice);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && this.active >= 0) this.pick(this.active);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') this.move(event.key === 'ArrowDown' ? 1 : -1);
    else return;
    event.preventDefault();
  }

  private move(by: number): void {
    if (this.shown.length === 0) this.filter();
    const count = this.shown.length;
    if (count === 0) return;
    this.active = this.active < 0 && by < 0 ? count - 1 : (this.active + by + count) % count;
    this.render();
  }

  private render(): void {
    this.list.replaceChildren();
    this.shown.forEach((choice, at) => {
      this.list.append(element('li', { role: 'option', 'aria-selected': String(at === this.active) }, choice));
    });
    this.list.hidden = this.shown.length === 0;
    this.input.setAttribute('aria-expanded', String(this.shown.length > 0));
  }
}
