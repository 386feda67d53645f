// Sends files into a dataset, and tells what became of the last one: what was wrong by file and line.

import { get, path, poll, post } from '/ui/api.js';
import { count, cut, fill, isNumber, make, plural, time, toast } from '/ui/dom.js';
import { button, facts, failureBox, field, pagedTable, section, state } from '/ui/parts.js';
import { dropField, progressBar, stopButton, upload } from '/ui/upload.js';

/** The part of a dataset in which its owner sends files. */
export function uploadTab(view) {
  const { context, parts, set, ingest } = view;
  if (!view.isOwner) return make('p', { class: 'empty' }, 'Only the owner sends files.');
  const status = make('div', {});
  const split = field({
    name: 'split',
    label: 'Part',
    value: '',
    options: [
      ['', 'as the file has them'],
      ['train', 'train'],
      ['val', 'val'],
      ['test', 'test'],
    ],
  });
  let file = null;
  const start = button('Send and take in', () => run(), { kind: 'main', disabled: true });
  const drop = dropField({
    id: 'archive',
    label: 'Choose an archive',
    accept: '.zip,.tar,.gz,.tgz,.ndjson',
    hint: 'ZIP, TAR or tar.gz of a YOLO dataset with data.yaml, images and labels, or directories of classes; NDJSON',
    take(one) {
      file = one;
      start.disabled = false;
    },
  });
  const run = async () => {
    const controller = new AbortController();
    context.signal.addEventListener('abort', () => controller.abort(context.signal.reason), {
      once: true,
    });
    const progress = progressBar('Upload');
    const stay = (event) => event.preventDefault();
    addEventListener('beforeunload', stay);
    fill(
      status,
      progress.box,
      make('p', { class: 'hint' }, 'Stay in this view until the file has come.'),
      stopButton(controller),
    );
    start.disabled = true;
    try {
      const sessionId = await upload(file, 'datasets', set.id, progress.show, controller.signal);
      progress.show('Waiting to be taken in', null);
      const targetSplit = split.querySelector('select').value || undefined;
      await post(path([...parts, 'ingest']), { sessionId, targetSplit }, controller.signal);
      fill(status, make('p', { class: 'notice' }, 'The file has come. It is being taken in.'));
      watch();
    } catch (error) {
      if (context.signal.aborted) return;
      fill(
        status,
        controller.signal.aborted
          ? make(
              'p',
              { class: 'notice' },
              'Stopped. Sent again, the same file uses the same ticket.',
            )
          : failureBox(error, run),
      );
      start.disabled = false;
    } finally {
      removeEventListener('beforeunload', stay);
    }
  };
  const result = make('div', {}, ingestReport(ingest));
  const watch = () => {
    const look = async () => {
      const found = await get(path(parts), context.signal);
      fill(result, ingestReport(found.ingest));
      if (found.dataset.status === 'processing') return true;
      if (found.ingest?.status === 'completed')
        toast(`${plural(found.ingest.addedCount, 'image')} added.`);
      else if (found.ingest?.error) toast(found.ingest.error, 'bad');
      context.reload();
      return false;
    };
    poll(look, 5, context.signal).catch((error) => fill(result, failureBox(error, watch)));
  };
  if (set.status === 'processing') watch();
  return [
    make('div', { class: 'upload' }, drop, split, make('div', { class: 'actions' }, start)),
    status,
    result,
  ];
}

function ingestReport(ingest) {
  if (!ingest) return null;
  const faults = ingest.faults ?? [];
  return section(
    'The last file',
    facts([
      ['File', make('span', { title: ingest.filename }, cut(ingest.filename, 60))],
      ['State', state(ingest.status)],
      ['Added', plural(ingest.addedCount, 'image')],
      ['There already', plural(ingest.repeatedCount, 'image')],
      ['Left out', plural(ingest.errorCount, 'image')],
      ['Changed', time(ingest.updatedAt)],
    ]),
    ingest.error ? make('p', { class: 'notice bad', role: 'alert' }, ingest.error) : null,
    faults.length ? faultList(faults, ingest.omittedFaults) : null,
  );
}

/** The sentence of a fault without the file and the line, which have columns of their own. */
function reason({ file, line, message }) {
  const text = String(message ?? '');
  const start = [`${file}, line ${line}: `, `${file}: `].find((one) => text.startsWith(one));
  return start ? text.slice(start.length).replace(/^./, (letter) => letter.toUpperCase()) : text;
}

/** What was wrong in a file, by file, line and reason. */
function faultList(faults, omitted) {
  const kinds = new Map();
  for (const fault of faults) kinds.set(fault.kind, (kinds.get(fault.kind) ?? 0) + 1);
  const rows = make('div', {});
  const form = make(
    'form',
    { class: 'filters', role: 'search', 'aria-label': 'Faults' },
    field({
      name: 'severity',
      label: 'Severity',
      options: [['', 'all'], 'error', 'warning'],
      value: '',
    }),
    field({
      name: 'kind',
      label: 'Reason',
      options: [
        ['', 'all'],
        ...[...kinds].map(([kind, number]) => [kind, `${kind} (${count(number)})`]),
      ],
      value: '',
    }),
    field({ name: 'text', label: 'File or sentence', type: 'search' }),
  );
  const draw = () => {
    const { severity, kind, text } = Object.fromEntries(
      [...form.elements].map((one) => [one.name, one.value]),
    );
    const wanted = text.trim().toLowerCase();
    const found = faults.filter(
      (fault) =>
        (!severity || fault.severity === severity) &&
        (!kind || fault.kind === kind) &&
        (!wanted || `${fault.file}\n${fault.message}`.toLowerCase().includes(wanted)),
    );
    fill(
      rows,
      pagedTable(
        'Faults of the file',
        [
          {
            name: 'File',
            kind: 'path',
            cell: (row) => make('span', { title: row.file }, row.file),
          },
          {
            name: 'Line',
            kind: 'number',
            cell: (row) => (isNumber(row.line) ? count(row.line) : ''),
          },
          {
            name: 'Severity',
            cell: (row) => make('span', { class: `tag ${row.severity}` }, row.severity),
          },
          { name: 'Reason', kind: 'fit', cell: (row) => row.kind },
          { name: 'Sentence', kind: 'grow', cell: (row) => reason(row) },
        ],
        found,
        { empty: 'No fault is like that.' },
      ),
    );
  };
  form.addEventListener('input', draw);
  form.addEventListener('submit', (event) => event.preventDefault());
  draw();
  return [
    make('h3', {}, 'Faults'),
    form,
    rows,
    omitted ? make('p', { class: 'hint' }, `${plural(omitted, 'more')} are not listed.`) : null,
  ];
}
