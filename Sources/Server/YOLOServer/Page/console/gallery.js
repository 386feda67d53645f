// The images of a dataset as a grid with their labels, by pages, and one of them in a dialog.

import { get, local, path, patch, remove } from '/ui/api.js';
import { bytes, count, cut, fill, make, plural, toast } from '/ui/dom.js';
import { ask, button, doing, field, pending, show, facts } from '/ui/parts.js';
import { DRAWN, labelRows, overlay, shapes, shownAs, swatch } from '/ui/annotations.js';
import { filters } from '/ui/datasets.js';

const SIZE = 40;
/** The maximum number of labels that are drawn on a small image. */
const SMALL = 120;

/** The positions of the pages before this one, by dataset and filter, so that one can go back. */
const trails = new Map();

/** The images of a dataset; the filter and the page stand in the address. */
export function gallery(view) {
  const { context, set, parts } = view;
  const { query } = context;
  const [split, labeled, search, after] = ['split', 'labeled', 'search', 'after'].map(
    (name) => query.get(name) ?? '',
  );
  const wanted = query.get('class') ?? '';
  const classes = set.classNames
    .slice(0, 1000)
    .map((name, index) => [String(index), cut(name, 40)]);
  const trailName = JSON.stringify([parts, split, labeled, search, wanted]);
  const trail = trails.get(trailName) ?? [];
  return [
    filters(
      context,
      'Images',
      field({
        name: 'split',
        label: 'Part',
        options: [['', 'all'], 'train', 'val', 'test'],
        value: split,
      }),
      field({
        name: 'labeled',
        label: 'Labels',
        options: [
          ['', 'all'],
          ['true', 'with labels'],
          ['false', 'without labels'],
        ],
        value: labeled,
      }),
      field({ name: 'class', label: 'Class', options: [['', 'all'], ...classes], value: wanted }),
      field({ name: 'search', label: 'File', type: 'search', value: search }),
    ),
    pending(
      'images',
      async () => {
        const found = await get(
          path([...parts, 'images'], {
            split,
            labeled,
            search,
            cursor: after,
            limit: SIZE,
            includeLabels: true,
            classIds: wanted,
          }),
          context.signal,
        );
        const images = found.images.filter(
          (image) => wanted === '' || labelRows(image).some((row) => row[0] === Number(wanted)),
        );
        const isPartial = images.length < found.images.length;
        const position = after ? trail.indexOf(after) : -1;
        const previous = after === '' ? null : position > 0 ? trail[position - 1] : '';
        if (found.hasMore && found.nextCursor) {
          const kept = trail.slice(0, position + 1);
          if (after && position < 0) kept.push(after);
          kept.push(found.nextCursor);
          trails.set(trailName, kept.slice(-2000));
        }
        const selection = view.isOwner ? selectionBar(view) : null;
        const list = make(
          'ul',
          { class: 'gallery' },
          images.map((image, index) =>
            make(
              'li',
              {},
              card(view, image, (event) => {
                if (selection?.isOn()) selection.toggle(image.id, event.currentTarget);
                else open(view, images, index);
              }),
            ),
          ),
        );
        return [
          make(
            'p',
            { class: 'hint', role: 'status' },
            isPartial
              ? `${plural(images.length, 'image')} of this page with the class; ${plural(found.total, 'image')} before that filter.`
              : plural(found.total, 'image'),
            found.errorCount && view.isOwner
              ? [
                  ' · ',
                  make(
                    'a',
                    { href: `${view.address}?tab=upload` },
                    `${plural(found.errorCount, 'image')} of the last file left out`,
                  ),
                ]
              : null,
          ),
          images.length ? selection?.box : null,
          images.length
            ? list
            : make('p', { class: 'empty' }, 'No image on this page is like that.'),
          make(
            'nav',
            { class: 'pager', 'aria-label': 'Pages of images' },
            previous === null
              ? make('span', { class: 'button small off' }, 'Previous')
              : make(
                  'a',
                  { class: 'button small', href: context.with({ after: previous }) },
                  previous === '' ? 'First page' : 'Previous',
                ),
            found.hasMore
              ? make(
                  'a',
                  { class: 'button small', href: context.with({ after: found.nextCursor }) },
                  'Next',
                )
              : make('span', { class: 'button small off' }, 'Next'),
          ),
        ];
      },
      context.signal,
    ),
  ];
}

