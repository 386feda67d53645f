/// What a checkpoint may consist of.
public enum KnownModules {
  /// The class names of the blocks and heads that are known, sorted.
  public static var classNames: [String] {
    (Array(BlockTable.blocks.keys) + Array(HeadTable.heads.keys)).sorted()
  }
}
