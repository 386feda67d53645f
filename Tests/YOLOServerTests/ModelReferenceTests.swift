#if Server
import HTTPTypes
import JSONText
import Testing
import YOLOServer

@Suite struct ModelReferenceTests {
  @Test(arguments: [
    ("https://hub.ultralytics.com/models/Ab3_9-x", "Ab3_9-x"),
    ("http://hub.ultralytics.com/models/Ab3", "Ab3"),
    ("HTTPS://HUB.Ultralytics.com/models/Ab3/", "Ab3"),
    ("https://hub.ultralytics.com/models/Ab3?tab=deploy", "Ab3"),
    ("https://hub.ultralytics.com/models/Ab3/?tab=/../x#y", "Ab3"),
    ("ul://me/my-project/yolo26n", "yolo26n"),
    (" best ", "best"), ("best.pt", "best.pt"), ("best.safetensors", "best.safetensors"),
    ("größe 2", "größe 2"),
    (String(repeating: "m", count: 256), String(repeating: "m", count: 256)),
  ]) func namesAreReadFromReferences(_ text: String, _ name: String) throws {
    #expect(try ModelReference(parsing: text).name == name)
  }

  @Test(arguments: [
    "", "   ", "..", ".", "../best", "best/../../etc/passwd", "/etc/passwd", "a/b", "a\\b",
    "..\\best",
    "a..b", ".hidden", "best\0.pt", "best\n", "a\u{7F}b", "a\u{2028}b", "a\u{202E}b",
    "https://hub.ultralytics.com/models/", "https://hub.ultralytics.com/models/a/b",
    "https://hub.ultralytics.com/models/../x", "https://hub.ultralytics.com/models/..",
    "https://hub.ultralytics.com.evil.org/models/x", "https://evil.org/models/x",
    "https://hub.ultralytics.com/datasets/x", "ul://", "ul://a", "ul://a/b", "ul://a/b/",
    "ul://a/b/c/d", "ul://a/b/..", "file:///etc/passwd", String(repeating: "m", count: 257),
    String(repeating: "ä", count: 129),
  ]) func whatIsNoNameIsRefused(_ text: String) {
    do {
      let reference = try ModelReference(parsing: text)
      Issue.record("\(reference)")
    } catch {
      #expect(error.status == .badRequest && error.code == "VALIDATION_ERROR")
      #expect(error.details.first?.key == "argument" && error.message.hasPrefix("model "))
    }
  }
}
#endif
