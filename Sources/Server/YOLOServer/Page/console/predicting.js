// Tries a model on an image: the form, the image with its results, and the results as a table.

import { send } from '/ui/api.js';
import { count, cut, fill, isNumber, make, percent, plural, svg } from '/ui/dom.js';
import { facts, failureBox, field, pagedTable, section } from '/ui/parts.js';
import { drawMap, overlay, palette, predictedShapes, shownAs, swatch } from '/ui/annotations.js';
import { details } from '/ui/charts.js';
import { dropField } from '/ui/upload.js';

const SLIDERS = [
  ['conf', 'Confidence', 0.01, 1, 0.01, 0.25],
  ['iou', 'IoU of suppression', 0, 0.95, 0.01, 0.45],
  ['imgsz', 'Size of the input', 32, 1280, 32, 640],
];

/** A form that sends an image to `address`, and shows what is found in it. */
export function predictForm({ address, context }) {
  let file = null;
  let sending = null;
  let timer = 0;
  const colors = palette();
  const result = make(
    'div',
    { class: 'predicted' },
    make('p', { class: 'empty' }, 'The image and what the model finds in it appear here.'),
  );
  const outputs = {};
  const sliders = SLIDERS.map(([name, label, min, max, step, value]) => {
    const one = field({ name, label, type: 'range', min, max, step, value });
    const output = make('output', { for: one.querySelector('input').id });
    one.querySelector('label').append(output);
    outputs[name] = output;
    return one;
  });
  const form = make(
    'form',
    { class: 'try', 'aria-label': 'Prediction' },
    dropField({
      id: 'try-file',
      label: 'Choose an image',
      hint: 'or drop or paste one',
      accept: 'image/*',
      take(one) {
        file = one;
        run();
      },
    }),
    sliders,
  );
  const show = () => {
    for (const [name] of SLIDERS) {
      const value = Number(form.elements[name].value);
      outputs[name].textContent = name === 'imgsz' ? `${value} px` : value.toFixed(2);
    }
  };
  form.addEventListener('input', (event) => {
    if (event.target.type !== 'range') return;
    show();
    clearTimeout(timer);
    timer = setTimeout(run, 400);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
  const paste = (event) => {
    const one = event.clipboardData?.files[0];
    if (one) {
      file = one;
      run();
    }
  };
  document.addEventListener('paste', paste);
  context.signal.addEventListener(
    'abort',
    () => {
      document.removeEventListener('paste', paste);
      clearTimeout(timer);
    },
    { once: true },
  );

  async function run() {
    if (!file) return;
    sending?.abort(new DOMException('Replaced.', 'AbortError'));
    const controller = new AbortController();
    sending = controller;
    context.signal.addEventListener('abort', () => controller.abort(context.signal.reason), {
      once: true,
    });
    const image = file;
    const data = new FormData();
    for (const [name] of SLIDERS) data.append(name, form.elements[name].value);
    data.append('file', image);
    result.setAttribute('aria-busy', 'true');
    try {
      const started = performance.now();
      const answer = await send('POST', address, data, { signal: controller.signal });
      const shown = await predicted(image, answer, colors, performance.now() - started);
      if (!controller.signal.aborted) fill(result, shown);
    } catch (error) {
      if (controller.signal.aborted) return;
      fill(result, failureBox(error, run));
    }
    result.setAttribute('aria-busy', 'false');
  }

  show();
  return make('div', { class: 'trying' }, form, result);
}

async function predicted(file, answer, colors, elapsed) {
  const frame = answer?.images?.[0];
  if (!frame) return make('p', { class: 'empty' }, 'The server answered without an image.');
  const [height, width] = frame.shape ?? [];
  const list = predictedShapes(frame.results);
  const found = new Map();
  for (const shape of list) found.set(shape.name, (found.get(shape.name) ?? 0) + 1);
  const sentence = list.length
    ? [...found].map(([name, number]) => `${number > 1 ? `${number} × ` : ''}${name}`).join(', ')
    : 'nothing found';
  const stage = make('div', {
    class: 'stage',
    role: 'img',
    'aria-label': `${file.name}: ${cut(sentence, 300)}`,
  });
  const address = URL.createObjectURL(file);
  const image = shownAs(make('img', { src: address, alt: '', width, height }), width, height);
  image.addEventListener('load', () => URL.revokeObjectURL(address), { once: true });
  stage.append(image);
  const isClasses = list.length > 0 && list.every((shape) => !shape.box && !shape.points);
  for (const [map, isDepth] of [
    [frame.semantic_mask, false],
    [frame.depth, true],
  ]) {
    if (map?.encoding === 'png') stage.append(await drawMap(map.data, isDepth, colors));
  }
  let lit = -1;
  const draw = () => {
    stage.querySelector('svg.overlay')?.remove();
    if (!isClasses) stage.append(overlay(list, width, height, { colors, names: [], lit }));
  };
  draw();
  const light = (index) => {
    lit = index;
    draw();
  };
  const speed = frame.speed ?? {};
  const total = ['preprocess', 'inference', 'postprocess'].reduce(
    (sum, name) => sum + (speed[name] ?? 0),
    0,
  );
  return [
    make(
      'p',
      { class: 'found', role: 'status' },
      `${plural(list.length, 'result')}${list.length ? `: ${cut(sentence, 200)}` : ''}`,
    ),
    stage,
    facts([
      ['Task', answer.metadata?.task],
      ['Model', `${total.toFixed(1)} ms`],
      ['With the way', `${Math.round(elapsed)} ms`],
      ['Image', `${width} × ${height}`],
      frame.depth
        ? ['Depth', `${frame.depth.min?.toFixed?.(2)} to ${frame.depth.max?.toFixed?.(2)}`]
        : ['', null],
    ]),
    isClasses
      ? section(
          'Classes',
          make(
            'ol',
            { class: 'bars' },
            list
              .slice(0, 10)
              .map((shape) =>
                make(
                  'li',
                  {},
                  make('span', {}, shape.name),
                  make('span', { class: 'numbers' }, percent(100 * shape.confidence)),
                  svg(
                    'svg',
                    {
                      class: 'amount',
                      viewBox: '0 0 100 6',
                      preserveAspectRatio: 'none',
                      'aria-hidden': 'true',
                    },
                    svg('rect', {
                      width: 100 * shape.confidence,
                      height: 6,
                      fill: colors.color(shape.class),
                    }),
                  ),
                ),
              ),
          ),
        )
      : list.length
        ? section(
            'Results',
            pagedTable(
              'Results',
              [
                {
                  name: 'Class',
                  kind: 'grow',
                  cell: (row) =>
                    make(
                      'button',
                      {
                        type: 'button',
                        class: 'plain',
                        onfocus: () => light(list.indexOf(row)),
                        onblur: () => light(-1),
                        onpointerenter: () => light(list.indexOf(row)),
                        onpointerleave: () => light(-1),
                      },
                      swatch(colors, row.class),
                      make('span', {}, row.name ?? `class ${row.class}`),
                    ),
                },
                {
                  name: 'Confidence',
                  kind: 'number',
                  cell: (row) => (isNumber(row.confidence) ? row.confidence.toFixed(3) : '–'),
                },
                {
                  name: 'Box',
                  kind: 'number',
                  cell: (row) =>
                    row.box
                      ? `${row.box.slice(0, 2).map(Math.round).join(', ')} · ${row.box.slice(2).map(Math.round).join(' × ')}`
                      : row.points
                        ? `${count(row.points.length)} corners`
                        : '–',
                },
              ],
              list,
              { size: 50 },
            ),
          )
        : null,
    details('The whole answer as JSON', () => {
      const text = JSON.stringify(answer, null, 1);
      return make(
        'pre',
        { class: 'output plain-output', tabindex: '0' },
        text.length > 60_000 ? `${text.slice(0, 60_000)}\n…` : text,
      );
    }),
  ];
}
