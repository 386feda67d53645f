// The projects and the models of the account, and the dialogs that create and change them.

import { get, patch, path, post, remove, send, session } from '/ui/api.js';
import { bytes, count, figure, fill, isNumber, make, time, toast } from '/ui/dom.js';
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
import { filters, visibilityField } from '/ui/datasets.js';
import { progressBar } from '/ui/upload.js';

const SIZE = 25;

export const columns = [
  {
    name: 'Name',
    kind: 'grow',
    cell: (row) => make('a', { href: `/${row.owner}/${row.slug}`, title: row.name }, row.name),
  },
  { name: 'Models', kind: 'number', cell: (row) => count(row.modelCount) },
  { name: 'Size', kind: 'number', cell: (row) => bytes(row.totalBytes) },
  { name: 'Visible', cell: (row) => visibility(row.visibility) },
  { name: 'Stars', kind: 'number', cell: (row) => count(row.starCount) },
  { name: 'Changed', kind: 'fit', cell: (row) => time(row.updatedAt) },
];

/** `/projects`. */
export function list(context) {
  const { query, signal } = context;
  context.title('Projects');
  const page = Number(query.get('page')) || 1;
  return [
    head({
      title: 'Projects',
      actions: [button('New project', () => create(context), { kind: 'main' })],
    }),
    pending(
      'projects',
      async () => {
        const { data, meta } = await get(path(['projects'], { page, limit: SIZE }), signal);
        return [
          table('Projects', columns, data, {
            empty:
              'No project yet. A project holds models: make one, then send a checkpoint to it or train into it.',
          }),
          pager(meta, (number) => context.with({ page: number })),
        ];
      },
      signal,
    ),
  ];
}

/** The first of the metrics that a model is judged by. */
export function score(model) {
  const metrics = model.metrics ?? {};
  for (const name of ['mAP50-95', 'accuracy_top1', 'mIoU', 'fitness']) {
    const found = Object.keys(metrics).find(
      (key) => key === name || key.startsWith(`metrics/${name}`) || key.startsWith(name),
    );
    if (found && isNumber(metrics[found])) return [name, metrics[found]];
  }
  return isNumber(model.bestFitness) ? ['fitness', model.bestFitness] : null;
}

export function epochsOf(model) {
  const done = model.trainResults?.length ?? model.epochCount;
  if (!model.epochs && !done) return '–';
  if (done === undefined || done === null) return count(model.epochs);
  return model.epochs ? `${count(done)} of ${count(model.epochs)}` : count(done);
}

export const modelColumns = (address, withProject = false) =>
  [
    {
      name: 'Name',
      kind: 'grow',
      cell: (row) => make('a', { href: address(row), title: row.name }, row.name),
    },
    withProject
      ? {
          name: 'Project',
          kind: 'fit',
          cell: (row) => make('a', { href: `/${row.owner}/${row.project}` }, row.projectName),
        }
      : null,
    { name: 'Task', cell: (row) => task(row.task) },
    { name: 'State', cell: (row) => state(row.status) },
    { name: 'Epochs', kind: 'number', cell: epochsOf },
    {
      name: 'Score',
      kind: 'number',
      cell: (row) => {
        const found = score(row);
        return found ? make('span', { title: found[0] }, figure(found[1])) : '–';
      },
    },
    {
      name: 'Weights',
      kind: 'number',
      cell: (row) => (row.hasWeights ? bytes(row.file?.size) : '–'),
    },
    { name: 'Changed', kind: 'fit', cell: (row) => time(row.updatedAt) },
  ].filter(Boolean);

/** `/models`. */
export function models(context) {
  const { query, signal } = context;
  context.title('Models');
  const [kind, status] = [query.get('task') ?? '', query.get('status') ?? ''];
  const page = Number(query.get('page')) || 1;
  return [
    head({ title: 'Models', facts: ['of all projects'] }),
    filters(
      context,
      'Models',
      field({
        name: 'task',
        label: 'Task',
        options: [['', 'all'], 'detect', 'segment', 'semantic', 'depth', 'classify', 'pose', 'obb'],
        value: kind,
      }),
      field({
        name: 'status',
        label: 'State',
        options: [
          ['', 'all'],
          'untrained',
          'pending',
          'starting',
          'running',
          'completed',
          'failed',
          'cancelled',
        ],
        value: status,
      }),
    ),
    pending(
      'models',
      async () => {
        const { data, meta } = await get(
          path(['models'], { page, limit: SIZE, task: kind, status }),
          signal,
        );
        return [
          table(
            'Models',
            modelColumns((row) => `/${row.owner}/${row.project}/${row.slug}`, true),
            data,
            { empty: 'No model is like that.' },
          ),
          pager(meta, (number) => context.with({ page: number })),
        ];
      },
      signal,
    ),
  ];
}

