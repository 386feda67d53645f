// Curves and matrices as SVG and tables, without any library.

import { count, cut, figure, fill, isNumber, make, newID, svg } from '/ui/dom.js';
import { pagedTable, table } from '/ui/parts.js';

const WIDTH = 400;
const HEIGHT = 200;
const PADDING = { left: 46, right: 12, top: 10, bottom: 26 };
/** The maximum number of points that are drawn of a series. */
const POINTS = 1000;

/** Steps of 1, 2, 2.5 or 5 that divide a range. */
function ticks(low, high, wanted) {
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step =
    [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw * 0.999) ?? raw;
  const list = [];
  for (
    let value = Math.ceil(low / step - 1e-9) * step;
    value <= high + step * 1e-6 && list.length < 20;
    value += step
  ) {
    list.push(Math.abs(value) < step * 1e-6 ? 0 : value);
  }
  return list;
}

/** Whole quarters of an hour, hours or days, in the time of whoever looks. */
function timeTicks(low, high) {
  const minute = 60_000;
  const step =
    [5, 15, 30, 60, 180, 360, 720, 1440, 2880, 7200, 14_400]
      .map((one) => one * minute)
      .find((one) => (high - low) / one <= 6) ?? high - low;
  const shift = new Date(low).getTimezoneOffset() * minute;
  const list = [];
  for (let value = Math.ceil((low - shift) / step) * step + shift; value <= high; value += step)
    list.push(value);
  return list;
}

const short = (value) => {
  const size = Math.abs(value);
  if (size >= 1e9) return `${+(value / 1e9).toFixed(1)}G`;
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  if (size !== 0 && size < 0.001) return value.toExponential(0);
  return String(+value.toPrecision(3));
};

/** Every so many of a list that is too long to draw, and the last. */
function thinned(list) {
  if (list.length <= POINTS) return list;
  const step = Math.ceil(list.length / POINTS);
  return list.filter((_, index) => index % step === 0 || index === list.length - 1);
}

/**
 * A chart of lines: `series` are `{name, points: [[x, y]], kind?}`, where `kind` may be `muted`.
 * The values at a position are read out as it is moved by mouse or arrow keys; all of them stand in a
 * table below.
 */
