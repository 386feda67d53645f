import YOLOOptions

#if Server

/// An option that a form may give as text.
protocol FieldOption {
  /// What the option becomes.
  associatedtype Value
  /// The name of the field.
  var name: String { get }
  /// Reads and checks a value.
  func parsed(_ text: String) throws(OptionError) -> Value
}

extension NumberOption: FieldOption {}
extension FlagOption: FieldOption {}
extension ClassesOption: FieldOption {}
extension ImageSizeOption: FieldOption {}
#endif
