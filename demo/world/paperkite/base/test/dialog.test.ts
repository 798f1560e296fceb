import { expect, test, vi } from 'vitest';
import { Dialog } from '../src/dialog';

function page(): HTMLElement {
  document.body.innerHTML = `
    <button id="opener">Open</button>
    <div id="dialog"><h2>Delete draft?</h2><button id="yes">Yes</button><button id="no">No</button></div>`;
  return document.querySelector('#dialog')!;
}

test('the heading names the dialog', () => {
  const root = page();
  new Dialog(root);
  expect(document.getElementById(root.getAttribute('aria-labelledby')!)!.textContent).toBe('Delete draft?');
});

test('opening moves the focus inside, Escape closes', () => {
  const root = page();
  const onClose = vi.fn();
  new Dialog(root, { onClose }).open();
  expect(document.activeElement!.id).toBe('yes');
  root.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  expect(root.hidden).toBe(true);
  expect(onClose).toHaveBeenCalledOnce();
});
