// A model: its figures, curves and plots, its files, predictions, the output and the state of its run.

import { get, local, patch, path, poll, post, remove, session } from '/ui/api.js';
import {
  bytes,
  count,
  duration,
  figure,
  fill,
  isNumber,
  make,
  plural,
  time,
  toast,
} from '/ui/dom.js';
import {
  ask,
  button,
  command,
  copyButton,
  doing,
  facts,
  failureBox,
  field,
  formDialog,
  head,
  isBusy,
  pagedTable,
  pending,
  section,
  state,
  table,
  tabs,
  task,
  visibility,
} from '/ui/parts.js';
import { details, lineChart, plot, plotList } from '/ui/charts.js';
import { palette, swatch } from '/ui/annotations.js';
import { starButton } from '/ui/datasets.js';
import { exportsOf } from '/ui/exporting.js';
import { predictForm } from '/ui/predicting.js';
import { epochsOf, projectOptions } from '/ui/projects.js';
import { startTraining } from '/ui/training.js';

/** How often the state of a run is asked for, in seconds. */
const PERIOD = 10;

/** `/{owner}/{project}/{model}`. */
export async function model(context) {
  const { signal, query } = context;
  const [owner, project, slug] = context.parts;
  const address = `/${owner}/${project}/${slug}`;
  const parts = ['models', owner, project, slug];
  const found = await get(path(parts), signal);
  const one = found.model;
  const { isOwner } = found;
  context.title(one.name);
  const tab = query.get('tab') ?? 'training';
  const link = (id) => (id === 'training' ? address : `${address}?tab=${id}`);
  const body = make('div', { class: 'tab' });
  const status = make('span', {}, state(one.status));
  const view = { context, parts, one, isOwner, address };
  const draw = () =>
    fill(
      body,
      (
        {
          training: trainingTab,
          predict: predictTab,
          files: filesTab,
          output: outputTab,
          details: detailsTab,
        }[tab] ?? trainingTab
      )(view),
    );
  draw();
  const run = make('div', {});
  if (isBusy(one.status) && isOwner)
    watchRun(view, run, async (job) => {
      // The figures are asked for anew only when the run has come further.
      const step = `${job?.status}:${job?.progress?.currentEpoch}`;
      if (step === view.step && tab !== 'output') return;
      const first = view.step === undefined;
      view.step = step;
      if (first && tab !== 'output') return;
      if (!isBusy(job?.status)) {
        context.reload();
        return;
      }
      Object.assign(one, (await get(path(parts), signal)).model);
      fill(status, state(one.status));
      const opened = body.contains(document.activeElement) || body.querySelector('details[open]');
      if (['training', 'output'].includes(tab) && !opened) draw();
    });
  return [
    head({
      crumbs: [
        [owner, `/${owner}`],
        [one.projectName, `/${owner}/${project}`],
      ],
      title: one.name,
      facts: [
        task(one.task),
        visibility(one.visibility),
        status,
        one.hasWeights ? `weights ${bytes(one.file?.size)}` : 'no weights yet',
        one.classNames ? plural(one.classNames.length, 'class', 'classes') : null,
        make('span', {}, 'changed ', time(one.updatedAt)),
      ],
      actions: [
        starButton('models', [owner, project, slug], one),
        session.key ? button('Clone', () => cloneDialog(view)) : null,
        isOwner ? button('Settings', () => settingsDialog(view)) : null,
        isOwner ? button('Trash', () => trashDialog(view)) : null,
        isOwner && !isBusy(one.status) ? button('Train', () => startTraining(view)) : null,
        one.hasWeights ? downloadButton(view) : null,
      ],
    }),
    one.description ? make('p', { class: 'description' }, one.description) : null,
    one.trainingError
      ? make(
          'p',
          { class: 'notice bad', role: 'alert' },
          make('strong', {}, 'The training failed. '),
          one.trainingError.message,
        )
      : null,
    run,
    tabs(
      'Parts of the model',
      [
        ['training', 'Training', link('training')],
        ['predict', 'Try it', link('predict')],
        ['files', 'Files and exports', link('files')],
        ['output', 'Output', link('output')],
        ['details', 'Details', link('details')],
      ],
      tab,
    ),
    body,
  ];
}