export function lineChart({
  title,
  series,
  xName = 'epoch',
  xText = (x) => count(x),
  isTime = false,
  low = null,
  high = null,
  format = figure,
  withTable = true,
}) {
  const drawn = series
    .map((one) => ({ ...one, points: one.points.filter(([x, y]) => isNumber(x) && isNumber(y)) }))
    .filter((one) => one.points.length);
  const id = newID('chart');
  const name = make('figcaption', { id }, title);
  if (!drawn.length)
    return make(
      'figure',
      { class: 'chart' },
      name,
      make('p', { class: 'empty' }, 'No values yet.'),
    );
  const points = drawn.flatMap((one) => one.points);
  let [x0, x1, y0, y1] = points.reduce(
    ([a, b, c, d], [x, y]) => [Math.min(a, x), Math.max(b, x), Math.min(c, y), Math.max(d, y)],
    [Infinity, -Infinity, low ?? Infinity, high ?? -Infinity],
  );
  if (x0 === x1) {
    x0 -= 0.5;
    x1 += 0.5;
  }
  if (y0 === y1) {
    y0 -= Math.abs(y0) * 0.1 || 0.5;
    y1 += Math.abs(y1) * 0.1 || 0.5;
  } else if (high === null) y1 += (y1 - y0) * 0.04;
  const x = (value) =>
    PADDING.left + ((value - x0) / (x1 - x0)) * (WIDTH - PADDING.left - PADDING.right);
  const y = (value) =>
    HEIGHT - PADDING.bottom - ((value - y0) / (y1 - y0)) * (HEIGHT - PADDING.top - PADDING.bottom);
  const root = svg('svg', {
    class: 'lines',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: 'img',
    tabindex: '0',
    'aria-labelledby': id,
  });
  for (const value of ticks(y0, y1, 4)) {
    root.append(
      svg('line', {
        class: 'grid',
        x1: PADDING.left,
        x2: WIDTH - PADDING.right,
        y1: y(value),
        y2: y(value),
      }),
      svg(
        'text',
        { class: 'axis', x: PADDING.left - 6, y: y(value) + 3.5, 'text-anchor': 'end' },
        short(value),
      ),
    );
  }
  const wholeX = drawn.every((one) => one.points.every(([value]) => Number.isInteger(value)));
  for (const value of isTime ? timeTicks(x0, x1) : ticks(x0, x1, 5)) {
    if (wholeX && !Number.isInteger(value)) continue;
    root.append(
      svg(
        'text',
        { class: 'axis', x: x(value), y: HEIGHT - PADDING.bottom + 15, 'text-anchor': 'middle' },
        xText(value),
      ),
    );
  }
  root.append(
    svg('line', {
      class: 'base',
      x1: PADDING.left,
      x2: WIDTH - PADDING.right,
      y1: HEIGHT - PADDING.bottom,
      y2: HEIGHT - PADDING.bottom,
    }),
  );
  let style = 0;
  for (const one of drawn) {
    one.style = one.kind === 'muted' ? 'muted' : `s${style++ % 6}`;
    const list = thinned(one.points);
    if (list.length === 1) {
      root.append(
        svg('circle', { class: `point ${one.style}`, cx: x(list[0][0]), cy: y(list[0][1]), r: 3 }),
      );
    } else {
      root.append(
        svg('polyline', {
          class: `line ${one.style}`,
          points: list.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' '),
        }),
      );
    }
  }
  const cursor = svg('line', {
    class: 'cursor',
    y1: PADDING.top,
    y2: HEIGHT - PADDING.bottom,
    visibility: 'hidden',
  });
  root.append(cursor);
  const named = drawn.filter((one) => one.kind !== 'muted');
  const legend = make(
    'p',
    { class: 'legend' },
    named.map((one) =>
      make(
        'span',
        {},
        svg(
          'svg',
          { class: 'sample', viewBox: '0 0 22 8', 'aria-hidden': 'true' },
          svg('line', { class: `line ${one.style}`, x1: 0, x2: 22, y1: 4, y2: 4 }),
        ),
        one.name,
      ),
    ),
  );
  const readout = make('p', { class: 'readout', role: 'status' });
  const rest = () => {
    cursor.setAttribute('visibility', 'hidden');
    fill(readout, named.map((one) => `${one.name} ${format(one.points.at(-1)[1])}`).join(' · '));
  };
  const positions = [...new Set(points.map(([value]) => value))].sort((a, b) => a - b);
  let at = positions.length - 1;
  const showAt = (index) => {
    at = Math.max(0, Math.min(positions.length - 1, index));
    const position = positions[at];
    cursor.setAttribute('x1', x(position));
    cursor.setAttribute('x2', x(position));
    cursor.setAttribute('visibility', 'visible');
    fill(
      readout,
      make('strong', {}, `${xName} ${xText(position)}`),
      ' ',
      named
        .map((one) => {
          const found = one.points.find(([value]) => value === position);
          return found ? `${one.name} ${format(found[1])}` : null;
        })
        .filter(Boolean)
        .join(' · '),
    );
  };
  root.addEventListener('pointermove', (event) => {
    const bounds = root.getBoundingClientRect();
    const value =
      x0 +
      (((event.clientX - bounds.left) * (WIDTH / bounds.width) - PADDING.left) /
        (WIDTH - PADDING.left - PADDING.right)) *
        (x1 - x0);
    let best = 0;
    positions.forEach((position, index) => {
      if (Math.abs(position - value) < Math.abs(positions[best] - value)) best = index;
    });
    showAt(best);
  });
  root.addEventListener('pointerleave', rest);
  root.addEventListener('blur', rest);
  root.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    showAt(Number.isFinite(step) ? at + step : step < 0 ? 0 : positions.length - 1);
  });
  rest();
  return make(
    'figure',
    { class: 'chart' },
    name,
    legend,
    root,
    readout,
    withTable
      ? details('Values as a table', () => {
          const rows = positions.map((position) => [
            position,
            ...drawn.map((one) => one.points.find(([value]) => value === position)?.[1]),
          ]);
          return pagedTable(
            title,
            [
              { name: xName, kind: 'number', cell: (row) => xText(row[0]) },
              ...drawn.map((one, index) => ({
                name: cut(one.name, 30),
                kind: 'number',
                cell: (row) => format(row[index + 1]),
              })),
            ],
            rows,
          );
        })
      : null,
  );
}

