import Testing
import YOLOImage
import YOLOImageIO
import YOLOTestSupport

/// Damaged files either decode or throw; neither crashes, hangs nor passes the limits.
@Suite struct DamagedFileTests {
  private let limits = ImageLimits(maximumPixels: 40_000, maximumScans: 20)

  @Test func `damaged JPEG files`() throws {
    try tryDamaged(Fixture.all("jpeg-", ".jpg") + Fixture.all("orientation-", ".jpg"))
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

  private func tryDamaged(
    _ seeds: [Fixture],
    damage: ([UInt8], inout SplitMix64) -> [UInt8] = { mutated($0, using: &$1) }
  ) throws {
    let seeds = seeds.filter { $0.expected != nil }
    try #require(seeds.count > 20, Fixture.regenerate)
    let plan = FuzzPlan(cases: 3000)
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
    // A fifth to a quarter decode. Far fewer or more would mean that the damage does not reach the
    // decoder or does not matter to it.
    #expect((plan.cases / 10...plan.cases / 2).contains(decoded))
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