/* The run */

/** Shows how far a run is, and asks again until it has ended. */
export function watchRun(view, box, changed) {
  const { context, parts } = view;
  const look = async () => {
    const answer = await get(path([...parts, 'training']), context.signal);
    const job = answer?.job ?? answer?.data ?? null;
    fill(box, job ? runState(view, job) : null);
    await changed?.(job);
    return Boolean(job) && isBusy(job.status);
  };
  const start = async () => {
    try {
      if (await look()) await poll(look, PERIOD, context.signal);
    } catch (error) {
      if (!context.signal.aborted) fill(box, failureBox(error, start));
    }
  };
  start();
}

/** How far a run is, with a button that cancels it; the view has the context and the path's parts. */
export function runState(view, job) {
  const { currentEpoch = 0, totalEpochs = 0, percentage = 0 } = job.progress ?? {};
  const timing = job.timing ?? {};
  const cancel = isBusy(job.status)
    ? button(
        'Cancel the run',
        () =>
          ask(
            'Cancel the run?',
            'It ends after the batch under way; what it has learned until then is kept.',
            'Cancel the run',
            async () => {
              const done = await remove(path([...view.parts, 'training']));
              toast(done?.warning ?? 'Cancelled.');
              view.context.reload();
            },
          ),
        { kind: 'small' },
      )
    : null;
  return make(
    'section',
    { class: 'run', 'aria-label': view.label ?? 'Run' },
    view.title ?? null,
    make(
      'div',
      { class: 'run-head' },
      make(
        'p',
        {},
        state(job.status),
        ` · epoch ${count(currentEpoch)} of ${count(totalEpochs)}`,
        isNumber(timing.etaMs) && timing.etaMs > 0 && job.status === 'running'
          ? ` · ${duration(timing.etaMs)} left`
          : '',
        isNumber(timing.timePerEpochMs) && timing.timePerEpochMs > 0
          ? ` · ${duration(timing.timePerEpochMs)} an epoch`
          : '',
        job.compute?.gpuDisplayName ? ` · ${job.compute.gpuDisplayName}` : '',
      ),
      cancel,
    ),
    make('progress', {
      max: '100',
      value: isNumber(percentage) ? percentage : 0,
      'aria-label': `${Math.round(percentage)} % of the run`,
    }),
    job.error ? make('p', { class: 'notice bad' }, job.error.message) : null,
  );
}

/* Curves */