function create(context) {
  formDialog({
    title: 'New project',
    verb: 'Create',
    fields: [
      field({ name: 'name', label: 'Name', required: true, maxlength: '100' }),
      field({ name: 'description', label: 'Description', type: 'textarea', maxlength: '1000' }),
      visibilityField(),
    ],
    async submit(values) {
      const { data } = await post(path(['projects']), values);
      context.go(`/${data.owner}/${data.slug}`);
    },
  });
}

export function projectSettings(context, project) {
  formDialog({
    title: 'Settings of the project',
    fields: [
      field({
        name: 'name',
        label: 'Name',
        value: project.name,
        required: true,
        maxlength: '100',
        hint: 'A new name means a new address.',
      }),
      field({
        name: 'description',
        label: 'Description',
        type: 'textarea',
        value: project.description,
        maxlength: '1000',
      }),
      field({ name: 'license', label: 'License', value: project.license, maxlength: '100' }),
      visibilityField(project.visibility),
    ],
    async submit(values) {
      const changes = {
        ...values,
        description: values.description ?? '',
        license: values.license ?? undefined,
      };
      if (changes.name === project.name) delete changes.name;
      const { project: slug } = await patch(
        path(['projects', project.owner, project.slug]),
        changes,
      );
      toast('Saved.');
      context.go(`/${project.owner}/${slug ?? project.slug}`, { replace: true });
    },
  });
}

export function projectClone(context, project) {
  formDialog({
    title: `Clone ${project.name}`,
    verb: 'Clone',
    lead: 'The copy is yours, with the models that are complete.',
    fields: [
      field({
        name: 'name',
        label: 'Name of the copy',
        value: project.name,
        required: true,
        maxlength: '100',
      }),
      visibilityField(),
    ],
    async submit(values) {
      const made = await post(path(['projects', project.owner, project.slug, 'clone']), values);
      toast('Cloned.');
      context.go(`/${made.owner}/${made.project}`);
    },
  });
}

export function projectTrash(context, project) {
  ask(
    `Move ${project.name} into the trash?`,
    `Its ${count(project.modelCount)} models go with it. They can be restored for 30 days.`,
    'Move into the trash',
    async () => {
      await remove(path(['projects', project.owner, project.slug]));
      toast('It is in the trash.');
      context.go('/projects');
    },
  );
}

/** Sends a checkpoint as a new model of a project. */
export function uploadModel(context, project) {
  const status = make('div', {});
  formDialog({
    title: 'Upload a model',
    verb: 'Upload',
    lead: 'The task, the classes and the size are read from the checkpoint.',
    fields: [
      field({
        name: 'file',
        label: 'Checkpoint (.pt)',
        type: 'file',
        accept: '.pt',
        required: true,
      }),
      field({
        name: 'name',
        label: 'Name',
        maxlength: '100',
        hint: 'Without one, that of the file.',
      }),
      status,
    ],
    async submit(values, form) {
      const data = new FormData();
      data.append('projectId', project.id);
      if (values.name) data.append('name', values.name);
      data.append('file', form.elements.file.files[0]);
      const progress = progressBar('Upload');
      fill(status, progress.box);
      try {
        const made = await send('POST', path(['models']), data, {
          signal: context.signal,
          onProgress: (sent, total) =>
            progress.show(
              sent < total ? `Sending ${bytes(sent)} of ${bytes(total)}` : 'Reading the checkpoint',
              sent < total ? sent / total : null,
            ),
        });
        toast('Uploaded.');
        context.go(`/${made.owner}/${made.project}/${made.model}`);
      } catch (error) {
        fill(status);
        throw error;
      }
    },
  });
}

/** Creates a model without weights, which a training may fill. */
export function newModel(context, project) {
  formDialog({
    title: 'New model',
    verb: 'Create',
    lead: 'It has no weights until it is trained or a checkpoint is sent.',
    fields: [
      field({ name: 'name', label: 'Name', required: true, maxlength: '100' }),
      field({
        name: 'task',
        label: 'Task',
        options: ['detect', 'segment', 'pose', 'obb', 'classify'],
        value: 'detect',
      }),
    ],
    async submit(values) {
      const made = await post(path(['models']), { ...values, projectId: project.id });
      context.go(`/${made.owner}/${made.project}/${made.model}`);
    },
  });
}

/** The projects of the account as options of a field: `[slug or identifier, name]`. */
export async function projectOptions(signal, key = 'slug') {
  const { data } = await get(path(['projects'], { limit: 100 }), signal);
  return data.map((one) => [one[key], one.name]);
}

export const isMine = (owner) => session.account?.username === owner;
