// What belongs to the account: keys, activity, webhooks, the trash, its data.

import { get, keepKey, local, path, poll, post, remove, session } from '/ui/api.js';
import { bytes, copy, count, fill, make, plural, time, toast } from '/ui/dom.js';
import {
  ask,
  button,
  copyButton,
  doing,
  facts,
  field,
  formDialog,
  head,
  pager,
  pending,
  section,
  show,
  table,
} from '/ui/parts.js';
import { filters } from '/ui/datasets.js';

/** `/settings/{view}`. */
export function settings(context) {
  return { keys, activity, trash, webhooks, account }[context.parts[0]](context);
}

/* Keys */

const SCOPES = [
  ['write', 'everything but keys, payments and what cannot be undone'],
  ['admin', 'everything'],
  ['read', 'everything that reads'],
  ['models', 'projects, models, exports, deployments, predictions'],
  ['datasets', 'datasets and images'],
  ['training', 'training and its reports'],
  ['predict', 'predictions alone'],
];

function keys(context) {
  context.title('Keys');
  const box = pending(
    'keys',
    async () => {
      const { data } = await get(path(['api-keys']), context.signal);
      return table(
        'Keys',
        [
          { name: 'Name', kind: 'grow', cell: (row) => row.name },
          { name: 'Key', kind: 'fit', cell: (row) => make('code', {}, `${row.keyPrefix}…`) },
          {
            name: 'Scopes',
            cell: (row) => row.scopes.map((scope) => make('span', { class: 'tag' }, scope)),
          },
          { name: 'Created', kind: 'fit', cell: (row) => time(row.createdAt) },
          {
            name: 'Used',
            kind: 'fit',
            cell: (row) => (row.lastUsedAt ? time(row.lastUsedAt) : 'never'),
          },
          {
            name: '',
            kind: 'fit',
            cell: (row) =>
              button(
                'Revoke',
                () =>
                  ask(
                    `Revoke ${row.name}?`,
                    session.key?.startsWith(row.keyPrefix)
                      ? 'This is the key that you are signed in with. Whatever uses it is refused at once, this page too.'
                      : 'Whatever uses it is refused at once. This cannot be undone.',
                    'Revoke',
                    async () => {
                      await remove(path(['api-keys', row.id]));
                      toast('Revoked.');
                      if (session.key?.startsWith(row.keyPrefix)) {
                        keepKey(null);
                        context.go('/');
                      } else box.refresh();
                    },
                  ),
                { kind: 'small', 'aria-label': `Revoke ${row.name}` },
              ),
          },
        ],
        data,
        { empty: 'No key.' },
      );
    },
    context.signal,
  );
  return [
    head({ title: 'Keys', actions: [button('New key', () => createKey(box), { kind: 'main' })] }),
    make(
      'p',
      { class: 'lead' },
      'Programs send a key as “Authorization: Bearer”. A key is shown once, when it is made; the server keeps its digest only.',
    ),
    box,
  ];
}

function createKey(box) {
  formDialog({
    title: 'New key',
    verb: 'Create',
    fields: [
      field({
        name: 'name',
        label: 'Name',
        required: true,
        maxlength: '100',
        hint: 'What uses it.',
      }),
      make(
        'fieldset',
        { class: 'scopes' },
        make('legend', {}, 'It may'),
        SCOPES.map(([name, hint]) =>
          field({
            name: `scope-${name}`,
            label: name,
            type: 'checkbox',
            hint,
            value: name === 'write',
          }),
        ),
      ),
    ],
    async submit(values) {
      const scopes = SCOPES.map(([name]) => name).filter((name) => values[`scope-${name}`]);
      const { data } = await post(path(['api-keys']), { name: values.name, scopes });
      box.refresh();
      // Once this dialog is gone.
      setTimeout(() => showKey(data), 0);
    },
  });
}