const nice = (name) =>
  name
    .replace(/^(metrics|train|val|lr)\//, '')
    .replace(/\(B\)$/, '')
    .replace(/_/g, ' ');

/** The charts of a training: losses of both parts together, metrics, learning rates. */
function curveCharts(results) {
  const epochs = [...results].sort((a, b) => a.epoch - b.epoch);
  const names = [...new Set(epochs.flatMap((row) => Object.keys(row.metrics ?? {})))];
  const line = (name) => epochs.map((row) => [row.epoch + 1, row.metrics?.[name]]);
  const used = new Set();
  const charts = [];
  const add = (title, list, options = {}) => {
    const series = list
      .filter(([name]) => names.includes(name))
      .map(([name, label]) => {
        used.add(name);
        return { name: label, points: line(name) };
      });
    if (series.length) charts.push(lineChart({ title, series, ...options }));
  };
  const unit = { low: 0 };
  for (const [suffix, what] of [
    ['(B)', 'boxes'],
    ['(M)', 'masks'],
    ['(P)', 'keypoints'],
  ]) {
    add(
      `mAP of ${what}`,
      [
        [`metrics/mAP50${suffix}`, 'mAP50'],
        [`metrics/mAP50-95${suffix}`, 'mAP50-95'],
      ],
      unit,
    );
    add(
      `Precision and recall of ${what}`,
      [
        [`metrics/precision${suffix}`, 'precision'],
        [`metrics/recall${suffix}`, 'recall'],
      ],
      unit,
    );
  }
  add(
    'mAP',
    [
      ['mAP50', 'mAP50'],
      ['mAP50-95', 'mAP50-95'],
    ],
    unit,
  );
  add(
    'Precision and recall',
    [
      ['precision', 'precision'],
      ['recall', 'recall'],
    ],
    unit,
  );
  add(
    'Accuracy',
    [
      ['metrics/accuracy_top1', 'top 1'],
      ['metrics/accuracy_top5', 'top 5'],
    ],
    unit,
  );
  for (const name of names.filter((one) => one.startsWith('train/'))) {
    const what = name.slice('train/'.length);
    add(
      nice(name).replace(/^./, (letter) => letter.toUpperCase()),
      [
        [name, 'training'],
        [`val/${what}`, 'evaluation'],
      ],
    );
  }
  add(
    'Learning rate',
    names.filter((one) => one.startsWith('lr/')).map((one) => [one, nice(one)]),
    unit,
  );
  for (const name of names.filter((one) => !used.has(one)).slice(0, 24))
    add(nice(name), [[name, nice(name)]]);
  if (epochs.some((row) => isNumber(row.fitness))) {
    charts.push(
      lineChart({
        title: 'Fitness',
        series: [{ name: 'fitness', points: epochs.map((row) => [row.epoch + 1, row.fitness]) }],
        low: 0,
      }),
    );
  }
  return charts;
}

function trainingTab(view) {
  const { one } = view;
  const metrics = Object.entries(one.metrics ?? {}).filter(([, value]) => isNumber(value));
  const results = (one.trainResults ?? []).filter((row) => row && isNumber(row.epoch));
  const plots = plotList(one.plots);
  const drawn = plots.map((entry) => plot(entry, one.classNames)).filter(Boolean);
  return [
    metrics.length
      ? section(
          'Metrics',
          make(
            'div',
            { class: 'tiles' },
            metrics
              .slice(0, 24)
              .map(([name, value]) =>
                make(
                  'div',
                  { class: 'tile' },
                  make('span', { class: 'tile-name' }, nice(name)),
                  make('span', { class: 'tile-value' }, figure(value)),
                ),
              ),
          ),
        )
      : null,
    results.length
      ? section(
          'Curves',
          make(
            'p',
            { class: 'hint' },
            `${epochsOf(one)} epochs${isNumber(one.bestEpoch) ? `, the best one is ${count(one.bestEpoch + 1)}` : ''}.`,
          ),
          make('div', { class: 'charts' }, curveCharts(results)),
          details('All epochs as a table', () => epochTable(results)),
        )
      : null,
    drawn.length ? section('Plots', make('div', { class: 'charts' }, drawn)) : null,
    !metrics.length && !results.length && !drawn.length
      ? make(
          'p',
          { class: 'empty' },
          one.hasWeights
            ? 'The checkpoint was uploaded; no training of it was reported here.'
            : 'Not trained yet.',
        )
      : null,
    one.trainArgs ? section('Arguments', argumentTable(one.trainArgs)) : null,
  ];
}

function epochTable(results) {
  const epochs = [...results].sort((a, b) => a.epoch - b.epoch);
  const names = [...new Set(epochs.flatMap((row) => Object.keys(row.metrics ?? {})))].slice(0, 40);
  return pagedTable(
    'All epochs',
    [
      { name: 'Epoch', kind: 'number', cell: (row) => count(row.epoch + 1) },
      ...names.map((name) => ({
        name,
        kind: 'number',
        cell: (row) => figure(row.metrics?.[name]),
      })),
      { name: 'Fitness', kind: 'number', cell: (row) => figure(row.fitness) },
    ],
    epochs,
  );
}

const asText = (value) =>
  value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value);

function argumentTable(values) {
  const list = Object.entries(values);
  const first = ['model', 'data', 'task', 'epochs', 'imgsz', 'batch', 'device', 'optimizer', 'lr0'];
  const known = first.filter((name) => name in values).map((name) => [name, asText(values[name])]);
  return [
    facts(known),
    list.length > known.length
      ? details(`All ${count(list.length)} arguments`, () =>
          pagedTable(
            'Arguments',
            [
              { name: 'Argument', cell: ([name]) => make('code', {}, name) },
              { name: 'Value', kind: 'grow', cell: ([, value]) => asText(value) },
            ],
            list.sort(([a], [b]) => (a < b ? -1 : 1)),
            { size: 60 },
          ),
        )
      : null,
  ];
}