/** Selects images of the page, to move or delete several at once. */
function selectionBar({ context }) {
  const chosen = new Map();
  let isOn = false;
  const told = make('p', { class: 'selection', role: 'status' });
  const part = make(
    'select',
    { 'aria-label': 'Part' },
    ['train', 'val', 'test'].map((name) => make('option', { value: name }, name)),
  );
  const ids = () => [...chosen.keys()];
  const move = button(
    'Move to',
    () =>
      doing(move, async () => {
        const done = await patch(path(['images', 'bulk']), { imageIds: ids(), split: part.value });
        toast(`${plural(done.modifiedCount ?? 0, 'image')} moved.`);
        context.reload();
      }),
    { kind: 'small' },
  );
  const destroy = button(
    'Delete',
    () =>
      ask(
        `Delete ${plural(chosen.size, 'image')}?`,
        'The images and their labels are deleted for ever.',
        'Delete',
        async () => {
          const done = await remove(path(['images', 'bulk']), { imageIds: ids() });
          toast(`${plural(done.deletedCount ?? 0, 'image')} deleted.`);
          context.reload();
        },
      ),
    { kind: 'small' },
  );
  const all = button(
    'All of the page',
    () => {
      for (const one of box.parentElement.querySelectorAll('.card'))
        if (one.getAttribute('aria-pressed') !== 'true') one.click();
    },
    { kind: 'small' },
  );
  const tools = make('div', { class: 'actions' }, all, move, part, destroy);
  const toggle = button(
    'Select',
    () => {
      isOn = !isOn;
      for (const [, one] of chosen) one.removeAttribute('aria-pressed');
      chosen.clear();
      draw();
    },
    { kind: 'small' },
  );
  const draw = () => {
    toggle.setAttribute('aria-pressed', String(isOn));
    tools.hidden = !isOn;
    told.textContent = isOn ? `${plural(chosen.size, 'image')} selected` : '';
    move.disabled = chosen.size === 0;
    destroy.disabled = chosen.size === 0;
  };
  const box = make(
    'div',
    { class: 'bar-row' },
    make('div', { class: 'actions' }, toggle, told),
    tools,
  );
  draw();
  return {
    box,
    isOn: () => isOn,
    toggle(id, one) {
      if (chosen.delete(id)) one.removeAttribute('aria-pressed');
      else {
        chosen.set(id, one);
        one.setAttribute('aria-pressed', 'true');
      }
      draw();
    },
  };
}

function drawing(image, view, options) {
  const address = local(image.url);
  const list = shapes(
    view.set.task,
    labelRows(image),
    image.width,
    image.height,
    view.set.kptShape,
  );
  const box = make('span', { class: 'shot' });
  const file = shownAs(
    make('img', {
      src: address,
      alt: '',
      loading: 'lazy',
      decoding: 'async',
      width: image.width,
      height: image.height,
    }),
    image.width,
    image.height,
  );
  file.addEventListener('error', () =>
    fill(box, make('span', { class: 'broken' }, 'The image cannot be shown.')),
  );
  box.append(file, overlay(list, image.width, image.height, { colors: view.colors, ...options }));
  return { box, list };
}

const names = (view, image) => {
  const found = new Map();
  for (const row of labelRows(image)) found.set(row[0], (found.get(row[0]) ?? 0) + 1);
  return [...found]
    .map(
      ([index, number]) =>
        `${number > 1 ? `${number} × ` : ''}${view.set.classNames[index] ?? `class ${index}`}`,
    )
    .join(', ');
};

function card(view, image, onclick) {
  const content = names(view, image);
  const { box } = drawing(image, view, { limit: SMALL });
  const single =
    view.set.task === 'classify' ? view.set.classNames[labelRows(image)[0]?.[0]] : null;
  return make(
    'button',
    {
      type: 'button',
      class: 'card',
      onclick,
      title: image.filename,
      'aria-label': `${image.filename}, ${image.split}, ${content || 'no labels'}`,
    },
    box,
    make(
      'span',
      { class: 'card-name' },
      make('span', { class: 'file-name' }, image.filename),
      make(
        'span',
        { class: 'card-fact' },
        single ?? (image.labelCount ? count(image.labelCount) : '–'),
      ),
      make('span', { class: `key ${image.split}`, title: image.split }),
    ),
  );
}