/** How often values occur: bars of `{bin, count, size}`, each of which begins at `bin`. */
export function barChart(title, bins, text) {
  const id = newID('chart');
  const most = Math.max(1, ...bins.map((one) => one.count));
  const end = bins.at(-1).bin + bins.at(-1).size;
  const start = bins[0].bin;
  const scale = (value) => (100 * (value - start)) / (end - start || 1);
  const peak = bins.reduce((best, one) => (one.count > best.count ? one : best));
  return make(
    'figure',
    { class: 'chart' },
    make('figcaption', { id }, title),
    svg(
      'svg',
      {
        class: 'histogram',
        viewBox: '0 0 100 40',
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-labelledby': id,
      },
      bins.map((one) =>
        svg('rect', {
          x: scale(one.bin),
          width: Math.max(0.3, scale(one.bin + one.size) - scale(one.bin) - 0.4),
          y: 40 - (40 * one.count) / most,
          height: (40 * one.count) / most,
        }),
      ),
    ),
    make(
      'p',
      { class: 'range' },
      make('span', {}, text(start)),
      make('span', {}, `most often from ${text(peak.bin)}`),
      make('span', {}, text(end)),
    ),
    details('Values as a table', () =>
      pagedTable(
        title,
        [
          { name: 'From', kind: 'number', cell: (row) => text(row.bin) },
          { name: 'To', kind: 'number', cell: (row) => text(row.bin + row.size) },
          { name: 'Number', kind: 'number', cell: (row) => count(row.count) },
        ],
        bins,
      ),
    ),
  );
}

/** Something that is made only once it is opened. */
export function details(title, content) {
  const box = make('details', { class: 'more-box' }, make('summary', {}, title));
  box.addEventListener('toggle', () => {
    if (box.open && box.children.length === 1) box.append(content());
  });
  return box;
}

/* What a training reports */

const CURVES = {
  pr_curve: ['Precision and recall', 'recall', 'precision'],
  f1_curve: ['F1 and confidence', 'confidence', 'F1'],
  precision_curve: ['Precision and confidence', 'confidence', 'precision'],
  recall_curve: ['Recall and confidence', 'confidence', 'recall'],
};
/** The maximum number of classes whose curves are drawn. */
const CURVE_CLASSES = 40;
/** The maximum number of classes whose matrix is shown as a table. */
const MATRIX_CLASSES = 20;

/** The plots as a list of `[name, data]`, whether they came as a list or by their names. */
export function plotList(plots) {
  if (Array.isArray(plots))
    return plots
      .filter((one) => one && typeof one === 'object')
      .map((one) => [String(one.type ?? one.name ?? 'plot'), one]);
  return Object.entries(plots ?? {}).filter(([, one]) => one && typeof one === 'object');
}

/** A plot of a training; null for one that is of no known kind. */
export function plot([name, data], classNames) {
  const kind = name.replace(
    /^.*?((?:confusion_matrix|pr_curve|f1_curve|precision_curve|recall_curve)).*$/,
    '$1',
  );
  if (kind === 'confusion_matrix' && Array.isArray(data.matrix)) return matrix(data, classNames);
  if (CURVES[kind] && Array.isArray(data.x) && Array.isArray(data.y))
    return curves(kind, data, classNames);
  return null;
}

function curves(kind, data, classNames) {
  const [title, xName, yName] = CURVES[kind];
  const rows = Array.isArray(data.y[0]) ? data.y : [data.y];
  const label = (index) => {
    const position = Array.isArray(data.classes) ? data.classes[index] : index;
    return (
      data.names?.[position] ??
      classNames?.[position] ??
      (typeof position === 'string' ? position : `class ${position}`)
    );
  };
  const mean = data.x.map((x, at) => [
    x,
    rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length,
  ]);
  const few = rows.length <= 5;
  const series = [
    ...rows.slice(0, CURVE_CLASSES).map((row, index) => ({
      name: label(index),
      kind: few && rows.length > 1 ? undefined : 'muted',
      points: data.x.map((x, at) => [x, row[at]]),
    })),
    { name: rows.length > 1 ? 'mean of the classes' : label(0), points: mean },
  ];
  const chart = lineChart({
    title,
    series,
    xName,
    xText: (x) => short(x),
    low: 0,
    high: 1,
    format: (value) => value.toFixed(3),
  });
  if (rows.length > 5)
    chart.append(
      make(
        'p',
        { class: 'hint' },
        `The thin lines are ${count(Math.min(rows.length, CURVE_CLASSES))} of ${count(rows.length)} classes; ${yName} over ${xName}.`,
      ),
    );
  const precision = data.ap;
  if (kind === 'pr_curve' && Array.isArray(precision) && precision.length) {
    chart.append(
      details('Average precision by class', () =>
        pagedTable(
          'Average precision by class',
          [
            { name: 'Class', kind: 'grow', cell: (row) => row.name },
            { name: 'AP50', kind: 'number', cell: (row) => figure(row.values[0]) },
            {
              name: 'AP50-95',
              kind: 'number',
              cell: (row) =>
                figure(row.values.reduce((sum, value) => sum + value, 0) / row.values.length),
            },
          ],
          precision.map((values, index) => ({
            name: label(index),
            values: Array.isArray(values) ? values : [values],
          })),
        ),
      ),
    );
  }
  return chart;
}

