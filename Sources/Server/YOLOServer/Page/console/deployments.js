// Deployments: models that answer predictions at an address of their own.

import { get, path, poll, post, remove } from '/ui/api.js';
import { count, duration, exactTime, fill, make, percent, time, toast } from '/ui/dom.js';
import {
  ask,
  button,
  command,
  doing,
  facts,
  failureBox,
  field,
  formDialog,
  head,
  isBusy,
  pager,
  pagedTable,
  pending,
  state,
  table,
  tabs,
  task,
} from '/ui/parts.js';
import { lineChart } from '/ui/charts.js';
import { filters } from '/ui/datasets.js';
import { predictForm } from '/ui/predicting.js';

const PERIOD = 8;
const REGIONS = [
  'europe-west1',
  'europe-west3',
  'europe-north1',
  'us-central1',
  'us-east1',
  'us-west1',
  'asia-east1',
  'asia-northeast1',
  'asia-south1',
  'australia-southeast1',
  'southamerica-east1',
];

/** The model of a deployment, as a link if its names are known. */
function modelLink(row) {
  return row.owner && row.project && row.model
    ? make(
        'a',
        { href: `/${row.owner}/${row.project}/${row.model}` },
        `${row.project}/${row.model}`,
      )
    : (row.modelId ?? '–');
}

/** `/models/deployments`. */
export function list(context) {
  const { query, signal } = context;
  context.title('Deployments');
  const [status, page] = [query.get('status') ?? '', Number(query.get('page')) || 1];
  const box = make(
    'div',
    { 'aria-busy': 'true' },
    make('p', { class: 'loading' }, 'Loading deployments…'),
  );
  const look = async () => {
    const { data, meta } = await get(path(['deployments'], { status, page, limit: 25 }), signal);
    if (!box.contains(document.activeElement)) {
      fill(
        box,
        table(
          'Deployments',
          [
            {
              name: 'Name',
              kind: 'grow',
              cell: (row) => make('a', { href: `/models/deployments/${row.id}` }, row.name),
            },
            { name: 'Model', kind: 'fit', cell: modelLink },
            { name: 'Task', cell: (row) => task(row.task) },
            {
              name: 'State',
              cell: (row) =>
                make(
                  'span',
                  {},
                  state(row.status),
                  row.statusMessage ? make('span', { class: 'why' }, row.statusMessage) : null,
                ),
            },
            { name: 'Region', kind: 'fit', cell: (row) => row.region },
            {
              name: 'Instances',
              kind: 'number',
              cell: (row) =>
                `${count(row.minInstances ?? row.resources?.minInstances)}–${count(row.maxInstances ?? row.resources?.maxInstances)}`,
            },
            { name: 'Created', kind: 'fit', cell: (row) => time(row.createdAt) },
          ],
          data,
          { empty: 'No deployment yet.' },
        ),
        pager(meta, (number) => context.with({ page: number })),
      );
    }
    box.setAttribute('aria-busy', 'false');
    return data.some((row) => isBusy(row.status));
  };
  const begin = async () => {
    try {
      if (await look()) await poll(look, PERIOD, signal);
    } catch (error) {
      if (signal.aborted) return;
      fill(box, failureBox(error, begin));
      box.setAttribute('aria-busy', 'false');
    }
  };
  begin();
  return [
    head({
      title: 'Deployments',
      actions: [button('New deployment', () => create(context), { kind: 'main' })],
    }),
    filters(
      context,
      'Deployments',
      field({
        name: 'status',
        label: 'State',
        options: [['', 'all'], 'creating', 'deploying', 'ready', 'stopping', 'stopped', 'failed'],
        value: status,
      }),
    ),
    box,
  ];
}

