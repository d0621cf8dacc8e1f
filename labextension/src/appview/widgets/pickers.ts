/** Dates, times, colours and files. */
import { MESSAGE_LIMIT } from '../../core/protocol';
import { h, setAttributes } from '../dom';
import type { WidgetModel } from '../models/model';
import { t } from '../strings';
import { bindDisabled, field } from './field';
import { bind, IView, ViewFactory } from './view';

/** A date or time as ipywidgets sends it; months count from 0. */
type Moment = Record<string, number> | null;

/** How a moment is written in an input. */
interface IFormat {
  type: 'date' | 'time' | 'datetime-local';
  write(value: Record<string, number>): string;
  read(text: string): Moment;
}

const two = (value: number): string => String(value).padStart(2, '0');

function writeDate(year: number, month: number, date: number): string {
  return `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(date)}`;
}

function writeTime(hours: number, minutes: number, seconds: number): string {
  return `${two(hours)}:${two(minutes)}${seconds ? `:${two(seconds)}` : ''}`;
}

function readTime(text: string): Record<string, number> | null {
  const match = /^(\d+):(\d+)(?::(\d+)(?:\.(\d+))?)?$/.exec(text);
  return match === null
    ? null
    : {
        hours: Number(match[1]),
        minutes: Number(match[2]),
        seconds: Number(match[3] ?? 0),
        milliseconds: Number((match[4] ?? '0').padEnd(3, '0').slice(0, 3))
      };
}

function readDate(text: string): Record<string, number> | null {
  const match = /^(\d+)-(\d+)-(\d+)$/.exec(text);
  return match === null
    ? null
    : { year: Number(match[1]), month: Number(match[2]) - 1, date: Number(match[3]) };
}

/** Dates without a time. */
export const DATE: IFormat = {
  type: 'date',
  write: ({ year, month, date }) => writeDate(year, month, date),
  read: readDate
};

/** Times without a date. */
export const TIME: IFormat = {
  type: 'time',
  write: ({ hours, minutes, seconds }) => writeTime(hours, minutes, seconds),
  read: readTime
};

/** Dates with a time, as they are. */
export const NAIVE: IFormat = {
  type: 'datetime-local',
  write: value => `${DATE.write(value)}T${TIME.write(value)}`,
  read: text => {
    const [date, time] = text
      .split('T')
      .map((part, index) => (index ? readTime(part) : readDate(part)));
    return date && time ? { ...date, ...time } : null;
  }
};

/** Dates with a time; the kernel's are UTC, a person's are local. */
export const AWARE: IFormat = {
  type: 'datetime-local',
  write: value => {
    const { year, month, date, hours, minutes, seconds, milliseconds } = value;
    const local = new Date(Date.UTC(year, month, date, hours, minutes, seconds, milliseconds));
    const day = writeDate(local.getFullYear(), local.getMonth(), local.getDate());
    return `${day}T${writeTime(local.getHours(), local.getMinutes(), local.getSeconds())}`;
  },
  read: text => {
    const value = NAIVE.read(text);
    if (value === null) {
      return null;
    }
    const { year, month, date, hours, minutes, seconds, milliseconds } = value;
    const moment = new Date(year, month, date, hours, minutes, seconds, milliseconds);
    return {
      year: moment.getUTCFullYear(),
      month: moment.getUTCMonth(),
      date: moment.getUTCDate(),
      hours: moment.getUTCHours(),
      minutes: moment.getUTCMinutes(),
      seconds: moment.getUTCSeconds(),
      milliseconds: moment.getUTCMilliseconds()
    };
  }
};

function picker(model: WidgetModel, view: IView, format: IFormat): HTMLElement {
  const input = h('input', { type: format.type, class: 'nx-input' });
  const { root } = field(model, view, input);
  const text = (key: string): string => {
    const value = model.get(key) as Moment;
    return value == null ? '' : format.write(value);
  };
  bind(model, ['min', 'max', 'step'], view.scope, () =>
    setAttributes(input, {
      min: text('min') || null,
      max: text('max') || null,
      step: (model.get('step') as number | string | null) ?? null
    })
  );
  bind(model, ['value'], view.scope, () => {
    if (input.value !== text('value')) {
      input.value = text('value');
    }
  });
  input.addEventListener('change', () => {
    if (input.validity.valid) {
      model.put({ value: input.value === '' ? null : format.read(input.value) });
    }
  });
  bindDisabled(model, view, input);
  return root;
}

