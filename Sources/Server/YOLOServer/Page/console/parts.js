// What all views are made of: heads, tables, forms, dialogs, sentences of failures.

import { Failure, limits } from '/ui/api.js';
import { copy, count, cut, fill, make, newID, svg, toast } from '/ui/dom.js';

/* Heads */

/** The head of a view: where it is, its title, what it is, and what can be done. */
export function head({ crumbs = [], title, facts = [], actions = [] }) {
  const trail = crumbs.length
    ? make(
        'nav',
        { class: 'crumbs', 'aria-label': 'Path' },
        make(
          'ol',
          {},
          crumbs.map(([name, address]) =>
            make('li', {}, make('a', { href: address, title: name }, cut(name, 40))),
          ),
        ),
      )
    : null;
  return make(
    'header',
    { class: 'head' },
    make(
      'div',
      { class: 'head-text' },
      trail,
      make('h1', { id: 'title', tabindex: '-1' }, title),
      facts.length
        ? make(
            'p',
            { class: 'facts' },
            facts.filter(Boolean).map((fact) => make('span', {}, fact)),
          )
        : null,
    ),
    actions.length ? make('div', { class: 'actions' }, actions) : null,
  );
}

export function section(title, ...children) {
  const id = newID('section');
  return make(
    'section',
    { class: 'section', 'aria-labelledby': id },
    make('h2', { id }, title),
    children,
  );
}

/** Links between the parts of one thing; the current one is marked. */
export function tabs(label, list, current) {
  return make(
    'nav',
    { class: 'tabs', 'aria-label': label },
    list.filter(Boolean).map(([id, name, address]) =>
      make(
        'a',
        {
          href: address,
          'aria-current': id === current ? 'page' : null,
        },
        name,
      ),
    ),
  );
}

export function button(name, onclick, { kind = '', type = 'button', ...more } = {}) {
  return make('button', { type, class: kind, onclick, ...more }, name);
}

export function copyButton(text, name = 'Copy') {
  const one = button(name, () => copy(text, one), { kind: 'small' });
  return one;
}

/** A command or an address in one line, with a button to copy it. */
export function command(text, label) {
  return make(
    'div',
    { class: 'command' },
    make('code', { tabindex: '0', role: 'group', 'aria-label': label }, text),
    copyButton(text),
  );
}

/* States */

const STATES = {
  completed: 'good',
  ready: 'good',
  running: 'busy',
  starting: 'busy',
  processing: 'busy',
  queued: 'wait',
  pending: 'wait',
  creating: 'busy',
  deploying: 'busy',
  stopping: 'busy',
  stopped: 'idle',
  cancelled: 'idle',
  untrained: 'idle',
  failed: 'bad',
  succeeded: 'good',
};

export const isBusy = (status) => ['busy', 'wait'].includes(STATES[status]);

/** A state as a word with a mark whose shape, not its color alone, tells it. */
export function state(status) {
  const kind = STATES[status] ?? 'idle';
  return make(
    'span',
    { class: `state ${kind}` },
    make('i', { 'aria-hidden': 'true' }),
    status ?? '–',
  );
}

export const task = (name) => (name ? make('span', { class: 'tag' }, name) : '–');

export const visibility = (name) =>
  make('span', { class: `tag ${name === 'public' ? 'open' : ''}` }, name ?? 'private');

/** How much of something is used. */
export function meter(value, limit, label) {
  const part = limit > 0 ? Math.min(1, Math.max(0, value / limit)) : 0;
  const bar = svg(
    'svg',
    { class: 'meter', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'track', width: 100, height: 4 }),
    svg('rect', { class: part > 0.9 ? 'used full' : 'used', width: part * 100, height: 4 }),
  );
  return make('div', { class: 'metered' }, label, bar);
}

/* Failures */

/** Why something is not shown, in the server's words. */
export function failureBox(error, retry) {
  if (!(error instanceof Failure)) console.error(error);
  const isAbsent = error instanceof Failure && error.isAbsent;
  const title = isAbsent
    ? 'Not available on this server'
    : ({
        0: 'No connection',
        401: 'Sign in',
        403: 'Not allowed',
        404: 'Not found',
        409: 'Not now',
        429: 'Too many calls',
      }[error.status] ?? (error.status ? `Refused (${error.status})` : 'This view has failed'));
  const details =
    error instanceof Failure && error.details && typeof error.details === 'object'
      ? ['argument', 'value', 'expected']
          .filter((name) => error.details[name] !== undefined)
          .map((name) => `${name}: ${error.details[name]}`)
          .join(' · ')
      : '';
  return make(
    'div',
    { class: `notice ${isAbsent ? '' : 'bad'}`, role: isAbsent ? 'note' : 'alert' },
    make('p', {}, make('strong', {}, `${title}. `), error.message),
    details && error.status === 400 ? make('p', { class: 'hint' }, details) : null,
    retry && !isAbsent ? button('Try again', retry, { kind: 'small' }) : null,
  );
}

