// Labels and predictions drawn over images: boxes, oriented boxes, polygons, keypoints, maps.

import { cut, isNumber, make, svg } from '/ui/dom.js';

/** The limbs between the 17 keypoints of COCO. */
const LIMBS = [
  [15, 13],
  [13, 11],
  [16, 14],
  [14, 12],
  [11, 12],
  [5, 11],
  [6, 12],
  [5, 6],
  [5, 7],
  [6, 8],
  [7, 9],
  [8, 10],
  [1, 2],
  [0, 1],
  [0, 2],
  [1, 3],
  [2, 4],
  [3, 5],
  [4, 6],
];
/** How many labels of an image are drawn. */
export const DRAWN = 1500;

/** The color of a class by its index, as red, green, blue and whether text on it is black. */
function channels(index) {
  const number = Number.isInteger(index) && index >= 0 ? index : 0;
  const hue = (number * 137.508 + 210) % 360;
  const light = [0.52, 0.42, 0.64][Math.floor(number / 9) % 3];
  const channel = (offset) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(
      255 * (light - 0.88 * Math.min(light, 1 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1))),
    );
  };
  return [channel(0), channel(8), channel(4)];
}

/** The colors of classes: those that the dataset has, and else one that depends on the index. */
export function palette(own) {
  const list = own && typeof own === 'object' ? own : {};
  const read = (index) => {
    const text = String(list[index] ?? '');
    if (!/^#[0-9a-f]{6}$/i.test(text)) return channels(index);
    return [1, 3, 5].map((start) => Number.parseInt(text.slice(start, start + 2), 16));
  };
  return {
    rgb: read,
    color: (index, alpha = 1) => `rgb(${read(index).join(' ')} / ${alpha})`,
    text: (index) => {
      const [r, g, b] = read(index).map((value) => {
        const v = value / 255;
        return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#000' : '#fff';
    },
  };
}

/** A square in the color of a class. */
export function swatch(colors, index) {
  return svg(
    'svg',
    { class: 'swatch', viewBox: '0 0 10 10', 'aria-hidden': 'true' },
    svg('rect', { width: 10, height: 10, rx: 2, fill: colors.color(index) }),
  );
}

const pairs = (numbers) => {
  const points = [];
  for (let index = 0; index + 1 < numbers.length; index += 2)
    points.push([numbers[index], numbers[index + 1]]);
  return points;
};

/** The labels of an image as rows of numbers, the class first, whether they came so or as objects. */
export function labelRows(image) {
  if (Array.isArray(image.rows)) return image.rows;
  return (Array.isArray(image.labels) ? image.labels : []).map((label) =>
    Array.isArray(label)
      ? label
      : [
          label.classId,
          ...(label.bbox ?? []),
          ...(label.segments ?? label.obb ?? label.keypoints ?? []),
        ],
  );
}

/** The rows of labels as shapes in pixels: `{class, points?, box?, keypoints?}`. */
export function shapes(task, rows, width, height, keypointShape) {
  const scaled = (points) => points.map(([x, y]) => [x * width, y * height]);
  return (Array.isArray(rows) ? rows : []).filter(Array.isArray).map((row) => {
    const [index, ...rest] = row;
    if (task === 'segment') return { class: index, points: scaled(pairs(rest)), isFilled: true };
    if (task === 'obb') return { class: index, points: scaled(pairs(rest.slice(0, 8))) };
    if (rest.length < 4) return { class: index };
    const [x, y, w, h] = rest;
    const shape = {
      class: index,
      box: [(x - w / 2) * width, (y - h / 2) * height, w * width, h * height],
    };
    if (task === 'pose' && rest.length > 4) {
      const size = keypointShape?.[1] === 2 ? 2 : 3;
      shape.keypoints = [];
      for (let at = 4; at + size <= rest.length; at += size) {
        const visible = size === 3 ? rest[at + 2] : 2;
        shape.keypoints.push(visible > 0 ? [rest[at] * width, rest[at + 1] * height] : null);
      }
    }
    return shape;
  });
}

/** The results of a prediction as shapes. */
export function predictedShapes(results) {
  return (Array.isArray(results) ? results : []).map((result) => {
    const { box, segments, keypoints } = result;
    const shape = { class: result.class, name: result.name, confidence: result.confidence };
    if (segments?.x?.length > 2) {
      shape.points = segments.x.map((x, index) => [x, segments.y[index]]);
      shape.isFilled = true;
    }
    if (box && isNumber(box.x3)) {
      shape.points = [
        [box.x1, box.y1],
        [box.x2, box.y2],
        [box.x3, box.y3],
        [box.x4, box.y4],
      ];
    } else if (box) shape.box = [box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1];
    if (keypoints?.x) {
      shape.keypoints = keypoints.x.map((x, index) =>
        (x === 0 && keypoints.y[index] === 0) || keypoints.visible?.[index] < 0.5
          ? null
          : [x, keypoints.y[index]],
      );
    }
    return shape;
  });
}

/** Shows an image as its pixels are, where the labels are of those and not of the image turned upright. */
export function shownAs(image, width, height) {
  image.addEventListener(
    'load',
    () => {
      const isTurned = (image.naturalWidth - image.naturalHeight) * (width - height) < 0;
      if (isTurned) image.style.imageOrientation = 'none';
    },
    { once: true },
  );
  return image;
}

/**
 * Draws shapes as SVG that lies over an image of the same size. `names` writes the names of the
 * classes at the shapes; `lit` is the index of the shape that is emphasized.
 */
export function overlay(
  list,
  width,
  height,
  { colors, names = null, isHidden = () => false, lit = -1, limit = DRAWN } = {},
) {
  const root = svg('svg', {
    class: 'overlay',
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: 'xMidYMid meet',
    'aria-hidden': 'true',
  });
  // How many pixels of the image a pixel of the screen is, about.
  const scale = names
    ? Math.max(
        width / (innerWidth > 760 ? Math.min(860, innerWidth - 480) : innerWidth - 28),
        height / (innerHeight * 0.72),
      )
    : Math.max(width / 150, height / 116);
  list.slice(0, limit).forEach((shape, index) => {
    if (isHidden(shape.class)) return;
    const color = colors.color(shape.class);
    const group = svg('g', { class: index === lit ? 'lit' : null, stroke: color });
    if (shape.points?.length) {
      group.append(
        svg('polygon', {
          points: shape.points
            .map((point) => point.map((value) => value.toFixed(1)).join(','))
            .join(' '),
          fill: shape.isFilled || index === lit ? colors.color(shape.class, 0.32) : 'none',
        }),
      );
    }
    if (shape.box && !(shape.points && shape.isFilled && !names)) {
      const [x, y, w, h] = shape.box.map((value) => value.toFixed(1));
      group.append(
        svg('rect', {
          x,
          y,
          width: Math.max(0, w),
          height: Math.max(0, h),
          fill: index === lit ? colors.color(shape.class, 0.25) : 'none',
        }),
      );
    }
    if (shape.keypoints) drawKeypoints(group, shape.keypoints, (names ? 4 : 2) * scale, colors);
    if (names) drawName(group, shape, names, 13 * scale, width, colors);
    root.append(group);
  });
  return root;
}

function drawKeypoints(group, points, radius, colors) {
  if (points.length === 17) {
    for (const [from, to] of LIMBS) {
      if (!points[from] || !points[to]) continue;
      group.append(
        svg('line', {
          x1: points[from][0],
          y1: points[from][1],
          x2: points[to][0],
          y2: points[to][1],
          stroke: colors.color(from + 3),
        }),
      );
    }
  }
  points.forEach((point, index) => {
    if (!point) return;
    group.append(
      svg('circle', {
        cx: point[0].toFixed(1),
        cy: point[1].toFixed(1),
        r: radius.toFixed(2),
        fill: colors.color(index + 3),
        class: 'dot',
      }),
    );
  });
}

const ruler = document.createElement('canvas').getContext('2d');

function drawName(group, shape, names, height, width, colors) {
  const top = shape.points?.length
    ? shape.points.reduce((best, point) => (point[1] < best[1] ? point : best))
    : shape.box;
  if (!top) return;
  const name = cut(shape.name ?? names[shape.class] ?? `class ${shape.class}`, 32);
  // Isolates keep a name with right-to-left letters from turning the figure round.
  const text = `\u2068${name}\u2069${isNumber(shape.confidence) ? ` ${shape.confidence.toFixed(2)}` : ''}`;
  ruler.font = `600 ${height}px system-ui, "DejaVu Sans", sans-serif`;
  const length = ruler.measureText(text).width + height * 0.6;
  const x = Math.max(0, Math.min(top[0], width - length));
  const y = Math.max(0, top[1] - height * 1.35);
  group.append(
    svg('rect', {
      x,
      y,
      width: length,
      height: height * 1.35,
      fill: colors.color(shape.class),
      stroke: 'none',
    }),
    svg(
      'text',
      {
        x: x + height * 0.3,
        y: y + height * 1.02,
        'font-size': height,
        fill: colors.text(shape.class),
        stroke: 'none',
      },
      text,
    ),
  );
}

/** Draws a map that came as PNG, of classes or of depth, on a canvas in colors. */
export async function drawMap(data, isDepth, colors) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const canvas = make('canvas', {
    class: 'overlay',
    width: image.width,
    height: image.height,
    'aria-hidden': 'true',
  });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height);
  const table = Array.from({ length: 256 }, (_, value) => {
    if (!isDepth) return value === 255 ? [0, 0, 0, 0] : [...colors.rgb(value), 150];
    const part = value / 255;
    return [
      255 * Math.min(1, 1.6 * part),
      255 * part * part,
      255 * (0.35 + 0.5 * Math.sin(Math.PI * part)),
      235,
    ];
  });
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data.set(table[pixels.data[at]], at);
  context.putImageData(pixels, 0, 0);
  return canvas;
}
