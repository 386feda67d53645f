/// How densely a JPEG file stores colour, compared with brightness.
public enum ChromaSubsampling: Sendable, Hashable, CaseIterable {
  /// A colour sample a pixel, 4:4:4; keeps thin coloured lines sharp.
  case full
  /// A colour sample for two by two pixels, 4:2:0; the usual choice for photographs.
  case halved
}