function showKey(data) {
  const text = make('code', { class: 'secret', tabindex: '0' }, data.key);
  const close = button('Done', () => dialog.close());
  const one = button('Copy', () => copy(data.key, one), { kind: 'main' });
  const dialog = make(
    'dialog',
    { 'aria-labelledby': 'new-key' },
    make(
      'div',
      { class: 'dialog-body' },
      make('h2', { id: 'new-key' }, `The key ${data.name}`),
      make('p', { class: 'lead' }, 'Copy it now: it is never shown again.'),
      text,
      make('div', { class: 'actions end' }, close, one),
    ),
  );
  dialog.addEventListener('close', () => {
    text.textContent = '';
  });
  show(dialog);
}

/* Activity */

function activity(context) {
  const { query, signal } = context;
  context.title('Activity');
  const [search, startDate, endDate, archived] = ['search', 'startDate', 'endDate', 'archived'].map(
    (name) => query.get(name) ?? '',
  );
  const page = Number(query.get('page')) || 1;
  const box = pending(
    'activity',
    async () => {
      const { data, meta } = await get(
        path(['activity'], { page, limit: 50, search, startDate, endDate, archived }),
        signal,
      );
      return [
        table(
          'Activity',
          [
            {
              name: 'What',
              kind: 'grow',
              cell: (row) => [
                row.message,
                row.seen ? null : make('span', { class: 'tag new' }, 'new'),
              ],
            },
            {
              name: 'Kind',
              kind: 'fit',
              cell: (row) => `${row.type} ${row.action}`.replace(/_/g, ' '),
            },
            { name: 'Time', kind: 'fit', cell: (row) => time(row.createdAt) },
            {
              name: '',
              kind: 'fit',
              cell: (row) => {
                const one = button(
                  row.archived ? 'Bring back' : 'Archive',
                  () =>
                    doing(one, async () => {
                      await post(path(['activity', 'archive']), {
                        eventIds: [row.id],
                        archive: !row.archived,
                      });
                      box.refresh();
                    }),
                  { kind: 'small' },
                );
                return one;
              },
            },
          ],
          data,
          { empty: 'Nothing is like that.' },
        ),
        pager(meta, (number) => context.with({ page: number })),
      ];
    },
    signal,
  );
  const seen = button('Mark all as seen', () =>
    doing(seen, async () => {
      const { data } = await post(path(['activity', 'mark-seen']), { all: true });
      toast(`${plural(data.updated, 'event')} marked.`);
      box.refresh();
    }),
  );
  return [
    head({ title: 'Activity', actions: [seen] }),
    filters(
      context,
      'Activity',
      field({ name: 'search', label: 'Name or sentence', type: 'search', value: search }),
      field({ name: 'startDate', label: 'From', type: 'date', value: startDate }),
      field({ name: 'endDate', label: 'To', type: 'date', value: endDate }),
      field({
        name: 'archived',
        label: 'Which',
        options: [
          ['', 'current'],
          ['true', 'archived'],
        ],
        value: archived,
      }),
    ),
    box,
  ];
}

/* Trash */

