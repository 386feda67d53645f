import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOTestSupport

/// Damaged files either decode or throw; neither crashes, hangs nor passes the limits.
@Suite struct DamagedFileTests {
  private let limits = ImageLimits(maximumPixels: 40_000, maximumScans: 20)

  @Test func `damaged JPEG files`() throws {
    try tryDamaged(Fixture.all("jpeg-", ".jpg") + Fixture.all("orientation-", ".jpg"))
  }

  /// Two threads give the same pixels or the same refusal as one.
  @Test func `damaged JPEG files on two threads`() throws {
    var random = SplitMix64(seed: 11)
    var seeds: [[UInt8]] = []
    for (width, height) in [(1024, 520), (731, 733), (4100, 130)] {
      let colors = (0..<3 * 64).map { _ in UInt8.random(in: 0...255, using: &random) }
      let pixels = (0..<3 * width * height).map { index in
        colors[(index / 3 % width / 37 + index / (3 * width) / 29) % 64 * 3 + index % 3]
          &+ UInt8.random(in: 0...30, using: &random)
      }
      let image = Image(knownSize: Size(width: width, height: height), pixels: pixels)
      for subsampling in ChromaSubsampling.allCases {
        seeds.append(try ImageWriter.jpeg(image, quality: 80, subsampling: subsampling))
      }
    }
    let plan = FuzzPlan(cases: 200)
    var (decoded, refused) = (0, 0)
    for index in 0..<seeds.count + plan.cases {
      let file = index < seeds.count ? seeds[index] : mutated(seeds[index % 6], using: &random)
      let results = [1, 2].map { threads in
        Result { () throws(ImageIOError) in
          try ImageReader.decode(file, named: "seed", threads: threads)
        }
      }
      let isSame = results[0] == results[1]
      #expect(isSame, "case \(index)")
      if case .success = results[0] { decoded += 1 } else { refused += 1 }
    }
    // Both outcomes have to occur, whatever the seed.
    #expect(decoded > seeds.count && refused > 0)
  }

  @Test func `damaged PNG files`() throws {
    let seeds = Fixture.all("png-", ".png") + Fixture.all("orientation-", ".png")
    try tryDamaged(seeds) { file, random in
      Bool.random(using: &random)
        ? mutated(file, using: &random) : withDamagedPNGChunk(file, using: &random)
    }
  }

  @Test func `damaged WebP files`() throws {
    try tryDamaged(Fixture.all("webp-", ".webp") + Fixture.all("orientation-", ".webp"))
  }

  /// Raw pixels may have any value, so that more of these decode than of compressed ones.
  @Test(arguments: [ImageFormat.bmp, .pnm, .gif])
  func `damaged files of small formats`(_ format: ImageFormat) throws {
    try tryDamaged(
      Fixture.all.filter { $0.format == format }, minimumSeeds: 10, accepted: 0.01...0.8)
  }

  /// Libraries that are out of our hands: nothing may crash, hang or pass the limits.
  @Test(
    arguments: [ImageFormat.tiff, .jpeg2000, .avif, .heic].filter {
      $0.library?.isAvailable == true
    })
  func `damaged files of system libraries`(_ format: ImageFormat) throws {
    try tryDamaged(
      Fixture.all.filter { $0.format == format }, minimumSeeds: 9, cases: 1500,
      accepted: 0.02...0.9)
  }

  private func tryDamaged(
    _ seeds: [Fixture], minimumSeeds: Int = 21, cases: Int = 3000,
    accepted: ClosedRange<Double> = 0.1...0.5,
    damage: ([UInt8], inout SplitMix64) -> [UInt8] = { mutated($0, using: &$1) }
  ) throws {
    let seeds = seeds.filter { $0.expected != nil }
    try #require(seeds.count >= minimumSeeds, Fixture.regenerate)
    let plan = FuzzPlan(cases: cases)
    var random = SplitMix64(seed: plan.seed)
    var decoded = 0
    for _ in 0..<plan.cases {
      let seed = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      let file = damage(seed.bytes, &random)
      do throws(ImageIOError) {
        let image = try ImageReader.decode(file, named: seed.name, limits: limits)
        #expect(image.width * image.height <= limits.maximumPixels)
        decoded += 1
      } catch {
        #expect(error.description.hasPrefix("\(seed.name): "))
      }
    }
    // A fifth to a quarter decode of the compressed formats. Far fewer or more would mean that the
    // damage does not reach the decoder or does not matter to it.
    #expect(accepted.contains(Double(decoded) / Double(plan.cases)), "\(decoded)")
  }

  @Test func `damaged EXIF structures`() throws {
    var seeds: [[UInt8]] = []
    for fixture in Fixture.all("orientation-", ".png") {
      let marker = Array("eXIf".utf8)
      let start = try #require(
        fixture.bytes.indices.first { fixture.bytes[$0...].starts(with: marker) })
      seeds.append(Array(fixture.bytes[(start + 4)...].prefix(60)))
    }
    let plan = FuzzPlan(cases: 3000)
    var random = SplitMix64(seed: plan.seed)
    var found: Set<Orientation> = []
    for _ in 0..<plan.cases {
      let bytes = mutated(seeds[Int.random(in: 0..<seeds.count, using: &random)], using: &random)
      if let orientation = Orientation(tiff: bytes.span) { found.insert(orientation) }
    }
    #expect(found == Set(Orientation.allCases))
  }
}
