import { element, uid } from './dom.js';

/** Shows the element's data-tooltip attribute while it is hovered or focused. */
export function attachTooltip(target: HTMLElement): void {
  const tip = element('div', { class: 'pk-tooltip', role: 'tooltip', id: uid('pk-tip') });
  tip.hidden = true;
  target.setAttribute('aria-describedby', tip.id);
  target.after(tip);

  const show = () => {
    tip.innerHTML = (target.dataset.tooltip ?? '').replace(/\n/g, '<br>');
    tip.hidden = false;
  };
  const hide = () => {
    tip.hidden = true;
  };
  target.addEventListener('mouseenter', show);
  target.addEventListener('focus', show);
  target.addEventListener('mouseleave', hide);
  target.addEventListener('blur', hide);
  target.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
  });
}