function trash(context) {
  const { query, signal } = context;
  context.title('Trash');
  const type = query.get('type') ?? '';
  const page = Number(query.get('page')) || 1;
  const empty = button('Empty the trash', () =>
    ask(
      'Empty the trash?',
      'Everything in it is deleted for ever.',
      'Delete everything',
      async () => {
        const { data } = await post(path(['trash', 'empty']));
        toast(`${plural(data.deletedCount, 'item')} deleted.`);
        box.refresh();
      },
    ),
  );
  const box = pending(
    'trash',
    async () => {
      const found = await get(path(['trash'], { type: type || 'all', page, limit: 50 }), signal);
      empty.disabled = found.summary.totalItems === 0;
      return [
        make(
          'p',
          { class: 'hint' },
          `${plural(found.summary.totalItems, 'item')}, ${bytes(found.summary.totalSizeBytes)}. What is here is deleted for ever after 30 days, and counts as used until then.`,
        ),
        table(
          'Trash',
          [
            { name: 'Name', kind: 'grow', cell: (row) => row.name },
            { name: 'Kind', cell: (row) => row.type },
            {
              name: 'Of',
              kind: 'fit',
              cell: (row) =>
                row.parentProject?.name ??
                (row.cascadedCount ? plural(row.cascadedCount, 'model') : ''),
            },
            { name: 'Size', kind: 'number', cell: (row) => bytes(row.sizeBytes) },
            { name: 'Thrown away', kind: 'fit', cell: (row) => time(row.trashedAt) },
            { name: 'Left', kind: 'number', cell: (row) => plural(row.daysRemaining, 'day') },
            {
              name: '',
              kind: 'fit',
              cell: (row) => {
                const back = button(
                  'Restore',
                  () =>
                    doing(
                      back,
                      async () => {
                        await post(path(['trash']), { id: row._id, type: row.type });
                        box.refresh();
                      },
                      `${row.name} is back.`,
                    ),
                  { kind: 'small' },
                );
                return make(
                  'div',
                  { class: 'actions' },
                  back,
                  button(
                    'Delete',
                    () =>
                      ask(
                        `Delete ${row.name} for ever?`,
                        'This cannot be undone.',
                        'Delete',
                        async () => {
                          await remove(path(['trash']), { id: row._id, type: row.type });
                          toast('Deleted.');
                          box.refresh();
                        },
                      ),
                    { kind: 'small' },
                  ),
                );
              },
            },
          ],
          found.items,
          { empty: 'The trash is empty.' },
        ),
        pager({ total: found.total, page: found.page, limit: found.limit }, (number) =>
          context.with({ page: number }),
        ),
      ];
    },
    signal,
  );
  return [
    head({ title: 'Trash', actions: [empty] }),
    filters(
      context,
      'Trash',
      field({
        name: 'type',
        label: 'Kind',
        options: [['', 'all'], 'project', 'model', 'dataset'],
        value: type,
      }),
    ),
    box,
  ];
}

/* Webhooks */

const EVENTS = [
  'training.started',
  'training.epoch',
  'training.completed',
  'training.failed',
  'export.completed',
];

function webhooks(context) {
  context.title('Webhooks');
  const box = pending(
    'webhooks',
    async () => {
      const answer = await get(path(['webhooks']), context.signal);
      const list = answer.data ?? answer.webhooks ?? [];
      return table(
        'Webhooks',
        [
          { name: 'Address', kind: 'grow', cell: (row) => make('code', {}, row.url) },
          {
            name: 'Events',
            cell: (row) => (row.events ?? []).map((one) => make('span', { class: 'tag' }, one)),
          },
          { name: 'Delivered', kind: 'number', cell: (row) => count(row.delivered) },
          { name: 'Waiting', kind: 'number', cell: (row) => count(row.pending) },
          { name: 'Dropped', kind: 'number', cell: (row) => count(row.dropped) },
          {
            name: 'Last attempt',
            kind: 'fit',
            cell: (row) =>
              row.lastDelivery
                ? [
                    time(row.lastDelivery.at),
                    row.lastDelivery.status ? ` · ${row.lastDelivery.status}` : '',
                    row.lastDelivery.error
                      ? make('span', { class: 'why' }, row.lastDelivery.error)
                      : null,
                  ]
                : 'none',
          },
          { name: 'Created', kind: 'fit', cell: (row) => time(row.createdAt) },
          {
            name: '',
            kind: 'fit',
            cell: (row) =>
              button(
                'Delete',
                () =>
                  ask('Delete the webhook?', row.url, 'Delete', async () => {
                    await remove(path(['webhooks', row.id]));
                    toast('Deleted.');
                    box.refresh();
                  }),
                { kind: 'small' },
              ),
          },
        ],
        list,
        { empty: 'No webhook yet.' },
      );
    },
    context.signal,
  );
  const create = () =>
    formDialog({
      title: 'New webhook',
      verb: 'Create',
      lead: 'The server sends each event to this address, signed as Standard Webhooks have it.',
      fields: [
        field({ name: 'url', label: 'Address (https)', type: 'url', required: true }),
        make(
          'fieldset',
          { class: 'scopes' },
          make('legend', {}, 'Events'),
          EVENTS.map((name) =>
            field({
              name: `event-${name}`,
              label: name,
              type: 'checkbox',
              value: name !== 'training.epoch',
            }),
          ),
        ),
      ],
      async submit(values) {
        const answer = await post(path(['webhooks']), {
          url: values.url,
          events: EVENTS.filter((name) => values[`event-${name}`]),
        });
        const made = answer.data ?? answer;
        box.refresh();
        if (made.secret)
          setTimeout(() => showKey({ name: 'that signs the webhook', key: made.secret }), 0);
      },
    });
  return [
    head({ title: 'Webhooks', actions: [button('New webhook', create, { kind: 'main' })] }),
    make('p', { class: 'lead' }, 'Another server is told of what happens here.'),
    box,
  ];
}

