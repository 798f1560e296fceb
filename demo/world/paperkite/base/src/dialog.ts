import { focusable, uid } from './dom.js';

export interface DialogOptions {
  onClose?: () => void;
}

/** A modal dialog made of an element that is already in the page. */
export class Dialog {
  constructor(
    readonly root: HTMLElement,
    private readonly options: DialogOptions = {},
  ) {
    root.classList.add('pk-dialog');
    root.setAttribute('role', 'dialog');
    root.setAttribute('aria-modal', 'true');
    root.tabIndex = -1;
    root.hidden = true;
    const heading = root.querySelector('h1, h2, h3');
    if (heading) {
      heading.id ||= uid('pk-title');
      root.setAttribute('aria-labelledby', heading.id);
    }
    root.addEventListener('keydown', (event) => this.onKey(event));
  }

  open(): void {
    this.root.hidden = false;
    (focusable(this.root)[0] ?? this.root).focus();
  }

  close(): void {
    if (this.root.hidden) return;
    this.root.hidden = true;
    this.options.onClose?.();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.close();
  }
}