async function create(context) {
  let found = [];
  try {
    found = (await get(path(['models'], { limit: 100 }), context.signal)).data.filter(
      (one) => one.hasWeights,
    );
  } catch (error) {
    toast(error.message, 'bad');
    return;
  }
  if (!found.length) {
    toast('A deployment needs a model with weights.', 'bad');
    return;
  }
  const regions = make(
    'datalist',
    { id: 'regions' },
    REGIONS.map((name) => make('option', { value: name })),
  );
  formDialog({
    title: 'New deployment',
    verb: 'Deploy',
    fields: [
      field({
        name: 'modelId',
        label: 'Model',
        options: found.map((one) => [one.id, `${one.projectName} / ${one.name}`]),
      }),
      field({
        name: 'name',
        label: 'Name',
        maxlength: '100',
        hint: 'Without one, that of the model.',
      }),
      field({
        name: 'region',
        label: 'Region',
        value: 'europe-west1',
        required: true,
        list: 'regions',
        hint: 'A label that the operator of the server maps to machines.',
      }),
      regions,
      field({
        name: 'minInstances',
        label: 'Instances at least',
        type: 'number',
        min: '0',
        max: '20',
        value: '0',
        hint: '0: it starts at the first request, and stops when nothing is asked.',
      }),
      field({
        name: 'maxInstances',
        label: 'Instances at most',
        type: 'number',
        min: '1',
        max: '20',
        value: '1',
      }),
    ],
    async submit(values) {
      const made = await post(path(['deployments']), { ...values, name: values.name ?? undefined });
      toast('The deployment is being created.');
      context.go(`/models/deployments/${(made.data ?? made).id}`);
    },
  });
}

