"""Writes the glyphs that labels are drawn with: a typeface, rasterized and packed into one Swift file.

    python Tools/make_font_atlas.py Inter-Medium.otf Sources/Vision/YOLODrawing/Text/FontAtlas+Inter.swift

Needs freetype-py, fonttools and uharfbuzz. The typeface is Inter Medium of Debian's package fonts-inter
(/usr/share/fonts/opentype/inter). Inter's capitals are 11/16 of the em high and its small letters 6/11 of that, so that
at 33 pixels per em both have whole numbers of rows, 24 and 18. Its `l` is the one with a tail.

A glyph consists of parts, the islands of its outline: `ä` is `a` and two dots, and the dot is that of `i`. Each part is
rasterized once, its lower left corner on a pixel's corner, in sixteen levels of coverage. The file is text: a notice of the
typeface's origin and license, a line feed, and base64 of

    header   counts of parts, glyphs, uses and kerning pairs (4 × u16), advance of a space (u16)
    part     width, height (2 × u8), bytes of its pixels (u16)
    glyph    scalar (u16), room before and after the ink (2 × i16), width of the ink (u16), uses (u8)
    use      part (u16), left edge from the ink's left edge, bottom from the baseline, upwards (2 × i16)
    pair     first glyph's first part, second glyph's (2 × u16), kerning (i8)
    pixels   of the parts in order, each from its upper left corner, as 4-bit numbers, the high half first: a level,
             after 0 and 15 the number of further pixels alike, three bits at a time, the lowest first; 8 is set where
             more bits follow, and one is subtracted from them

Numbers are little endian, lengths in eighths of a pixel. Glyphs are sorted by scalar. A glyph's first use is its largest
part; kerning goes by it, so that `To` and `Tö` are kerned alike.
"""
import argparse
import base64
import ctypes
import hashlib
import struct
from pathlib import Path

import freetype
import uharfbuzz
from fontTools.ttLib import TTFont
from freetype import raw

PIXELS_PER_EM = 33
CAPITAL_HEIGHT = 24
X_HEIGHT = 18
# Lengths are stored in eighths of a pixel.
UNIT = 8
LEVELS = 15

# Inclusive ranges of scalars; what the typeface lacks of them is left out.
RANGES = [
    (0x0021, 0x007E), (0x00A1, 0x024F),  # Basic Latin, Latin-1, Latin Extended-A and -B
    (0x0250, 0x036F),  # letters of the phonetic alphabet that orthographies use, modifiers, combining marks
    (0x0370, 0x03FF), (0x0400, 0x052F),  # Greek, Cyrillic
    (0x1E00, 0x1EFF),  # Latin Extended Additional
    (0x2010, 0x205E), (0x2070, 0x209C), (0x20A0, 0x20BF),  # punctuation, super- and subscripts, currencies
    (0x2100, 0x214E), (0x2150, 0x2188), (0x2190, 0x21EA), (0x2202, 0x2265),  # letter-like, fractions, arrows, mathematics
    (0x25A0, 0x25EF), (0x2600, 0x2605), (0x2661, 0x2665), (0x26A0, 0x26A0), (0x2713, 0x2717), (0xFFFD, 0xFFFD),
]
# The glyphs that kerning pairs are looked for among.
KERNED = [(0x21, 0x7E), (0x386, 0x3CE), (0x401, 0x45F), (0x2013, 0x2014), (0x2018, 0x201D)]
# Alternates that are used: an l with a tail, which is no I.
FEATURE = "cv05"
# Kerning of less than this many pixels is left out.
MINIMUM_KERNING = 1.0


