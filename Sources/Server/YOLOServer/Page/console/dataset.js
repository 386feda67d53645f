// A dataset: its images with their labels, its classes, uploads and their faults, versions.

import { get, local, path, patch, post, session } from '/ui/api.js';
import { bytes, count, fill, make, plural, svg, time, toast } from '/ui/dom.js';
import {
  ask,
  button,
  command,
  copyButton,
  doing,
  field,
  formDialog,
  head,
  pagedTable,
  pending,
  section,
  state,
  tabs,
  task,
  visibility,
} from '/ui/parts.js';
import { palette, swatch } from '/ui/annotations.js';
import { barChart } from '/ui/charts.js';
import { cloneDialog, settingsDialog, starButton, trashDialog } from '/ui/datasets.js';
import { gallery } from '/ui/gallery.js';
import { modelColumns } from '/ui/projects.js';
import { uploadTab } from '/ui/ingest.js';

const SPLITS = ['train', 'val', 'test'];

/** `/{owner}/datasets/{dataset}`. */
export async function dataset(context) {
  const { signal, query } = context;
  const [owner, slug] = context.parts;
  const found = await get(path(['datasets', owner, slug]), signal);
  const set = found.dataset;
  const { isOwner } = found;
  context.title(set.name);
  const address = `/${owner}/datasets/${slug}`;
  const tab = query.get('tab') ?? (set.imageCount === 0 && isOwner ? 'upload' : 'images');
  const link = (id) => `${address}?tab=${id}`;
  const view = {
    context,
    set,
    isOwner,
    address,
    parts: ['datasets', owner, slug],
    colors: palette(set.classColors),
    ingest: found.ingest,
  };
  const body = make('div', { class: 'tab' });
  const parts = {
    images: imagesTab,
    classes: classesTab,
    upload: uploadTab,
    versions: versionsTab,
  };
  fill(body, await (parts[tab] ?? imagesTab)(view));
  return [
    head({
      crumbs: [
        [owner, `/${owner}`],
        ['datasets', `/${owner}/datasets`],
      ],
      title: set.name,
      facts: [
        task(set.task),
        visibility(set.visibility),
        state(set.status),
        plural(set.imageCount, 'image'),
        plural(set.classCount, 'class', 'classes'),
        plural(set.annotationCount, 'label'),
        bytes(set.totalBytes),
        make('span', {}, 'changed ', time(set.updatedAt)),
      ],
      actions: [
        starButton('datasets', [owner, slug], set),
        session.key ? button('Clone', () => cloneDialog(context, set)) : null,
        isOwner ? button('Settings', () => settingsDialog(context, set)) : null,
        isOwner ? button('Trash', () => trashDialog(context, set)) : null,
      ],
    }),
    set.description ? make('p', { class: 'description' }, set.description) : null,
    set.processingError
      ? make(
          'p',
          { class: 'notice bad', role: 'alert' },
          make('strong', {}, 'The last file was not taken in. '),
          set.processingError.message,
        )
      : null,
    splitBar(set),
    tabs(
      'Parts of the dataset',
      [
        ['images', 'Images', address],
        ['classes', 'Classes', link('classes')],
        [
          'upload',
          isOwner
            ? `Upload${found.ingest?.errorCount ? ` (${count(found.ingest.errorCount)} left out)` : ''}`
            : null,
          link('upload'),
        ],
        ['versions', 'Versions and export', link('versions')],
      ].filter(([, name]) => name),
      tab,
    ),
    body,
  ];
}

