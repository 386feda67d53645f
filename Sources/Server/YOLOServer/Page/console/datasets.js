// The datasets of the account, and the dialogs that create and change one.

import { get, patch, path, post, remove, session } from '/ui/api.js';
import { bytes, count, make, time, toast } from '/ui/dom.js';
import {
  ask,
  button,
  field,
  formDialog,
  head,
  pager,
  pending,
  state,
  table,
  task,
  visibility,
} from '/ui/parts.js';

export const TASKS = [
  ['detect', 'detect: boxes'],
  ['segment', 'segment: polygons'],
  ['pose', 'pose: keypoints'],
  ['obb', 'obb: oriented boxes'],
  ['classify', 'classify: directories of classes'],
];
const SIZE = 25;

export const columns = [
  {
    name: 'Name',
    kind: 'grow',
    cell: (row) =>
      make('a', { href: `/${row.owner}/datasets/${row.slug}`, title: row.name }, row.name),
  },
  { name: 'Task', cell: (row) => task(row.task) },
  { name: 'Images', kind: 'number', cell: (row) => count(row.imageCount) },
  { name: 'Classes', kind: 'number', cell: (row) => count(row.classCount) },
  { name: 'Labels', kind: 'number', cell: (row) => count(row.annotationCount) },
  { name: 'Size', kind: 'number', cell: (row) => bytes(row.totalBytes) },
  { name: 'Visible', cell: (row) => visibility(row.visibility) },
  { name: 'State', cell: (row) => state(row.status) },
  { name: 'Changed', kind: 'fit', cell: (row) => time(row.updatedAt) },
];

/** A row of controls that change the query of the address. */
export function filters(context, label, ...controls) {
  const form = make('form', { class: 'filters', role: 'search', 'aria-label': label }, controls);
  const apply = (focus) => {
    const changes = { page: null, after: null };
    for (const control of form.elements)
      if (control.name) changes[control.name] = control.value.trim();
    const address = context.with(changes);
    if (address !== location.pathname + location.search) context.go(address, { focus });
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply(document.activeElement?.name);
  });
  form.addEventListener('change', (event) => apply(event.target.name));
  return form;
}

/** `/datasets`. */
export function list(context) {
  const { query, signal } = context;
  context.title('Datasets');
  const [search, kind] = [query.get('search') ?? '', query.get('task') ?? ''];
  const page = Number(query.get('page')) || 1;
  return [
    head({
      title: 'Datasets',
      actions: [button('New dataset', () => create(context), { kind: 'main' })],
    }),
    filters(
      context,
      'Datasets',
      field({ name: 'search', label: 'Name', type: 'search', value: search }),
      field({
        name: 'task',
        label: 'Task',
        options: [['', 'all'], ...TASKS.map(([name]) => name)],
        value: kind,
      }),
    ),
    pending(
      'datasets',
      async () => {
        const { data, meta } = await get(
          path(['datasets'], { page, limit: SIZE, search, task: kind }),
          signal,
        );
        return [
          table('Datasets', columns, data, {
            empty:
              search || kind
                ? 'No dataset is like that.'
                : 'No dataset yet. Create one, then send its images as a ZIP.',
          }),
          pager(meta, (number) => context.with({ page: number })),
        ];
      },
      signal,
    ),
  ];
}

export const visibilityField = (value = 'private') =>
  field({
    name: 'visibility',
    label: 'Visible to',
    value,
    options: [
      ['private', 'me (private)'],
      ['public', 'everybody (public)'],
    ],
  });

function create(context) {
  formDialog({
    title: 'New dataset',
    verb: 'Create',
    fields: [
      field({ name: 'name', label: 'Name', required: true, maxlength: '100' }),
      field({
        name: 'task',
        label: 'Task',
        options: TASKS,
        value: 'detect',
        hint: 'The first upload sets it by its labels.',
      }),
      field({ name: 'description', label: 'Description', type: 'textarea', maxlength: '1000' }),
      visibilityField(),
    ],
    async submit(values) {
      const { data } = await post(path(['datasets']), values);
      context.go(`/${data.owner}/datasets/${data.slug}?tab=upload`);
    },
  });
}

/** Changes the name and what else describes a dataset. */
export function settingsDialog(context, dataset) {
  formDialog({
    title: 'Settings of the dataset',
    fields: [
      field({
        name: 'name',
        label: 'Name',
        value: dataset.name,
        required: true,
        maxlength: '100',
        hint: 'A new name means a new address.',
      }),
      field({
        name: 'description',
        label: 'Description',
        type: 'textarea',
        value: dataset.description,
        maxlength: '1000',
      }),
      field({ name: 'license', label: 'License', value: dataset.license, maxlength: '100' }),
      visibilityField(dataset.visibility),
    ],
    async submit(values) {
      const changes = {
        ...values,
        description: values.description ?? '',
        license: values.license ?? undefined,
      };
      if (changes.name === dataset.name) delete changes.name;
      const { dataset: slug } = await patch(
        path(['datasets', dataset.owner, dataset.slug]),
        changes,
      );
      toast('Saved.');
      context.go(`/${dataset.owner}/datasets/${slug}${location.search}`, { replace: true });
    },
  });
}

export function cloneDialog(context, dataset) {
  formDialog({
    title: `Clone ${dataset.name}`,
    verb: 'Clone',
    lead: 'The copy is yours. The files of the images are shared, and take no room twice.',
    fields: [
      field({
        name: 'name',
        label: 'Name of the copy',
        value: dataset.name,
        required: true,
        maxlength: '100',
      }),
      visibilityField(),
    ],
    async submit(values) {
      const made = await post(path(['datasets', dataset.owner, dataset.slug, 'clone']), values);
      toast('Cloned.');
      context.go(`/${made.owner}/datasets/${made.dataset}`);
    },
  });
}

export function trashDialog(context, dataset) {
  ask(
    `Move ${dataset.name} into the trash?`,
    'It can be restored for 30 days.',
    'Move into the trash',
    async () => {
      await remove(path(['datasets', dataset.owner, dataset.slug]));
      toast('It is in the trash.');
      context.go('/datasets');
    },
  );
}

/** A button that tells and changes whether the account likes something. */
export function starButton(kind, parts, resource) {
  if (!session.key) return null;
  const one = button('', async () => {
    one.disabled = true;
    try {
      const { starred, starCount } = await patch(path([kind, ...parts]), {
        starred: !resource.isStarred,
      });
      Object.assign(resource, { isStarred: starred, starCount });
      draw();
    } catch (error) {
      toast(error.message, 'bad');
    }
    one.disabled = false;
  });
  const draw = () => {
    one.setAttribute('aria-pressed', String(Boolean(resource.isStarred)));
    one.textContent =
      `${resource.isStarred ? '★' : '☆'} Star ${resource.starCount ? `(${count(resource.starCount)})` : ''}`.trim();
  };
  draw();
  return one;
}
