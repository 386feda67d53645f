import Testing
import YOLOVideo

/// Recognition by first bytes.
@Suite struct VideoFormatTests {
  @Test func textIsNoVideo() {
    #expect(VideoFormat.recognize(Array("#EXTM3U\n".utf8)) == nil)
    #expect(VideoFormat.recognize([]) == nil)
  }
}