/** Shows an image in a dialog; its neighbors on the page follow by the arrow keys. */
function open(view, images, start) {
  let index = start;
  const { set, isOwner, context } = view;
  const hidden = new Set();
  const body = make('div', { class: 'viewer' });
  const title = make('h2', { id: 'viewer-title' });
  const previous = button('Previous', () => step(-1), { kind: 'small' });
  const next = button('Next', () => step(1), { kind: 'small' });
  const dialog = make(
    'dialog',
    { class: 'viewing', 'aria-labelledby': 'viewer-title' },
    make(
      'div',
      { class: 'viewer-head' },
      title,
      make(
        'div',
        { class: 'actions' },
        previous,
        next,
        button('Close', () => dialog.close(), { kind: 'small' }),
      ),
    ),
    body,
  );
  /** Asks for all labels of an image of which the page has the first alone. */
  const complete = async (image) => {
    image.labelsTruncated = false;
    try {
      const { labels, rows } = await get(path(['images', image.id]), context.signal);
      Object.assign(image, { labels, rows });
      if (images[index] === image && dialog.open) draw();
    } catch (error) {
      toast(error.message, 'bad');
    }
  };
  const step = (by) => {
    const to = index + by;
    if (to < 0 || to >= images.length) return;
    index = to;
    draw();
  };
  dialog.addEventListener('keydown', (event) => {
    if (event.target.closest('select, input')) return;
    if (event.key === 'ArrowLeft') step(-1);
    else if (event.key === 'ArrowRight') step(1);
  });
  const draw = () => {
    const image = images[index];
    if (image.labelsTruncated) complete(image);
    title.textContent = image.filename;
    previous.disabled = index === 0;
    next.disabled = index === images.length - 1;
    const stage = make('div', {
      class: 'stage',
      role: 'img',
      'aria-label': `${image.filename}: ${names(view, image) || 'no labels'}`,
    });
    let lit = -1;
    let list = [];
    const drawStage = () => {
      const old = stage.querySelector('.overlay');
      if (old)
        old.replaceWith(
          overlay(list, image.width, image.height, {
            colors: view.colors,
            names: set.classNames,
            isHidden: (one) => hidden.has(one),
            lit,
          }),
        );
    };
    const shot = drawing(image, view, {
      names: set.classNames,
      isHidden: (one) => hidden.has(one),
    });
    list = shot.list;
    stage.append(...shot.box.childNodes);
    const present = [...new Set(list.map((shape) => shape.class))].sort((a, b) => a - b);
    const rows = list.slice(0, 300);
    fill(
      body,
      stage,
      make(
        'div',
        { class: 'viewer-side' },
        facts([
          ['Part', image.split],
          ['Size', `${image.width} × ${image.height}`],
          ['File', bytes(image.bytes)],
          ['Labels', count(image.labelCount)],
        ]),
        isOwner ? partForm(image, draw) : null,
        present.length
          ? make(
              'fieldset',
              { class: 'class-filter' },
              make('legend', {}, 'Classes'),
              present.slice(0, 60).map((one) =>
                make(
                  'label',
                  {},
                  make('input', {
                    type: 'checkbox',
                    checked: !hidden.has(one),
                    onchange: (event) => {
                      hidden[event.target.checked ? 'delete' : 'add'](one);
                      drawStage();
                    },
                  }),
                  swatch(view.colors, one),
                  make('span', {}, set.classNames[one] ?? `class ${one}`),
                ),
              ),
            )
          : null,
        rows.length
          ? make(
              'div',
              {},
              make('h3', {}, 'Labels'),
              make(
                'ol',
                { class: 'labels' },
                rows.map((shape, at) =>
                  make(
                    'li',
                    {},
                    make(
                      'button',
                      {
                        type: 'button',
                        class: 'plain',
                        onfocus: () => {
                          lit = at;
                          drawStage();
                        },
                        onblur: () => {
                          lit = -1;
                          drawStage();
                        },
                        onpointerenter: () => {
                          lit = at;
                          drawStage();
                        },
                        onpointerleave: () => {
                          lit = -1;
                          drawStage();
                        },
                      },
                      swatch(view.colors, shape.class),
                      make('span', {}, set.classNames[shape.class] ?? `class ${shape.class}`),
                      make('span', { class: 'numbers' }, describe(shape)),
                    ),
                  ),
                ),
              ),
              list.length > rows.length
                ? make(
                    'p',
                    { class: 'hint' },
                    `${plural(list.length - rows.length, 'more label')}${list.length > DRAWN ? `; ${count(DRAWN)} are drawn` : ''}.`,
                  )
                : null,
            )
          : null,
        isOwner
          ? make(
              'div',
              { class: 'actions' },
              button(
                'Delete the image',
                () => {
                  ask(
                    `Delete ${cut(image.filename, 60)}?`,
                    'The image and its labels are deleted for ever.',
                    'Delete',
                    async () => {
                      await remove(path(['images', image.id]));
                      toast('Deleted.');
                      dialog.close();
                      context.reload();
                    },
                  );
                },
                { kind: 'small' },
              ),
            )
          : null,
      ),
    );
  };
  draw();
  show(dialog);
}

function describe(shape) {
  const round = (value) => Math.round(value);
  if (shape.keypoints) return plural(shape.keypoints.filter(Boolean).length, 'keypoint');
  if (shape.points) return shape.isFilled ? plural(shape.points.length, 'point') : 'oriented';
  return shape.box ? `${round(shape.box[2])} × ${round(shape.box[3])} px` : '';
}

function partForm(image, redraw) {
  const one = field({
    name: 'split',
    label: 'Move to the part',
    options: ['train', 'val', 'test'],
    value: image.split,
  });
  const select = one.querySelector('select');
  select.addEventListener('change', () =>
    doing(
      select,
      async () => {
        try {
          const { split } = await patch(path(['images', image.id]), { split: select.value });
          image.split = split;
        } finally {
          redraw();
        }
      },
      'The image was moved.',
    ),
  );
  return one;
}