/* The account */

function account(context) {
  const one = session.account;
  context.title('Account');
  const state = make('div', {});
  const exportData = button('Export the data of the account', () =>
    doing(exportData, async () => {
      const answer = await post(path(['gdpr']), { action: 'export' });
      let made = answer.data ?? answer;
      if (made.jobId && !made.downloadUrl) {
        fill(state, make('p', { class: 'notice' }, 'The export is being made.'));
        await poll(
          async () => {
            const found = await get(path(['gdpr'], { jobId: made.jobId }), context.signal);
            made = { ...made, ...(found.data ?? found) };
            return !made.downloadUrl && !['failed', 'completed'].includes(made.status);
          },
          5,
          context.signal,
        );
      }
      fill(
        state,
        make(
          'p',
          { class: 'notice' },
          'The export is ',
          made.status ?? 'there',
          '. ',
          made.downloadUrl
            ? make('a', { href: local(made.downloadUrl), download: 'account.json' }, 'Download')
            : null,
          made.expiresAt ? [' until ', time(made.expiresAt)] : null,
          ' ',
          made.downloadUrl ? copyButton(made.downloadUrl, 'Copy the address') : null,
        ),
      );
    }),
  );
  return [
    head({ title: 'Account' }),
    facts([
      ['Name', one.name],
      ['Owner name', make('code', {}, one.username)],
      ['Kind', one.accountType],
      ['Plan', one.plan],
      ['Projects', count(one.counts.projects)],
      ['Models', count(one.counts.models)],
      ['Datasets', count(one.counts.datasets)],
    ]),
    section(
      'Your data',
      make(
        'p',
        {},
        'All that the server knows of the account, as one file of JSON, without the keys themselves.',
      ),
      make('div', { class: 'actions' }, exportData),
      state,
    ),
    section(
      'Delete the account',
      make(
        'p',
        {},
        'Projects, models, datasets, keys and files are deleted for ever. Bookings stay without your name.',
      ),
      make(
        'div',
        { class: 'actions' },
        button(
          'Delete the account',
          () =>
            formDialog({
              title: 'Delete the account?',
              verb: 'Delete everything',
              kind: 'danger',
              lead: `Everything of ${one.username} is deleted for ever. Write DELETE to confirm.`,
              fields: [
                field({
                  name: 'word',
                  label: 'Confirmation',
                  required: true,
                  pattern: 'DELETE',
                  autocomplete: 'off',
                }),
              ],
              async submit() {
                await post(path(['gdpr']), { action: 'delete', confirmationWord: 'DELETE' });
                keepKey(null);
                context.go('/');
              },
            }),
          { kind: 'danger' },
        ),
      ),
    ),
  ];
}
