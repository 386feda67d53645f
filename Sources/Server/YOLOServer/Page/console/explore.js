// What is public, and what an account has.

import { get, path, session } from '/ui/api.js';
import { bytes, count, make, plural, time } from '/ui/dom.js';
import { field, head, pager, pending, section, table, task } from '/ui/parts.js';
import { columns as datasetColumns, filters } from '/ui/datasets.js';
import { columns as projectColumns } from '/ui/projects.js';

const SIZE = 20;

/** `/explore`. */
export function explore(context) {
  const { query, signal } = context;
  context.title('Explore');
  const [q, type, sort] = ['q', 'type', 'sort'].map((name) => query.get(name) ?? '');
  const offset = Number(query.get('offset')) || 0;
  return [
    head({ title: 'Explore', facts: ['public projects and datasets of all accounts'] }),
    filters(
      context,
      'What is public',
      field({ name: 'q', label: 'Name or description', type: 'search', value: q }),
      field({
        name: 'type',
        label: 'Kind',
        options: [['', 'all'], 'projects', 'datasets'],
        value: type,
      }),
      field({
        name: 'sort',
        label: 'Order',
        options: [
          ['', 'newest first'],
          ['stars', 'most stars'],
          ['oldest', 'oldest first'],
          ['name-asc', 'by name'],
          ['count-desc', 'largest'],
        ],
        value: sort,
      }),
    ),
    pending(
      'what is public',
      async () => {
        const found = await get(
          path(['explore', 'search'], { q, type, sort, offset, limit: SIZE }),
          signal,
        );
        const owner = {
          name: 'Owner',
          kind: 'fit',
          cell: (row) => make('a', { href: `/${row.owner}` }, row.owner),
        };
        return [
          type === 'datasets'
            ? null
            : section(
                'Projects',
                table(
                  'Public projects',
                  [
                    projectColumns[0],
                    owner,
                    {
                      name: 'Models',
                      kind: 'grow',
                      cell: (row) => (row.modelNames?.length ? row.modelNames.join(', ') : '–'),
                    },
                    { name: 'Stars', kind: 'number', cell: (row) => count(row.starCount) },
                    { name: 'Changed', kind: 'fit', cell: (row) => time(row.updatedAt) },
                  ],
                  found.projects,
                  { empty: 'No public project is like that.' },
                ),
              ),
          type === 'projects'
            ? null
            : section(
                'Datasets',
                table(
                  'Public datasets',
                  [
                    datasetColumns[0],
                    owner,
                    { name: 'Task', cell: (row) => task(row.task) },
                    { name: 'Images', kind: 'number', cell: (row) => count(row.imageCount) },
                    { name: 'Size', kind: 'number', cell: (row) => bytes(row.totalBytes) },
                    { name: 'Stars', kind: 'number', cell: (row) => count(row.starCount) },
                    { name: 'Changed', kind: 'fit', cell: (row) => time(row.updatedAt) },
                  ],
                  found.datasets,
                  { empty: 'No public dataset is like that.' },
                ),
              ),
          make(
            'nav',
            { class: 'pager', 'aria-label': 'Parts of the list' },
            offset > 0
              ? make(
                  'a',
                  {
                    class: 'button small',
                    href: context.with({ offset: Math.max(0, offset - SIZE) || null }),
                  },
                  'Previous',
                )
              : null,
            found.hasMore
              ? make(
                  'a',
                  { class: 'button small', href: context.with({ offset: offset + SIZE }) },
                  'Next',
                )
              : null,
          ),
        ];
      },
      signal,
    ),
  ];
}

/** `/{owner}` and `/{owner}/datasets`: what an account has, as far as whoever asks may see it. */
export async function owner(context) {
  const { signal, query } = context;
  const [name] = context.parts;
  const isMine = session.account?.username === name;
  const onlySets = context.address.endsWith('/datasets');
  const page = Number(query.get('page')) || 1;
  const sets = await get(path(['datasets', name], { limit: SIZE, page }), signal);
  context.title(onlySets ? `Datasets of ${name}` : name);
  const hidden = ['Visible', 'State'];
  const shown = (list) => (isMine ? list : list.filter((column) => !hidden.includes(column.name)));
  return [
    head({
      crumbs: onlySets ? [[name, `/${name}`]] : [],
      title: onlySets ? 'Datasets' : name,
      facts: [plural(sets.total, 'dataset'), isMine ? 'this is you' : 'what is public'],
    }),
    onlySets
      ? null
      : section(
          'Projects',
          pending(
            'projects',
            async () => {
              const found = await get(path(['projects', name], { limit: SIZE, page }), signal);
              return [
                table('Projects', shown(projectColumns), found.projects, {
                  empty: isMine ? 'No project yet.' : 'No public project.',
                }),
                pager({ total: found.total, page, limit: SIZE }, (number) =>
                  context.with({ page: number }),
                ),
              ];
            },
            signal,
          ),
        ),
    section(
      onlySets ? 'All' : 'Datasets',
      table('Datasets', shown(datasetColumns), sets.datasets, {
        empty: isMine ? 'No dataset yet.' : 'No public dataset.',
      }),
      pager({ total: sets.total, page, limit: SIZE }, (number) => context.with({ page: number })),
    ),
  ];
}