function splitBar(set) {
  const total = SPLITS.reduce((sum, name) => sum + (set.splits?.[name] ?? 0), 0);
  if (!total) return null;
  let x = 0;
  return make(
    'div',
    { class: 'splits' },
    svg(
      'svg',
      {
        class: 'split-bar',
        viewBox: '0 0 100 4',
        preserveAspectRatio: 'none',
        'aria-hidden': 'true',
      },
      SPLITS.map((name) => {
        const width = (100 * set.splits[name]) / total;
        const part = svg('rect', { class: name, x, width, height: 4 });
        x += width;
        return part;
      }),
    ),
    make(
      'p',
      { class: 'legend' },
      SPLITS.map((name) =>
        make(
          'span',
          {},
          make('i', { class: `key ${name}`, 'aria-hidden': 'true' }),
          `${name} ${count(set.splits[name])}`,
        ),
      ),
      make('span', {}, `with labels ${count(set.splits.labeled)}`),
    ),
  );
}

/* Images */

function imagesTab(view) {
  const { set } = view;
  if (!set.imageCount)
    return make(
      'p',
      { class: 'empty' },
      set.status === 'processing' ? 'A file is being taken in.' : 'No image yet.',
    );
  return gallery(view);
}

/* Classes */

function classesTab(view) {
  const { context, set, parts, colors, isOwner } = view;
  const shapesOf = make('div', { class: 'charts' });
  const box = pending(
    'classes',
    async () => {
      const found = await get(path([...parts, 'class-stats']), context.signal);
      fill(shapesOf, histograms(found.imageStats));
      shapesOf.parentElement.hidden = shapesOf.children.length === 0;
      const most = Math.max(1, ...found.classes.map((one) => one.count));
      const chosen = new Set();
      const selection = make('p', { class: 'selection', role: 'status' });
      const tools = make(
        'div',
        { class: 'actions' },
        button('Rename', () => rename(view, chosen, found.classes, box)),
        button('Merge', () => merge(view, chosen, found.classes, box)),
        button('Delete', () => deleteClasses(view, chosen, found.classes, box)),
      );
      const tell = () => {
        fill(
          selection,
          chosen.size
            ? `${plural(chosen.size, 'class', 'classes')} selected`
            : 'Select classes to rename, merge or delete them.',
        );
        for (const one of tools.children) one.disabled = chosen.size === 0;
        tools.children[0].disabled = chosen.size !== 1;
        tools.children[1].disabled = chosen.size < 2;
      };
      tell();
      return [
        isOwner ? make('div', { class: 'bar-row' }, selection, tools) : null,
        pagedTable(
          'Classes',
          [
            {
              name: 'Class',
              kind: 'grow',
              cell: (row) =>
                make(
                  isOwner ? 'label' : 'span',
                  { class: 'class-name' },
                  isOwner
                    ? make('input', {
                        type: 'checkbox',
                        checked: chosen.has(row.index),
                        onchange: (event) => {
                          chosen[event.target.checked ? 'add' : 'delete'](row.index);
                          tell();
                        },
                      })
                    : null,
                  swatch(colors, row.index),
                  make('span', {}, row.name),
                ),
            },
            { name: 'Index', kind: 'number', cell: (row) => row.index },
            { name: 'Labels', kind: 'number', cell: (row) => count(row.count) },
            { name: 'Images', kind: 'number', cell: (row) => count(row.imageCount) },
            {
              name: 'Frequency',
              kind: 'grow',
              cell: (row) =>
                svg(
                  'svg',
                  {
                    class: 'amount',
                    viewBox: '0 0 100 6',
                    preserveAspectRatio: 'none',
                    'aria-hidden': 'true',
                  },
                  svg('rect', {
                    width: Math.max(row.count ? 0.5 : 0, (100 * row.count) / most),
                    height: 6,
                    fill: colors.color(row.index),
                  }),
                ),
            },
          ],
          found.classes,
          { empty: 'No class yet.' },
        ),
      ];
    },
    context.signal,
  );
  const sizes = section('Sizes', shapesOf);
  sizes.hidden = true;
  return [box, sizes, isOwner && set.imageCount ? section('Parts', redistribution(view)) : null];
}