/* The other parts */

function predictTab(view) {
  if (!view.one.hasWeights)
    return make('p', { class: 'empty' }, 'Without weights there is nothing to try.');
  return predictForm({
    address: path([...view.parts, 'predict']),
    context: view.context,
    model: view.one,
  });
}

function downloadButton({ parts, context, one }) {
  const download = button(
    'Download',
    () =>
      doing(download, async () => {
        const { files } = await get(path([...parts, 'files']), context.signal);
        const link = make('a', { href: local(files[0].downloadUrl), download: files[0].name });
        document.body.append(link);
        link.click();
        link.remove();
      }),
    { kind: 'main', title: `${one.slug}.pt` },
  );
  return download;
}

function filesTab(view) {
  const { context, parts, one, isOwner } = view;
  const [, owner, project, slug] = parts;
  return [
    section(
      'Weights',
      one.hasWeights
        ? pending(
            'files',
            async () => {
              const { files } = await get(path([...parts, 'files']), context.signal);
              return table(
                'Files',
                [
                  { name: 'File', kind: 'grow', cell: (row) => row.name },
                  { name: 'Size', kind: 'number', cell: (row) => bytes(row.size) },
                  { name: 'Address usable until', kind: 'fit', cell: (row) => time(row.expiresAt) },
                  {
                    name: '',
                    kind: 'fit',
                    cell: (row) =>
                      make(
                        'div',
                        { class: 'actions' },
                        make(
                          'a',
                          {
                            class: 'button small',
                            href: local(row.downloadUrl),
                            download: row.name,
                          },
                          'Download',
                        ),
                        copyButton(row.downloadUrl, 'Copy the address'),
                      ),
                  },
                ],
                files,
              );
            },
            context.signal,
          )
        : make('p', { class: 'empty' }, 'No weights yet.'),
    ),
    section(
      'Use it',
      command(
        `yolo predict model=ul://${owner}/${project}/${slug} source=image.jpg`,
        'Prediction with the model',
      ),
      command(`YOLO("ul://${owner}/${project}/${slug}")`, 'Loading from Python'),
    ),
    section(
      'Exports',
      exportsOf({ context, parts, model: one, canStart: isOwner && one.hasWeights }),
    ),
  ];
}

/* Terminal colors are told as classes; what else is a control is left out. */
function terminal(text) {
  const out = [];
  let kind = null;
  const pattern = /\x1b\[([0-9;]*)m|\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g;
  let last = 0;
  const push = (piece) => {
    if (piece) out.push(kind ? make('span', { class: kind }, piece) : piece);
  };
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    push(text.slice(last, match.index));
    last = pattern.lastIndex;
    if (match[1] === undefined) continue;
    for (const code of match[1].split(';').map(Number)) {
      if (code === 0) kind = null;
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) kind = `ansi${code % 10}`;
      else if (code === 1) kind = kind ?? 'ansi-bold';
    }
  }
  push(text.slice(last));
  return out;
}

/** The maximum number of lines of output that the document holds. */
const LINES = 1500;

