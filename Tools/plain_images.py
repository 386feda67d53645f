"""Draws seeded PNG files with Python's standard library alone: scenes of filled shapes, noise, and flat colors, in every
size and pixel format, for scripts that compare programs and need no photos."""
import math
import random
import struct
import zlib
from pathlib import Path

COLOR_TYPES = {"gray": (0, 1), "rgb": (2, 3), "palette": (3, 1), "gray-alpha": (4, 2), "rgba": (6, 4)}


def write_png(path, width, height, kind, rows, depth=8, palette=b""):
    """Writes rows of `channels * depth / 8 * width` bytes each."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, COLOR_TYPES[kind][0], 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 1)
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                           + (chunk(b"PLTE", palette) if palette else b"") + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def fill(rows, width, points, color):
    """Fills a polygon, by the even-odd rule at the centers of the pixels."""
    for y in range(max(0, math.floor(min(p[1] for p in points))), min(len(rows), math.ceil(max(p[1] for p in points)))):
        middle, crossings = y + 0.5, []
        for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1]):
            if (y1 <= middle) != (y2 <= middle):
                crossings.append(x1 + (middle - y1) * (x2 - x1) / (y2 - y1))
        crossings.sort()
        for left, right in zip(crossings[::2], crossings[1::2]):
            first, last = max(0, math.ceil(left - 0.5)), min(width, math.ceil(right - 0.5))
            if first < last:
                rows[y][3 * first:3 * last] = bytes(color) * (last - first)


def polygon(rng, center, radius):
    """An outline of a random kind: circle, triangle, rectangle, star, cross or arrow."""
    turn, kind = rng.uniform(0, 2 * math.pi), rng.choice(("circle", "triangle", "rectangle", "star", "cross", "arrow"))
    if kind in ("circle", "triangle", "star"):
        count = {"circle": 40, "triangle": 3, "star": 10}[kind]
        corners = [(turn + 2 * math.pi * i / count, radius * (0.45 if kind == "star" and i % 2 else 1)) for i in range(count)]
        return [(center[0] + r * math.cos(a), center[1] + r * math.sin(a)) for a, r in corners]
    outline = {
        "rectangle": [(-1, -0.6), (1, -0.6), (1, 0.6), (-1, 0.6)],
        "cross": [(-1, -0.3), (-0.3, -0.3), (-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3), (0.3, 1),
                  (-0.3, 1), (-0.3, 0.3), (-1, 0.3)],
        "arrow": [(-1, -0.25), (0.2, -0.25), (0.2, -0.7), (1, 0), (0.2, 0.7), (0.2, 0.25), (-1, 0.25)],
    }[kind]
    cosine, sine = radius * math.cos(turn), radius * math.sin(turn)
    return [(center[0] + x * cosine - y * sine, center[1] + x * sine + y * cosine) for x, y in outline]


def scene(rng, width, height):
    """Rows of RGB pixels: a gradient with some shapes."""
    top, bottom = ([rng.randrange(256) for _ in range(3)] for _ in range(2))
    rows = [bytearray(bytes(round(a + (b - a) * y / height) for a, b in zip(top, bottom)) * width) for y in range(height)]
    long = max(width, height)
    for _ in range(rng.randint(2, 7)):
        center = (rng.uniform(0, width), rng.uniform(0, height))
        fill(rows, width, polygon(rng, center, rng.uniform(0.06, 0.22) * long), [rng.randrange(256) for _ in range(3)])
    return rows


def noise(rng, width, height, channels=3):
    return [rng.randbytes(channels * width) for _ in range(height)]


def write_images(directory, seed):
    """Writes some thirty images and returns their paths."""
    directory = Path(directory)
    paths = []

    def add(name, width, height, kind, rows, **options):
        path = directory / f"{name}-{width}x{height}.png"
        write_png(path, width, height, kind, rows, **options)
        paths.append(path)

    sizes = ((1, 1), (2, 3), (1, 64), (64, 1), (1, 500), (500, 1), (17, 900), (900, 17), (31, 33), (97, 640), (319, 241),
             (224, 224), (333, 500), (640, 640), (641, 479), (1023, 577), (320, 1100), (1500, 90))
    for width, height in sizes:
        rng = random.Random(f"{seed} scene {width} {height}")
        add("scene", width, height, "rgb", scene(rng, width, height))
    rng = random.Random(f"{seed} formats")
    add("gray", 401, 300, "gray", [row[1::3] for row in scene(rng, 401, 300)])
    add("gray-1", 37, 29, "gray", [rng.randbytes(5) for _ in range(29)], depth=1)
    add("deep", 222, 175, "rgb", [bytes(v for p in row for v in (p, 255 - p)) for row in scene(rng, 222, 175)], depth=16)
    add("palette", 190, 310, "palette", [row[::3] for row in scene(rng, 190, 310)], palette=rng.randbytes(768))
    add("rgba", 260, 201, "rgba",
        [b"".join(bytes(row[3 * x:3 * x + 3]) + bytes([x % 256]) for x in range(260)) for row in scene(rng, 260, 201)])
    add("gray-alpha", 65, 130, "gray-alpha", noise(rng, 65, 130, 2))
    add("noise", 333, 257, "rgb", noise(rng, 333, 257))
    add("noise", 640, 360, "rgb", noise(rng, 640, 360))
    add("noise-gray", 129, 127, "gray", noise(rng, 129, 127, 1))
    for value in (0, 114, 255):
        add(f"flat-{value}", 160, 120, "rgb", [bytes([value]) * 480] * 120)
    return paths