def boxed(contours):
    """Returns the box around contours: left, bottom, right, top."""
    xs = [x for points, _ in contours for x, _ in points]
    ys = [y for points, _ in contours for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def islands(contours):
    """Groups contours whose boxes meet: an outer contour and what lies in it."""
    groups = []
    for contour in contours:
        box = boxed([contour])
        touching = [group for group in groups
                    if any(a[0] <= box[2] and box[0] <= a[2] and a[1] <= box[3] and box[1] <= a[3]
                           for a in (boxed([other]) for other in group))]
        groups = [group for group in groups if group not in touching]
        groups.append([contour] + [other for group in touching for other in group])
    return groups


class Typeface:
    """An OpenType font: outlines in font units, kerning, and what it says about itself."""

    def __init__(self, path):
        self.face = freetype.Face(str(path))
        self.units = self.face.units_per_EM
        self.scale = PIXELS_PER_EM / self.units
        font = TTFont(path)
        alternates = self.alternates(font)
        self.characters = {scalar: font.getGlyphID(alternates.get(name, name))
                           for scalar, name in font.getBestCmap().items()}
        names = font["name"]
        self.family, self.version, self.copyright = (names.getDebugName(number) for number in (4, 5, 0))
        metrics = font["OS/2"]
        assert round(metrics.sCapHeight * self.scale, 3) == CAPITAL_HEIGHT, "capitals have whole rows"
        assert round(metrics.sxHeight * self.scale, 3) == X_HEIGHT, "small letters have whole rows"
        self.shaper = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path))))

    @staticmethod
    def alternates(font):
        """Returns the names of the glyphs that the feature replaces, and of those that it puts there."""
        table = font["GSUB"].table
        lookups = {index for record in table.FeatureList.FeatureRecord if record.FeatureTag == FEATURE
                   for index in record.Feature.LookupListIndex}
        return {old: new for index in lookups for subtable in table.LookupList.Lookup[index].SubTable
                for old, new in getattr(subtable, "ExtSubTable", subtable).mapping.items()}

    def outline(self, scalar):
        """Returns the contours of a character, each its points and their kinds, and its advance."""
        self.face.load_glyph(self.characters[scalar], freetype.FT_LOAD_NO_SCALE | freetype.FT_LOAD_NO_HINTING)
        outline = self.face.glyph.outline
        contours, start = [], 0
        for end in outline.contours:
            contours.append((tuple(outline.points[start:end + 1]),
                             tuple(tag & 3 for tag in outline.tags[start:end + 1])))
            start = end + 1
        return contours, self.face.glyph.advance.x

    def advance(self, text, kerned):
        """Returns how far a text reaches, in font units."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self.shaper, buffer,
                        {"kern": kerned, FEATURE: True, "liga": False, "calt": False, "clig": False, "ccmp": False})
        return sum(position.x_advance for position in buffer.glyph_positions)

    def pixels(self, contours):
        """Returns the rows of contours, whose box begins at (0, 0), from the top."""
        count = sum(len(points) for points, _ in contours)
        outline = freetype.FT_Outline()
        library = freetype.get_handle()
        assert raw.FT_Outline_New(library, count, len(contours), ctypes.byref(outline)) == 0
        index, right, top = 0, 0.0, 0.0
        for number, (points, kinds) in enumerate(contours):
            for (x, y), kind in zip(points, kinds):
                x, y = x * self.scale * 64, y * self.scale * 64
                outline.points[index].x, outline.points[index].y = round(x), round(y)
                outline.tags[index] = kind
                right, top = max(right, x), max(top, y)
                index += 1
            outline.contours[number] = index - 1
        width, height = int(-(-right // 64)), int(-(-top // 64))
        buffer = (ctypes.c_ubyte * (width * height))()
        bitmap = freetype.FT_Bitmap(rows=height, width=width, pitch=width, num_grays=256,
                                    pixel_mode=freetype.FT_PIXEL_MODE_GRAY,
                                    buffer=ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ubyte)))
        assert raw.FT_Outline_Get_Bitmap(library, ctypes.byref(outline), ctypes.byref(bitmap)) == 0
        raw.FT_Outline_Done(library, ctypes.byref(outline))
        return width, height, [(level * LEVELS + 127) // 255 for level in bytes(buffer)]


def packed(levels):
    """Returns levels as 4-bit numbers, runs of none and full coverage shortened."""
    halves, index = [], 0
    while index < len(levels):
        level = levels[index]
        halves.append(level)
        index += 1
        if level in (0, LEVELS):
            run = 0
            while index < len(levels) and levels[index] == level:
                run, index = run + 1, index + 1
            while run >= 8:
                halves.append(8 | run & 7)
                run = (run >> 3) - 1
            halves.append(run)
    if len(halves) % 2:
        halves.append(0)
    return bytes(high << 4 | low for high, low in zip(halves[::2], halves[1::2]))


class Atlas:
    """The parts, glyphs and kerning pairs of a typeface."""

    def __init__(self, typeface):
        self.typeface = typeface
        self.parts = {}
        self.glyphs = []
        for low, high in RANGES:
            for scalar in range(low, high + 1):
                if scalar in typeface.characters:
                    self.add(scalar)
        self.glyphs.sort()
        self.pairs = self.kerning()

    def length(self, units):
        """Returns a length in font units as it is stored."""
        return round(units * self.typeface.scale * UNIT)

    def add(self, scalar):
        contours, advance = self.typeface.outline(scalar)
        if not contours:
            return
        left, _, right, _ = boxed(contours)
        uses = []
        for island in islands(contours):
            x, y, x2, y2 = boxed(island)
            key = tuple(sorted((tuple((a - x, b - y) for a, b in points), kinds) for points, kinds in island))
            part = self.parts.setdefault(key, len(self.parts))
            uses.append((-(x2 - x) * (y2 - y), part, self.length(x - left), self.length(y)))
        uses = [use[1:] for use in sorted(uses)]
        self.glyphs.append((scalar, self.length(left), self.length(advance - right), self.length(right - left), uses))

    def kerning(self):
        """Returns the pairs of first parts that are kerned, and by how much."""
        kerned = {}
        for scalar, _, _, _, uses in self.glyphs:
            if any(low <= scalar <= high for low, high in KERNED):
                kerned.setdefault(uses[0][0], chr(scalar))
        pairs = []
        for first, a in sorted(kerned.items()):
            for second, b in sorted(kerned.items()):
                units = self.typeface.advance(a + b, True) - self.typeface.advance(a + b, False)
                if abs(units * self.typeface.scale) >= MINIMUM_KERNING:
                    pairs.append((first, second, self.length(units)))
        return pairs

    def data(self):
        """Returns the atlas as bytes."""
        shapes = [self.typeface.pixels(key) for key in self.parts]
        pixels = [packed(levels) for _, _, levels in shapes]
        space = self.length(self.typeface.advance(" ", False))
        out = [struct.pack("<5H", len(shapes), len(self.glyphs), sum(len(glyph[4]) for glyph in self.glyphs),
                           len(self.pairs), space)]
        out += [struct.pack("<BBH", width, height, len(data)) for (width, height, _), data in zip(shapes, pixels)]
        out += [struct.pack("<HhhHB", scalar, before, after, width, len(uses))
                for scalar, before, after, width, uses in self.glyphs]
        out += [struct.pack("<Hhh", *use) for glyph in self.glyphs for use in glyph[4]]
        out += [struct.pack("<HHb", *pair) for pair in self.pairs]
        return b"".join(out + pixels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("font", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    typeface = Typeface(arguments.font)
    atlas = Atlas(typeface)
    data = atlas.data()
    digest = hashlib.sha256(arguments.font.read_bytes()).hexdigest()
    notice = (f"{typeface.family}, {typeface.version}. \\\n    {typeface.copyright}. \\\n    "
              "SIL Open Font License 1.1, https://openfontlicense.org")
    text = base64.b64encode(data).decode()
    lines = "\\\n".join(f"    {text[start:start + 92]}" for start in range(0, len(text), 92))
    arguments.output.write_text(f'''\
// Generated by Tools/make_font_atlas.py; not to be edited.
//
// {typeface.family}, {typeface.version}
// {typeface.copyright}
// Rasterized and packed: a modified version under the SIL Open Font License 1.1, see Inter-OFL.txt.
// Font file: {arguments.font.name}, SHA-256
// {digest}
// {len(atlas.glyphs)} glyphs of {len(atlas.parts)} parts, {len(atlas.pairs)} kerning pairs.

extension FontAtlas {{
  /// The notice of the typeface's origin and license, a line feed, and the atlas in base64.
  package static let text: StaticString = """
    {notice}
{lines}
    """
}}
''')
    print(f"{len(atlas.glyphs)} glyphs, {len(atlas.parts)} parts, {len(atlas.pairs)} kerning pairs, "
          f"{len(data)} bytes, {len(text)} in base64")


if __name__ == "__main__":
    main()