/** Shows what a promise becomes in a box, or why it does not; returns the box. */
export function pending(label, load, signal) {
  const box = make(
    'div',
    { class: 'pending', 'aria-busy': 'true' },
    make('p', { class: 'loading' }, `Loading ${label}…`),
  );
  const run = async () => {
    box.setAttribute('aria-busy', 'true');
    try {
      fill(box, await load());
    } catch (error) {
      if (signal?.aborted) return;
      fill(box, failureBox(error, run));
    }
    box.setAttribute('aria-busy', 'false');
  };
  run();
  box.refresh = run;
  return box;
}

/** Runs what a button does: the button is disabled meanwhile, and a failure is told. */
export async function doing(one, work, success) {
  one.disabled = true;
  try {
    const value = await work();
    if (success) toast(success);
    return value;
  } catch (error) {
    if (error.name !== 'AbortError') toast(error.message, 'bad');
    return undefined;
  } finally {
    one.disabled = false;
  }
}

/* Tables */

/**
 * A table. Columns are `{name, cell, kind}`, where `kind` is `number`, `grow` or `fit`; `cell`
 * makes what a row has in it. The first column heads the row.
 */
export function table(caption, columns, rows, { empty = 'Nothing here yet.', kind = '' } = {}) {
  if (!rows.length) return make('p', { class: 'empty' }, empty);
  return make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption },
    make(
      'table',
      { class: kind },
      make('caption', { class: 'offscreen' }, caption),
      make(
        'thead',
        {},
        make(
          'tr',
          {},
          columns.map((column) =>
            make(
              'th',
              { scope: 'col', class: column.kind },
              column.name || make('span', { class: 'offscreen' }, column.label ?? 'Actions'),
            ),
          ),
        ),
      ),
      make(
        'tbody',
        {},
        rows.map((row, index) =>
          make(
            'tr',
            {},
            columns.map((column, position) =>
              position === 0
                ? make('th', { scope: 'row', class: column.kind }, column.cell(row, index))
                : make('td', { class: column.kind }, column.cell(row, index)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** A long list in parts of a table, so that the document stays small. */
export function pagedTable(caption, columns, rows, { size = 100, ...options } = {}) {
  if (rows.length <= size) return table(caption, columns, rows, options);
  const box = make('div', {});
  let page = 0;
  const pages = Math.ceil(rows.length / size);
  const show = () => {
    const from = page * size;
    fill(
      box,
      table(caption, columns, rows.slice(from, from + size), options),
      make(
        'div',
        { class: 'pager' },
        make(
          'span',
          { role: 'status' },
          `${count(from + 1)}–${count(Math.min(rows.length, from + size))} of ${count(rows.length)}`,
        ),
        button(
          'Previous',
          () => {
            page -= 1;
            show();
          },
          { kind: 'small', disabled: page === 0 },
        ),
        button(
          'Next',
          () => {
            page += 1;
            show();
          },
          { kind: 'small', disabled: page === pages - 1 },
        ),
      ),
    );
  };
  show();
  return box;
}

/** Links to the parts of a list by number. */
export function pager(meta, address) {
  if (!meta || meta.total <= meta.limit) return null;
  const pages = Math.ceil(meta.total / meta.limit);
  const from = (meta.page - 1) * meta.limit + 1;
  const link = (name, page, isThere) =>
    isThere
      ? make('a', { class: 'button small', href: address(page) }, name)
      : make('span', { class: 'button small off' }, name);
  return make(
    'nav',
    { class: 'pager', 'aria-label': 'Parts of the list' },
    make(
      'span',
      {},
      `${count(from)}–${count(Math.min(meta.total, from + meta.limit - 1))} of ${count(meta.total)}`,
    ),
    link('Previous', meta.page - 1, meta.page > 1),
    link('Next', meta.page + 1, meta.page < pages),
  );
}

/** Names and values in two columns; those without a value are left out. */
export function facts(entries) {
  const list = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return make(
    'dl',
    { class: 'pairs' },
    list.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
  );
}

/* Forms */

/** A field of a form: `{name, label, type, hint, options, value, required, …}`. */
export function field({ name, label, type = 'text', hint, options, value, ...more }) {
  const id = newID(`field-${name}`);
  const hintID = hint ? `${id}-hint` : null;
  const shared = { id, name, 'aria-describedby': hintID, ...more };
  let control;
  if (options) {
    control = make(
      'select',
      shared,
      options.map((option) => {
        const [key, text] = Array.isArray(option) ? option : [option, option];
        return make('option', { value: key, selected: key === value }, text);
      }),
    );
  } else if (type === 'textarea') {
    control = make('textarea', { rows: '3', ...shared, value: value ?? '' });
  } else if (type === 'checkbox') {
    control = make('input', { type, ...shared, checked: value });
    return make(
      'div',
      { class: 'field check' },
      control,
      make('label', { for: id }, label),
      hint ? make('p', { class: 'hint', id: hintID }, hint) : null,
    );
  } else {
    control = make('input', { type, ...shared });
    if (type !== 'file') control.value = value ?? '';
  }
  return make(
    'div',
    { class: 'field' },
    make('label', { for: id }, label),
    control,
    hint ? make('p', { class: 'hint', id: hintID }, hint) : null,
  );
}

/** The values of a form by the names of its fields; those left empty are null. */
export function values(form) {
  const found = {};
  for (const control of form.elements) {
    if (!control.name) continue;
    if (control.type === 'checkbox') found[control.name] = control.checked;
    else if (control.type === 'number')
      found[control.name] = control.value === '' ? null : Number(control.value);
    else found[control.name] = control.value.trim() === '' ? null : control.value;
  }
  return found;
}

/**
 * Opens a dialog with a form. `submit` gets the values; while it runs the dialog stays, a failure is
 * told in it, and success closes it.
 */
export function formDialog({
  title,
  lead,
  fields = [],
  verb = 'Save',
  kind = 'main',
  submit,
  wide = false,
}) {
  const id = newID('dialog');
  const alert = make('div', {});
  const confirm = button(verb, null, { kind, type: 'submit' });
  const form = make(
    'form',
    { method: 'dialog', novalidate: true },
    make('h2', { id }, title),
    lead ? make('p', { class: 'lead' }, lead) : null,
    fields,
    alert,
    make(
      'div',
      { class: 'actions end' },
      button('Cancel', () => dialog.close()),
      confirm,
    ),
  );
  const dialog = make('dialog', { class: wide ? 'wide' : '', 'aria-labelledby': id }, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const missing = [...form.elements].find(
      (control) => control.willValidate && !control.checkValidity(),
    );
    if (missing) {
      fill(
        alert,
        make(
          'p',
          { class: 'notice bad', role: 'alert' },
          `${missing.labels?.[0]?.textContent ?? missing.name}: ${missing.validationMessage}`,
        ),
      );
      missing.focus();
      return;
    }
    confirm.disabled = true;
    try {
      await submit(values(form), form);
      dialog.close();
    } catch (error) {
      fill(alert, failureBox(error));
    } finally {
      confirm.disabled = false;
    }
  });
  show(dialog);
  return dialog;
}

/** Shows a dialog and removes it once it is closed; the focus returns to where it was. */
export function show(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  dialog.showModal();
}

/** Asks whether something that matters is meant. */
export function ask(title, lead, verb, work, kind = 'danger') {
  formDialog({ title, lead, verb, kind, submit: work });
}

/** The state of the limit of calls, for the side. */
export function callsLeft() {
  const box = make('p', { class: 'calls' });
  const draw = () => {
    const wait = Math.ceil((limits.pausedUntil - Date.now()) / 1000);
    if (wait > 0) {
      fill(
        box,
        make('strong', {}, 'Too many calls'),
        wait < 120 ? `; they go on in ${wait} s` : `; they go on in ${Math.ceil(wait / 60)} min`,
      );
      setTimeout(draw, 1000);
    } else if (limits.limit) {
      fill(box, `${count(limits.remaining)} of ${count(limits.limit)} calls left`);
    }
  };
  limits.addEventListener('change', draw);
  draw();
  return box;
}
