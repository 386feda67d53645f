// Elements and texts. Whatever comes from the server becomes a text node or the value of a
// property, never markup; the policy of the document forbids markup from text altogether.

const SVG = 'http://www.w3.org/2000/svg';

function put(element, children) {
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Creates an element: `class`, `on…` and properties as they are, all else as attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') element.className = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked' || name === 'text') {
      element[name === 'text' ? 'textContent' : name] = value;
    } else element.setAttribute(name, value === true ? '' : String(value));
  }
  return put(element, children);
}

/** Creates an element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  return put(element, children);
}

/** Replaces what an element contains. */
export function fill(element, ...children) {
  element.replaceChildren();
  return put(element, children);
}

let counter = 0;

/** An identifier that no other element has. */
export function newID(prefix = 'e') {
  counter += 1;
  return `${prefix}-${counter}`;
}

/* Figures */

export const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

const whole = new Intl.NumberFormat('en-US');

export const count = (value) => (isNumber(value) ? whole.format(value) : '–');

export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value) {
  if (!isNumber(value)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let index = 0;
  let rest = value;
  while (rest >= 1024 && index < units.length - 1) {
    rest /= 1024;
    index += 1;
  }
  return `${index === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[index]}`;
}

/** A figure in about four digits. */
export function figure(value) {
  if (!isNumber(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(2);
  if (Number.isInteger(value)) return whole.format(value);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 4);
}

export const percent = (value, digits = 1) =>
  isNumber(value) ? `${value.toFixed(digits)} %` : '–';

/** An amount in micro-USD. */
export function money(micro) {
  if (!isNumber(micro)) return '–';
  const value = Math.abs(micro) / 1e6;
  const digits = value !== 0 && value < 0.01 ? 6 : 2;
  return `${micro < 0 ? '−' : ''}$${value.toLocaleString('en-US', {
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  })}`;
}

export function duration(milliseconds) {
  if (!isNumber(milliseconds)) return '–';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

const stamp = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** A time as an element: relative if it is near, with the exact one as its title. */
export function time(text) {
  const date = new Date(text ?? NaN);
  if (Number.isNaN(date.getTime())) return '–';
  const exact = stamp.format(date);
  const seconds = (Date.now() - date.getTime()) / 1000;
  let shown = exact;
  if (seconds >= 0 && seconds < 45) shown = 'just now';
  else if (seconds >= 0 && seconds < 3600)
    shown = `${Math.max(1, Math.round(seconds / 60))} min ago`;
  else if (seconds >= 0 && seconds < 86400) shown = `${Math.round(seconds / 3600)} h ago`;
  return make('time', { datetime: date.toISOString(), title: exact }, shown);
}

const second = new Intl.DateTimeFormat('en-GB', {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** A time to the second, as logs have it. */
export function exactTime(text) {
  const date = new Date(text ?? NaN);
  return Number.isNaN(date.getTime())
    ? '–'
    : make('time', { datetime: date.toISOString() }, second.format(date));
}

/** A text cut to a length; whole names are in the title of what shows them. */
export function cut(text, limit) {
  const letters = [...String(text ?? '')];
  return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : letters.join('');
}

/** Tells a screen reader something that needs no place on the page. */
export function announce(text) {
  const region = document.getElementById('route-status');
  region.textContent = '';
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/** Shows a sentence for some seconds; a screen reader reads it. */
export function toast(text, kind = 'good') {
  const box = make('p', { class: `toast ${kind}` }, text);
  const region = document.getElementById('toasts');
  region.append(box);
  while (region.children.length > 3) region.firstChild.remove();
  setTimeout(() => box.remove(), 6000);
}

/** Copies a text, and tells on the button whether that succeeded. */
export async function copy(text, button) {
  let isDone = false;
  try {
    await navigator.clipboard.writeText(text);
    isDone = true;
  } catch {
    // Without TLS browsers have a clipboard on the machine itself only.
    const area = make('textarea', { value: text, readonly: true, class: 'offscreen' });
    button.after(area);
    area.select();
    isDone = document.execCommand('copy');
    area.remove();
    button.focus();
  }
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  button.textContent = isDone ? 'Copied' : 'Not copied';
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}
