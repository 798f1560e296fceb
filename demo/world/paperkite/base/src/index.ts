export { Combobox } from './combobox.js';
export { DatePicker, type DatePickerOptions } from './datepicker.js';
export { Dialog, type DialogOptions } from './dialog.js';
export { attachTooltip } from './tooltip.js';