/** How often which class was predicted for which: rows are predicted, columns true. */
function matrix(data, classNames) {
  const rows = data.matrix.filter(Array.isArray);
  const size = rows.length;
  const names = Array.from(
    { length: size },
    (_, index) =>
      data.names?.[index] ??
      classNames?.[index] ??
      (index === size - 1 && size === (classNames?.length ?? -1) + 1
        ? 'background'
        : `class ${index}`),
  );
  const sums = names.map((_, column) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  const part = (row, column) => (sums[column] > 0 ? (rows[row][column] ?? 0) / sums[column] : 0);
  const id = newID('matrix');
  const box = make(
    'figure',
    { class: 'chart wide-chart' },
    make('figcaption', { id }, 'Confusion matrix'),
    make(
      'p',
      { class: 'hint' },
      'Columns are the true classes, rows what was predicted; the darker, the larger the fraction of the column.',
    ),
  );
  if (size <= MATRIX_CLASSES) {
    box.append(
      make(
        'div',
        { class: 'scroll', tabindex: '0', role: 'group', 'aria-labelledby': id },
        make(
          'table',
          { class: 'matrix' },
          make('caption', { class: 'offscreen' }, 'Confusion matrix: rows predicted, columns true'),
          make(
            'thead',
            {},
            make(
              'tr',
              {},
              make('td', { class: 'corner' }, 'predicted ↓ true →'),
              names.map((name) => make('th', { scope: 'col', title: name }, cut(name, 14))),
            ),
          ),
          make(
            'tbody',
            {},
            rows.map((row, index) =>
              make(
                'tr',
                {},
                make('th', { scope: 'row', title: names[index] }, cut(names[index], 20)),
                names.map((_, column) => {
                  const value = part(index, column);
                  const cell = make(
                    'td',
                    { class: 'cell', title: `${(100 * value).toFixed(1)} % of ${names[column]}` },
                    count(row[column] ?? 0),
                  );
                  cell.style.setProperty('--part', value.toFixed(3));
                  return cell;
                }),
              ),
            ),
          ),
        ),
      ),
    );
  } else {
    const canvas = make('canvas', {
      class: 'matrix-image',
      width: size,
      height: size,
      role: 'img',
      'aria-label': `Confusion matrix of ${size} classes`,
    });
    const context = canvas.getContext('2d');
    const ink = matchMedia('(prefers-color-scheme: dark)').matches
      ? [140, 180, 255]
      : [24, 88, 196];
    const pixels = context.createImageData(size, size);
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        pixels.data.set(
          [...ink, Math.round(20 + 235 * part(row, column))],
          4 * (row * size + column),
        );
      }
    }
    context.putImageData(pixels, 0, 0);
    box.append(canvas);
  }
  const mistakes = [];
  rows.forEach((row, predicted) => {
    row.forEach((value, truth) => {
      if (value > 0 && predicted !== truth) mistakes.push({ predicted, truth, value });
    });
  });
  mistakes.sort((a, b) => b.value - a.value);
  if (mistakes.length) {
    box.append(
      details('What is mistaken most often', () =>
        table(
          'What is mistaken most often',
          [
            { name: 'True', kind: 'grow', cell: (row) => names[row.truth] },
            { name: 'Predicted', kind: 'grow', cell: (row) => names[row.predicted] },
            { name: 'Instances', kind: 'number', cell: (row) => count(row.value) },
            {
              name: 'Of the true',
              kind: 'number',
              cell: (row) => `${(100 * part(row.predicted, row.truth)).toFixed(1)} %`,
            },
          ],
          mistakes.slice(0, 50),
        ),
      ),
    );
  }
  return box;
}