/** Give any CSS colour as `#rrggbb`, the only form a colour input takes. */
function toHex(color: string): string {
  if (/^#[0-9a-f]{6}$/i.test(color)) {
    return color;
  }
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) {
    return '#000000';
  }
  context.fillStyle = color;
  return /^#[0-9a-f]{6}$/i.test(context.fillStyle) ? context.fillStyle : '#000000';
}

const colorPicker: ViewFactory = (model, view) => {
  const input = h('input', { type: 'color', class: 'nx-input nx-swatch' });
  const name = h('input', { type: 'text', class: 'nx-input', spellcheck: 'false' });
  const { root } = field(model, view, input);
  const row = h('div', { class: 'nx-row-fields' });
  input.replaceWith(row);
  row.append(input, name);
  bind(model, ['description'], view.scope, () =>
    setAttributes(name, { 'aria-label': model.str('description') || 'Colour' })
  );
  bind(model, ['value', 'concise'], view.scope, () => {
    input.value = toHex(model.str('value'));
    name.value = model.str('value');
    name.hidden = model.is('concise');
  });
  input.addEventListener('input', () => model.put({ value: input.value }));
  name.addEventListener('change', () => model.put({ value: name.value.trim() }));
  bindDisabled(model, view, input, name);
  return root;
};

/** Room for the message around the files. */
const UPLOAD_LIMIT = MESSAGE_LIMIT - 256 * 1024;

async function readFile(file: File): Promise<Record<string, unknown>> {
  return {
    name: file.name,
    type: file.type,
    size: file.size,
    last_modified: file.lastModified,
    content: new DataView(await file.arrayBuffer())
  };
}

const upload: ViewFactory = (model, view) => {
  const input = h('input', { type: 'file', class: 'nx-file' });
  const button = h('button', { type: 'button', class: 'nx-button' });
  const status = h('span', { class: 'nx-muted', role: 'status' });
  bind(model, ['accept', 'multiple', 'disabled'], view.scope, () => {
    setAttributes(input, { accept: model.str('accept') || null, multiple: model.is('multiple') });
    button.disabled = model.is('disabled');
  });
  bind(model, ['description', 'multiple', 'button_style'], view.scope, () => {
    const text = model.str('description');
    const isDefault = text === '' || text === 'Upload';
    button.textContent = isDefault ? t(model.is('multiple') ? 'chooseFiles' : 'chooseFile') : text;
    button.dataset.tone = model.str('button_style');
  });
  bind(model, ['value'], view.scope, () => {
    const files = model.list('value') as { name?: string }[];
    status.textContent = files.map(file => file.name ?? '').join(', ');
  });
  button.addEventListener('click', () => input.click());
  input.hidden = true;
  input.addEventListener('change', () => {
    const files = Array.from(input.files ?? []);
    input.value = '';
    if (files.reduce((sum, file) => sum + file.size, 0) > UPLOAD_LIMIT) {
      status.textContent = t('fileTooLarge', { limit: `${Math.floor(UPLOAD_LIMIT / 1048576)} MB` });
      return;
    }
    void Promise.all(files.map(readFile)).then(
      value => model.put({ value, error: '' }),
      error => model.put({ error: String(error) })
    );
  });
  return h('div', { class: 'nx-row-fields' }, button, input, status);
};

/** The picker views by name. */
export const pickers: Record<string, ViewFactory> = {
  DatePickerView: (model, view) => picker(model, view, DATE),
  TimeView: (model, view) => picker(model, view, TIME),
  DatetimeView: (model, view) =>
    picker(model, view, model.name === 'NaiveDatetimeModel' ? NAIVE : AWARE),
  ColorPickerView: colorPicker,
  FileUploadView: upload
};
