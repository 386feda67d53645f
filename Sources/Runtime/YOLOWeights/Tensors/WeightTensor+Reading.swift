import YOLOTensor

extension WeightTensor {
  /// Writes the elements in row-major order, converted to `Float`.
  ///
  /// 16-bit numbers convert exactly, wider ones round to nearest, true is 1. The buffer holds
  /// exactly `count` elements. Scratch: none.
  public func read(into buffer: UnsafeMutableBufferPointer<Float>) {
    precondition(buffer.count == count, "one place for every element")
    guard let destination = buffer.baseAddress, count > 0 else { return }
    withBase { source in
      if isContiguous {
        convert(source, into: destination, count: count)
      } else if elementType.size == 2 {
        forEachRow { offset, row in
          gather(source + 2 * offset, into: destination + row)
        }
      } else {
        let size = elementType.size
        let (inner, step) = innermost
        forEachRow { offset, row in
          var index = 0
          while index < inner {
            let element = source + size &* (offset &+ index &* step)
            convert(element, into: destination + (row &+ index), count: 1)
            index &+= 1
          }
        }
      }
    }
  }

  /// Returns the elements in row-major order, converted to `Float` as `read(into:)` does.
  public func floats() -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      read(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  /// Writes the elements in row-major order in the file's own type, little-endian.
  ///
  /// The buffer holds exactly `byteCount` bytes. Scratch: none.
  public func readBytes(into buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count == byteCount, "one place for every byte")
    guard let destination = buffer.baseAddress, count > 0 else { return }
    let size = elementType.size
    withBase { source in
      if isContiguous {
        destination.copyMemory(from: source, byteCount: byteCount)
        return
      }
      let (inner, step) = innermost
      forEachRow { offset, row in
        var index = 0
        while index < inner {
          (destination + size &* (row &+ index)).copyMemory(
            from: source + size &* (offset &+ index &* step), byteCount: size)
          index &+= 1
        }
      }
    }
  }

  /// The size and the stride of the last dimension.
  private var innermost: (count: Int, stride: Int) { (shape.last ?? 1, strides.last ?? 1) }

  /// Calls a function for every row (the last dimension) with the offset of its first element in
  /// the file and in row-major order.
  private func forEachRow(_ body: (_ offset: Int, _ row: Int) -> Void) {
    let inner = innermost.count
    var position = [Int](repeating: 0, count: max(shape.count - 1, 0))
    var offset = 0
    var row = 0
    while row < count {
      body(offset, row)
      row += inner
      var dimension = position.count - 1
      while dimension >= 0 {
        position[dimension] += 1
        // The stride of a dimension of one element may be any number: what is added is taken away.
        offset &+= strides[dimension]
        if position[dimension] < shape[dimension] { break }
        offset &-= strides[dimension] &* shape[dimension]
        position[dimension] = 0
        dimension -= 1
      }
    }
  }

  /// Converts one strided row of 16-bit numbers: channels-last weights are such.
  private func gather(_ source: UnsafeRawPointer, into destination: UnsafeMutablePointer<Float>) {
    let (inner, step) = innermost
    let isBrain = elementType == .bfloat16
    let isHalf = elementType == .float16
    var index = 0
    // SAFETY: `init` checked the last element of every row.
    while index < inner {
      let bits = UInt16(
        littleEndian: source.loadUnaligned(fromByteOffset: 2 &* index &* step, as: UInt16.self))
      destination[index] =
        isHalf
        ? HalfConversion.float(bits)
        : isBrain
          ? HalfConversion.brainFloat(bits) : Float(Int16(bitPattern: bits))
      index &+= 1
    }
  }

  private func convert(
    _ source: UnsafeRawPointer, into destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch elementType {
    case .float16: HalfConversion.convert(source, into: destination, count: count)
    case .bfloat16: HalfConversion.convertBrain(source, into: destination, count: count)
    case .float32:
      UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: 4 * count)
    case .float64: widen(source, destination, count, UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int8: widen(source, destination, count, Int8.self) { Float($0) }
    case .int16: widen(source, destination, count, Int16.self) { Float($0) }
    case .int32: widen(source, destination, count, Int32.self) { Float($0) }
    case .int64: widen(source, destination, count, Int64.self) { Float($0) }
    case .uint8: widen(source, destination, count, UInt8.self) { Float($0) }
    case .bool: widen(source, destination, count, UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }

  @inline(__always)
  private func widen<Element: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>, _ count: Int,
    _ type: Element.Type, _ value: (Element) -> Float
  ) {
    let size = MemoryLayout<Element>.size
    var index = 0
    // SAFETY: the caller gives `count` elements on both sides; the load has no alignment demand.
    while index < count {
      let element = source.loadUnaligned(fromByteOffset: size &* index, as: Element.self)
      destination[index] = value(Element(littleEndian: element))
      index &+= 1
    }
  }
}