function outputTab(view) {
  const { one, isOwner } = view;
  const chunks = [...(one.consoleChunks ?? [])].sort((a, b) => a.chunkId - b.chunkId);
  if (!isOwner) return make('p', { class: 'empty' }, 'The output of a run is for its owner.');
  if (!chunks.length) return make('p', { class: 'empty' }, 'No run has sent any output.');
  const lines = chunks
    .map((chunk) => String(chunk.content ?? '').replace(/\n$/, ''))
    .join('\n')
    .split('\n');
  const shown = lines.slice(-LINES);
  const omitted = lines.length - shown.length;
  const box = make(
    'pre',
    {
      class: 'output',
      tabindex: '0',
      role: 'log',
      'aria-label': 'Output of the run',
      'aria-live': 'off',
    },
    terminal(shown.join('\n')),
  );
  requestAnimationFrame(() => {
    box.scrollTop = box.scrollHeight;
  });
  return [
    make(
      'div',
      { class: 'bar-row' },
      make(
        'p',
        { class: 'hint' },
        `${plural(lines.length, 'line')}${omitted ? `, the last ${count(LINES)} of them` : ''}${one.omittedConsoleChunks ? `; ${plural(one.omittedConsoleChunks, 'part')} came before` : ''}.`,
      ),
      copyButton(lines.join('\n').replace(/\x1b\[[0-9;?]*[A-Za-z]/g, ''), 'Copy all'),
    ),
    box,
  ];
}

function detailsTab(view) {
  const { one } = view;
  const colors = palette();
  const environment =
    one.environment && typeof one.environment === 'object' ? Object.entries(one.environment) : [];
  return [
    section(
      'Model',
      facts([
        ['Identifier', make('code', {}, one.id)],
        ['Address', make('code', {}, `ul://${one.owner}/${one.project}/${one.slug}`)],
        ['Parameters', isNumber(one.parameters) ? count(one.parameters) : null],
        ['Base', one.baseModel],
        ['Clone of', one.clonedFrom],
        ['Dataset', one.datasetId ? make('code', {}, one.datasetId) : null],
        ['License', one.license],
        ['Created', time(one.createdAt)],
        ['Started', one.startedAt ? time(one.startedAt) : null],
        ['Completed', one.completedAt ? time(one.completedAt) : null],
        [
          'Cost',
          isNumber(one.computeCost?.costCents)
            ? `$${(one.computeCost.costCents / 100).toFixed(2)}`
            : null,
        ],
      ]),
    ),
    one.classNames?.length
      ? section(
          `${plural(one.classNames.length, 'class', 'classes')}`,
          make(
            'ul',
            { class: 'class-list' },
            one.classNames
              .slice(0, 500)
              .map((name, index) => make('li', {}, swatch(colors, index), make('span', {}, name))),
          ),
          one.classNames.length > 500
            ? make('p', { class: 'hint' }, `${count(one.classNames.length - 500)} more.`)
            : null,
        )
      : null,
    environment.length
      ? section(
          'Where it was trained',
          facts(environment.slice(0, 60).map(([name, value]) => [name, asText(value)])),
        )
      : null,
  ];
}

/* Dialogs */

async function cloneDialog({ context, parts, one }) {
  const options = await projectOptions(context.signal).catch(() => []);
  formDialog({
    title: `Clone ${one.name}`,
    verb: 'Clone',
    fields: [
      options.length
        ? field({ name: 'project', label: 'Into the project', options, value: options[0][0] })
        : field({ name: 'project', label: 'Into the project (slug)', required: true }),
      field({
        name: 'name',
        label: 'Name of the copy',
        value: one.name,
        required: true,
        maxlength: '100',
      }),
    ],
    async submit(values) {
      const made = await post(path([...parts, 'clone']), values);
      toast('Cloned.');
      context.go(`/${made.owner}/${made.project}/${made.model}`);
    },
  });
}

function settingsDialog({ context, parts, one }) {
  formDialog({
    title: 'Settings of the model',
    fields: [
      field({
        name: 'name',
        label: 'Name',
        value: one.name,
        required: true,
        maxlength: '100',
        hint: 'A new name means a new address.',
      }),
      field({
        name: 'description',
        label: 'Description',
        type: 'textarea',
        value: one.description,
        maxlength: '1000',
      }),
      field({ name: 'license', label: 'License', value: one.license, maxlength: '100' }),
    ],
    async submit(values) {
      const changes = {
        description: values.description ?? '',
        license: values.license ?? undefined,
      };
      if (values.name !== one.name) changes.name = values.name;
      const { model: slug } = await patch(path(parts), changes);
      toast('Saved.');
      context.go(`/${one.owner}/${one.project}/${slug ?? one.slug}${location.search}`, {
        replace: true,
      });
    },
  });
}

function trashDialog({ context, parts, one }) {
  ask(
    `Move ${one.name} into the trash?`,
    'It can be restored for 30 days. Its deployments are stopped.',
    'Move into the trash',
    async () => {
      await remove(path(parts));
      toast('It is in the trash.');
      context.go(`/${one.owner}/${one.project}`);
    },
  );
}