/** How often sizes occur, where the server counts that. */
function histograms(stats) {
  return [
    ['Labels an image', 'objectsPerImageHistogram', count],
    ['Width of images', 'widthHistogram', (value) => `${count(value)} px`],
    ['Height of images', 'heightHistogram', (value) => `${count(value)} px`],
    ['Width of boxes', 'bboxWidthHistogram', (value) => `${count(value)} px`],
    ['Height of boxes', 'bboxHeightHistogram', (value) => `${count(value)} px`],
    ['Size of files', 'fileSizeHistogram', bytes],
  ]
    .filter(([, name]) => stats[name]?.length)
    .map(([title, name, text]) => barChart(title, stats[name], text));
}

const named = (chosen, classes) => classes.filter((one) => chosen.has(one.index));

function rename({ context, set, parts }, chosen, classes) {
  const [one] = named(chosen, classes);
  formDialog({
    title: `Rename ${one.name}`,
    fields: [
      field({ name: 'name', label: 'Name', value: one.name, required: true, maxlength: '100' }),
    ],
    async submit(values) {
      await patch(path(parts), {
        classNames: set.classNames.map((name, index) => (index === one.index ? values.name : name)),
      });
      context.reload();
    },
  });
}

function merge({ context, parts }, chosen, classes) {
  const list = named(chosen, classes);
  formDialog({
    title: 'Merge classes',
    verb: 'Merge',
    lead: `${list.map((one) => one.name).join(', ')} become one class.`,
    fields: [
      field({
        name: 'target',
        label: 'Which one',
        options: list.map((one) => [String(one.index), one.name]),
      }),
    ],
    async submit(values) {
      const target = Number(values.target);
      await post(path([...parts, 'classes', 'merge']), {
        sourceClassIds: list.map((one) => one.index).filter((index) => index !== target),
        targetClassId: target,
      });
      toast('Merged.');
      context.reload();
    },
  });
}

function deleteClasses({ context, parts }, chosen, classes) {
  const list = named(chosen, classes);
  const labels = list.reduce((sum, one) => sum + one.count, 0);
  ask(
    `Delete ${plural(list.length, 'class', 'classes')}?`,
    `${list.map((one) => one.name).join(', ')}, with ${plural(labels, 'label')}. The images stay.`,
    'Delete',
    async () => {
      await post(path([...parts, 'classes', 'delete']), { classIds: list.map((one) => one.index) });
      toast('Deleted.');
      context.reload();
    },
  );
}

function redistribution({ context, parts, set }) {
  const form = make(
    'form',
    { class: 'filters', 'aria-label': 'Parts of the images' },
    [
      ['train', 80],
      ['val', 20],
      ['test', 0],
    ].map(([name, value]) =>
      field({ name, label: `${name} in %`, type: 'number', min: '0', max: '100', value }),
    ),
    button('Distribute anew', null, { type: 'submit' }),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const body = Object.fromEntries(
      SPLITS.map((name) => [name, Number(form.elements[name].value)]),
    );
    ask(
      'Distribute the images anew?',
      `All ${plural(set.imageCount, 'image')} get a part by chance: ${SPLITS.map((name) => `${name} ${body[name]} %`).join(', ')}.`,
      'Distribute',
      async () => {
        const done = await post(path([...parts, 'splits', 'redistribute']), body);
        toast(`${plural(done.modified ?? 0, 'image')} changed.`);
        context.reload();
      },
      'main',
    );
  });
  return form;
}

/* Versions */

function describe({ context, parts }, version) {
  formDialog({
    title: `Description of version ${version.version}`,
    fields: [
      field({
        name: 'description',
        label: 'Description',
        value: version.description,
        maxlength: '200',
      }),
    ],
    async submit(values) {
      await patch(path([...parts, 'export']), {
        version: version.version,
        description: values.description ?? '',
      });
      context.reload();
    },
  });
}