/** `/models/deployments/{deployment}`. */
export async function deployment(context) {
  const { signal, query } = context;
  const [id] = context.parts;
  const parts = ['deployments', id];
  const tab = query.get('tab') ?? 'metrics';
  const status = make('span', {});
  const message = make('div', {});
  const actions = make('div', { class: 'actions' });
  let one = (await get(path(parts), signal)).data;
  context.title(one.name);
  const draw = () => {
    fill(status, state(one.status));
    fill(
      message,
      one.statusMessage
        ? make('p', { class: `notice ${one.status === 'failed' ? 'bad' : ''}` }, one.statusMessage)
        : null,
    );
    const change = (name, verb) => {
      const made = button(name, () =>
        doing(made, async () => {
          one = (await post(path([...parts, verb]))).data ?? one;
          draw();
          watch();
        }),
      );
      return made;
    };
    fill(
      actions,
      ['stopped', 'failed'].includes(one.status) ? change('Start', 'start') : null,
      ['ready', 'creating', 'deploying'].includes(one.status) ? change('Stop', 'stop') : null,
      button('Delete', () =>
        ask(
          `Delete ${one.name}?`,
          'It is deleted for good; its model stays.',
          'Delete',
          async () => {
            await remove(path(parts));
            toast('Deleted.');
            context.go('/models/deployments');
          },
        ),
      ),
    );
  };
  let isWatching = false;
  const watch = () => {
    if (isWatching || !isBusy(one.status)) return;
    isWatching = true;
    poll(
      async () => {
        one = (await get(path(parts), signal)).data;
        draw();
        return isBusy(one.status);
      },
      5,
      signal,
    )
      .catch((error) => fill(message, failureBox(error, watch)))
      .finally(() => {
        isWatching = false;
      });
  };
  draw();
  watch();
  const address = `/models/deployments/${id}`;
  const bodies = {
    metrics: () => metricsTab(context, parts, query.get('range') ?? '24h'),
    logs: () => logsTab(context, parts),
    predict: () =>
      predictForm({
        address: path(['deployments', one.owner, one.deployment ?? one.slug, 'predict']),
        context,
      }),
  };
  const resources = one.resources ?? {};
  const top = head({
    crumbs: [['deployments', '/models/deployments']],
    title: one.name,
    facts: [task(one.task), status, one.region, make('span', {}, 'created ', time(one.createdAt))],
  });
  top.append(actions);
  return [
    top,
    message,
    facts([
      ['Model', modelLink(one)],
      [
        'Instances',
        `${count(one.minInstances ?? resources.minInstances)} to ${count(one.maxInstances ?? resources.maxInstances)}`,
      ],
      ['Processors', resources.cpu],
      ['Memory', resources.memoryGi ? `${resources.memoryGi} GiB` : null],
      ['Deployed', one.deployedAt ? time(one.deployedAt) : null],
    ]),
    one.serviceUrl
      ? command(
          `curl -X POST ${one.serviceUrl}/predict -H "Authorization: Bearer ul_…" -F file=@image.jpg`,
          'Request of the deployment',
        )
      : null,
    tabs(
      'Parts of the deployment',
      [
        ['metrics', 'Metrics', address],
        ['logs', 'Logs', `${address}?tab=logs`],
        ['predict', 'Try it', `${address}?tab=predict`],
      ],
      tab,
    ),
    make('div', { class: 'tab' }, (bodies[tab] ?? bodies.metrics)()),
  ];
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function metricsTab(context, parts, range) {
  return [
    filters(
      context,
      'Time',
      field({
        name: 'range',
        label: 'Time',
        options: [
          ['1h', 'one hour'],
          ['6h', '6 hours'],
          ['24h', '24 hours'],
          ['7d', '7 days'],
          ['30d', '30 days'],
        ],
        value: range,
      }),
    ),
    pending(
      'metrics',
      async () => {
        const { data } = await get(path([...parts, 'metrics'], { range }), context.signal);
        const { summary, timeSeries } = data;
        const text = (value) =>
          (['7d', '30d'].includes(range) ? day : clock).format(new Date(value));
        const line = (name) =>
          (timeSeries?.[name] ?? []).map((one) => [Date.parse(one.timestamp), one.value]);
        const chart = (title, series, format) =>
          lineChart({
            title,
            series: series.map(([name, label]) => ({ name: label, points: line(name) })),
            xName: 'at',
            xText: text,
            isTime: true,
            low: 0,
            format,
          });
        const tile = (name, value) =>
          make(
            'div',
            { class: 'tile' },
            make('span', { class: 'tile-name' }, name),
            make('span', { class: 'tile-value' }, value),
          );
        const ms = (value) => duration(value);
        return [
          make(
            'div',
            { class: 'tiles' },
            tile('requests', count(summary.totalRequests)),
            tile('errors', `${count(summary.errorCount)} (${percent(summary.errorRate ?? 0)})`),
            tile('mean', ms(summary.avgLatencyMs)),
            tile('p50', ms(summary.p50LatencyMs)),
            tile('p95', ms(summary.p95LatencyMs)),
            tile('p99', ms(summary.p99LatencyMs)),
          ),
          make(
            'div',
            { class: 'charts' },
            chart(
              'Requests',
              [
                ['requests', 'requests'],
                ['errors', 'errors'],
              ],
              count,
            ),
            chart(
              'Latency',
              [
                ['latencyP50', 'p50'],
                ['latencyP95', 'p95'],
              ],
              ms,
            ),
            chart(
              'Processors and memory',
              [
                ['cpuUtilization', 'processors'],
                ['memoryUtilization', 'memory'],
              ],
              (value) => percent(value),
            ),
            chart('Instances', [['instanceCount', 'instances']], count),
          ),
        ];
      },
      context.signal,
    ),
  ];
}

function logsTab(context, parts) {
  const severity = context.query.get('severity') ?? '';
  const rows = [];
  const box = make('div', {});
  let token = null;
  const load = async () => {
    const answer = await get(
      path([...parts, 'logs'], { severity, limit: 100, pageToken: token }),
      context.signal,
    );
    rows.push(...answer.data);
    token = answer.meta?.nextPageToken ?? answer.nextPageToken ?? null;
    fill(
      box,
      pagedTable(
        'Logs',
        [
          { name: 'Time', kind: 'fit', cell: (row) => exactTime(row.timestamp) },
          {
            name: 'Severity',
            cell: (row) =>
              make(
                'span',
                {
                  class: `tag ${row.severity === 'WARNING' ? 'warning' : /ERROR|CRITICAL|ALERT|EMERGENCY/.test(row.severity) ? 'error' : ''}`,
                },
                row.severity,
              ),
          },
          { name: 'Message', kind: 'log', cell: (row) => row.message },
          {
            name: 'Request',
            kind: 'fit',
            cell: (row) =>
              row.httpRequest
                ? `${row.httpRequest.method} ${row.httpRequest.status} · ${duration(row.httpRequest.latencyMs)}`
                : '',
          },
        ],
        rows,
        { empty: 'No line is like that.' },
      ),
      token
        ? make(
            'div',
            { class: 'actions' },
            button('Older lines', (event) => doing(event.currentTarget, load)),
          )
        : null,
    );
  };
  return [
    filters(
      context,
      'Logs',
      field({
        name: 'severity',
        label: 'Severity',
        options: [['', 'all'], 'INFO', 'WARNING', 'ERROR', 'CRITICAL'],
        value: severity,
      }),
    ),
    pending(
      'logs',
      async () => {
        await load();
        return box;
      },
      context.signal,
    ),
  ];
}
