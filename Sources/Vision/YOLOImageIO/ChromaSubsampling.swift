/// How densely a JPEG file stores color, compared with brightness.
public enum ChromaSubsampling: Sendable, Hashable, CaseIterable {
  /// A color sample a pixel, 4:4:4; keeps thin colored lines sharp.
  case full
  /// A color sample for two by two pixels, 4:2:0; the usual choice for photographs.
  case halved
}
