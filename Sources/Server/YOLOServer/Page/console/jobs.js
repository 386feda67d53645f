// What is under way and what was lately: trainings, files that are taken in, exports.

import { get, path, poll, remove } from '/ui/api.js';
import { count, figure, fill, make, time } from '/ui/dom.js';
import { failureBox, field, head, isBusy, pager, section, state, table, task } from '/ui/parts.js';
import { filters } from '/ui/datasets.js';
import { exportTable } from '/ui/exporting.js';
import { runState } from '/ui/model.js';
import { epochsOf, score } from '/ui/projects.js';

const PERIOD = 20;
/** Of how many runs the progress is asked for. */
const RUNS = 3;
const SIZE = 20;

/** A box that asks again while something in it is under way. */
function live(label, context, load) {
  const box = make(
    'div',
    { 'aria-busy': 'true' },
    make('p', { class: 'loading' }, `Loading ${label}…`),
  );
  const look = async () => {
    const { content, isBusy: goesOn } = await load();
    if (!box.contains(document.activeElement) || box.getAttribute('aria-busy') === 'true')
      fill(box, content);
    box.setAttribute('aria-busy', 'false');
    return goesOn;
  };
  const begin = async () => {
    try {
      if (await look()) await poll(look, PERIOD, context.signal);
    } catch (error) {
      if (context.signal.aborted) return;
      fill(box, failureBox(error, begin));
      box.setAttribute('aria-busy', 'false');
    }
  };
  box.begin = begin;
  begin();
  return box;
}

/** `/models/jobs`. */
export function jobs(context) {
  const { signal } = context;
  context.title('Jobs');
  const trainings = live('trainings', context, async () => {
    const { data } = await get(path(['models'], { limit: 50 }), signal);
    const list = data.filter(
      (one) => one.status !== 'untrained' && (one.startedAt || isBusy(one.status) || one.trainArgs),
    );
    const busy = list.filter((one) => isBusy(one.status));
    const runs = await Promise.all(
      busy.slice(0, RUNS).map(async (one) => {
        const answer = await get(path(['models', one.id, 'training']), signal);
        const job = answer?.data ?? null;
        return (
          job &&
          runState(
            {
              context,
              parts: ['models', one.id],
              label: `Run of ${one.name}`,
              title: make(
                'p',
                { class: 'run-title' },
                make('a', { href: `/${one.owner}/${one.project}/${one.slug}` }, one.name),
                ` in ${one.projectName}`,
              ),
            },
            job,
          )
        );
      }),
    );
    list.sort((a, b) => Number(isBusy(b.status)) - Number(isBusy(a.status)));
    return {
      isBusy: list.some((one) => isBusy(one.status)),
      content: [
        runs,
        table(
          'Trainings',
          [
            {
              name: 'Model',
              kind: 'grow',
              cell: (row) =>
                make('a', { href: `/${row.owner}/${row.project}/${row.slug}` }, row.name),
            },
            {
              name: 'Project',
              kind: 'fit',
              cell: (row) => make('a', { href: `/${row.owner}/${row.project}` }, row.projectName),
            },
            { name: 'Task', cell: (row) => task(row.task) },
            {
              name: 'State',
              cell: (row) =>
                make(
                  'span',
                  {},
                  state(row.status),
                  row.trainingError
                    ? make('span', { class: 'why' }, row.trainingError.message)
                    : null,
                ),
            },
            { name: 'Epochs', kind: 'number', cell: epochsOf },
            {
              name: 'Score',
              kind: 'number',
              cell: (row) => {
                const found = score(row);
                return found ? make('span', { title: found[0] }, figure(found[1])) : '–';
              },
            },
            { name: 'Started', kind: 'fit', cell: (row) => time(row.startedAt ?? row.createdAt) },
            {
              name: '',
              label: 'Output',
              kind: 'fit',
              cell: (row) =>
                make(
                  'a',
                  {
                    class: 'button small',
                    href: `/${row.owner}/${row.project}/${row.slug}?tab=output`,
                  },
                  'Output',
                ),
            },
          ],
          list,
          {
            empty:
              'No training yet. Start one from a model, or train with the official client and a project of yours.',
          },
        ),
        data.length === 50
          ? make(
              'p',
              { class: 'hint' },
              'Among the newest 50 models. ',
              make('a', { href: '/models' }, 'All models'),
            )
          : null,
      ],
    };
  });
  const files = live('files', context, async () => {
    const { data } = await get(path(['datasets'], { limit: 50 }), signal);
    const list = data.filter((one) => one.status !== 'ready' || one.processingError);
    return {
      isBusy: list.some((one) => one.status === 'processing'),
      content: table(
        'Files',
        [
          {
            name: 'Dataset',
            kind: 'grow',
            cell: (row) =>
              make('a', { href: `/${row.owner}/datasets/${row.slug}?tab=upload` }, row.name),
          },
          {
            name: 'State',
            cell: (row) =>
              make(
                'span',
                {},
                state(row.status),
                row.processingError
                  ? make('span', { class: 'why' }, row.processingError.message)
                  : null,
              ),
          },
          { name: 'Images', kind: 'number', cell: (row) => count(row.imageCount) },
          { name: 'Changed', kind: 'fit', cell: (row) => time(row.updatedAt) },
        ],
        list,
        { empty: 'No file is being taken in, and none has failed lately.' },
      ),
    };
  });
  return [
    head({ title: 'Jobs' }),
    section('Trainings', trainings),
    section('Files taken into datasets', files),
    section(
      'Exports',
      exportList(context, 10),
      make('p', { class: 'more' }, make('a', { href: '/models/exports' }, 'All exports')),
    ),
  ];
}

function exportList(context, limit) {
  const { signal, query } = context;
  const page = Number(query.get('page')) || 1;
  const status = query.get('status') ?? '';
  let names = null;
  const box = live('exports', context, async () => {
    const { data, meta } = await get(path(['exports'], { limit, page, status }), signal);
    // The answer has the identifiers of the models alone; one call tells the names of the newest.
    if (!names && data.length)
      names = new Map(
        (await get(path(['models'], { limit: 100 }), signal)).data.map((one) => [one.id, one]),
      );
    return {
      isBusy: data.some((one) => isBusy(one.status)),
      content: [
        exportTable(data, {
          modelCell: (row) => {
            const one = names.get(row.modelId);
            return one
              ? make(
                  'a',
                  { href: `/${one.owner}/${one.project}/${one.slug}?tab=files` },
                  `${one.projectName} / ${one.name}`,
                )
              : make('code', {}, row.modelId);
          },
          changed: () => box.begin(),
          removal: (row) => remove(path(['exports', row.id])),
        }),
        limit > 10 ? pager(meta, (number) => context.with({ page: number })) : null,
      ],
    };
  });
  return box;
}

/** `/models/exports`. */
export function exports(context) {
  context.title('Exports');
  return [
    head({ title: 'Exports', facts: ['a new one is started from its model'] }),
    filters(
      context,
      'Exports',
      field({
        name: 'status',
        label: 'State',
        options: [['', 'all'], 'queued', 'starting', 'running', 'completed', 'failed', 'cancelled'],
        value: context.query.get('status') ?? '',
      }),
    ),
    exportList(context, SIZE),
  ];
}