function versionsTab(view) {
  const { context, set, parts, isOwner } = view;
  const [, owner, slug] = parts;
  const link = make('div', {});
  const exporting = (title, work, kind = '') => {
    const one = button(
      title,
      () =>
        doing(one, async () => {
          const made = await work();
          fill(
            link,
            make(
              'div',
              { class: 'notice' },
              make(
                'p',
                {},
                `Version ${made.version ?? set.version} as NDJSON. `,
                made.expiresAt
                  ? make('span', {}, 'The address can be used until ', time(made.expiresAt), '.')
                  : null,
              ),
              make(
                'div',
                { class: 'actions' },
                make(
                  'a',
                  { class: 'button', href: local(made.downloadUrl), download: `${slug}.ndjson` },
                  'Download',
                ),
                copyButton(made.downloadUrl, 'Copy the address'),
              ),
            ),
          );
        }),
      { kind },
    );
    return one;
  };
  const versions = Array.isArray(set.versions) ? set.versions : [];
  return [
    section(
      'Use it',
      command(`yolo train data=ul://${owner}/datasets/${slug}`, 'Training with the dataset'),
      command(
        `YOLO("yolo26n.pt").train(data="ul://${owner}/datasets/${slug}")`,
        'Training from Python',
      ),
    ),
    section(
      'Export',
      make(
        'p',
        { class: 'hint' },
        'A line of JSON an image, with signed addresses of the files: what the official clients train from.',
      ),
      make(
        'div',
        { class: 'actions' },
        exporting('Make an export', () => get(path([...parts, 'export']), context.signal)),
        isOwner
          ? button('Freeze a version', () =>
              formDialog({
                title: 'Freeze a version',
                verb: 'Freeze',
                lead: 'The images and labels as they are now get a number of their own.',
                fields: [field({ name: 'description', label: 'Description', maxlength: '200' })],
                async submit(values) {
                  const made = await post(path([...parts, 'export']), {
                    description: values.description ?? undefined,
                  });
                  toast(
                    made.reused
                      ? `It is version ${made.version} already.`
                      : `Version ${made.version}.`,
                  );
                  context.reload();
                },
              }),
            )
          : null,
      ),
      link,
    ),
    section(
      'Models trained with it',
      pending(
        'models',
        async () => {
          const { models } = await get(path([...parts, 'models']), context.signal);
          return pagedTable(
            'Models trained with the dataset',
            modelColumns((row) => `/${row.owner}/${row.project}/${row.model}`),
            models,
            { size: 20, empty: 'None yet.' },
          );
        },
        context.signal,
      ),
    ),
    section(
      'Versions',
      versions.length
        ? pagedTable(
            'Versions',
            [
              { name: 'Version', kind: 'number', cell: (row) => row.version ?? row.id },
              { name: 'Description', kind: 'grow', cell: (row) => row.description ?? '' },
              {
                name: 'Images',
                kind: 'number',
                cell: (row) => count(row.imageCount ?? row.images),
              },
              { name: 'Made', kind: 'fit', cell: (row) => time(row.createdAt) },
              {
                name: '',
                kind: 'fit',
                cell: (row) =>
                  make(
                    'div',
                    { class: 'actions' },
                    exporting(
                      'Export',
                      () => get(path([...parts, 'export'], { v: row.version }), context.signal),
                      'small',
                    ),
                    isOwner
                      ? button('Describe', () => describe(view, row), { kind: 'small' })
                      : null,
                    isOwner
                      ? button(
                          'Restore',
                          () =>
                            ask(
                              `Restore version ${row.version}?`,
                              'The images and labels become what they were in it. What was changed since is lost unless a version has it.',
                              'Restore',
                              async () => {
                                const done = await post(path([...parts, 'restore']), {
                                  version: row.version,
                                });
                                toast(`${plural(done.imageCount ?? 0, 'image')} restored.`);
                                context.reload();
                              },
                            ),
                          { kind: 'small' },
                        )
                      : null,
                  ),
              },
            ],
            [...versions].sort((a, b) => (b.version ?? 0) - (a.version ?? 0)),
          )
        : make(
            'p',
            { class: 'empty' },
            `No version was frozen. The data are at change ${count(set.version)}.`,
          ),
    ),
  ];
}
