#if Server
import YOLOServerOptions
import Foundation
import JSONText
import Testing
import YOLOServer

/// The page at `GET /` in a headless Chromium, before a server of this process.
///
/// They need `chromium`, `chromedriver` and `curl` on the machine.
@Suite(.serialized, .enabled(if: PagePrograms.haveBrowser, "needs chromium, chromedriver, curl"))
struct PageTests {
  @Test("An image of every task is drawn, listed and told as JSON, as cURL gets it")
  func tasks() async throws {
    try await PageServer.serving { address in
      try await PageBrowser.acquiring { browser in
        let page = try await PageView.open(address, in: browser)
        for task in ["detect", "segment", "pose", "obb", "classify"] {
          try await page.choose(model: "shapes-\(task)")
          let name = task == "detect" ? "shapes.jpg" : "shapes-\(task).jpg"
          // Choosing the model has sent the image before again, which this choice aborts.
          try await page.choose(PageServer.weights.appending(path: name))
          try await expectResponse(of: task, on: page)
        }
        let complaints = try await browser.complaints()
        #expect(complaints == [])
      }
    }
  }

  private func expectResponse(of task: String, on page: PageView) async throws {
    let response = try PageResponse(try await page.copied(by: "#copy-json"))
    #expect(!response.results.isEmpty, "\(task)")
    let isClasses = task == "classify"
    let names = try await page.texts(isClasses ? "#list li bdi" : "#list tbody bdi")
    #expect(names == response.names, "\(task)")
    #expect(try await page.boxes() == (isClasses ? 0 : response.results.count), "\(task)")
    let changed = try #require(try await page.changedPixels())
    #expect(changed > 0 && changed < 900, "\(task)")
    let colors = try await page.colors(at: response.edges, width: 640)
    let expected = try await page.dots()
    // Labels, masks and other boxes may cover an edge.
    let equal = zip(colors, expected).filter { zip($0, $1).allSatisfy { abs($0 - $1) < 60 } }
    #expect(equal.count * 2 >= response.edges.count, "\(task): \(colors) for \(expected)")

    let curl = try await page.copied(by: "#copy-curl")
    #expect(try await page.text("#curl") == curl)
    #expect(curl.contains("-F 'model=shapes-\(task)'") && !curl.contains("API_KEY"))
    let direct = try await PagePrograms.shell(curl, in: PageServer.weights)
    #expect(try PageResponse(String(decoding: direct, as: UTF8.self)) == response, "\(task)")
  }

  @Test("Sliders send again, by keyboard too, and the last position is what is shown")
  func sliders() async throws {
    try await PageServer.serving { address in
      try await PageBrowser.acquiring { browser in
        let page = try await PageView.open(address, in: browser)
        try await page.choose(model: "shapes-detect")
        try await page.choose(PageServer.weights.appending(path: "shapes.jpg"))
        let usual = try PageResponse(try await page.copied(by: "#copy-json"))
        try await page.awaitResponse { try await browser.type(PageBrowser.Key.end, into: "#conf") }
        #expect(try await page.text("#conf-value") == "1.00")
        #expect(try await page.boxes() == 0)
        #expect(try await page.text("#list") == "Nothing was found with these settings.")
        let keys = PageBrowser.Key.home + String(repeating: PageBrowser.Key.right, count: 4)
        try await page.awaitResponse { try await browser.type(keys, into: "#conf") }
        let curl = try await page.copied(by: "#copy-curl")
        #expect(curl.contains("-F 'conf=0.05'"))
        let many = try PageResponse(try await page.copied(by: "#copy-json"))
        #expect(many.results.count >= usual.results.count)
        #expect(try await page.boxes() == many.results.count)
        try await page.awaitResponse {
          try await browser.type(PageBrowser.Key.home, into: "#imgsz")
        }
        #expect(try await page.text("#curl").contains("-F 'imgsz=32'"))
        #expect(try PageResponse(try await page.copied(by: "#copy-json")) != many)
      }
    }
  }

  @Test("Failures are told in words")
  func failures() async throws {
    try await PageServer.withDirectory { directory in
      let text = directory.appending(path: "notes.txt")
      try Data("no image".utf8).write(to: text)
      try await PageServer.serving { address in
        try await PageBrowser.acquiring { browser in
          let page = try await PageView.open(address, in: browser)
          try await page.choose(text)
          let unread = try await page.text("#alert")
          #expect(unread.contains("no image or video that the server can read"))
          #expect(unread.contains("415 UNSUPPORTED_MEDIA_TYPE"))
          try await page.choose(PageServer.weights.appending(path: "shapes.jpg"))
          #expect(try await page.text("#alert") == "")
          try await page.awaitResponse { try await browser.type("99", into: "#max_det") }
          let refused = try await page.text("#alert")
          #expect(refused.contains("400 VALIDATION_ERROR") && refused.contains("max_det"))
          #expect(try await page.boxes() == 0)
        }
      }
    }
  }

  @Test("A key is asked for where one is needed, and kept in this tab only")
  func keys() async throws {
    try await PageServer.withDirectory { directory in
      let database = directory.appending(path: "keys.sqlite")
      let key = try await KeyStore(path: database.path(percentEncoded: false)).create(
        name: "page", models: nil
      ).key
      try await PageServer.serving(keys: database) { address in
        try await PageBrowser.acquiring { browser in
          try await browser.open(address)
          try await browser.wait(until: "document.querySelector('#key-box').open")
          let page = PageView(browser: browser)
          try await page.choose(PageServer.weights.appending(path: "shapes.jpg"))
          #expect(try await page.text("#alert").contains("401 UNAUTHORIZED"))
          try await page.awaitResponse {
            try await browser.type(key + PageBrowser.Key.enter, into: "#key")
          }
          try await browser.wait(until: "document.querySelector('#model').value")
          #expect(try await page.text("#alert") == "")
          #expect(try await page.text("#figures").contains(" of 100"))
          let curl = try await page.text("#curl")
          #expect(curl.contains("-H 'x-api-key: API_KEY'") && !curl.contains(key))
          let markup = try await browser.run("return document.documentElement.innerHTML")
          #expect(try #require(markup.string).contains(key) == false)
          #expect(
            try await browser.run("return localStorage.length + document.cookie") == .string("0"))
          try await browser.reload()
          try await browser.wait(until: "document.querySelector('#model').value")
          #expect(
            try await browser.run("return document.querySelector('#key').value").string == key)
        }
      }
    }
  }

  @Test("Names are text to the page and to the shell; images may be dropped and pasted")
  func names() async throws {
    try await PageServer.withDirectory { directory in
      let models = directory.appending(path: "models")
      try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
      let name = #"it's "<b>" $(id) `id`; n"#
      try FileManager.default.copyItem(
        at: PageServer.weights.appending(path: "shapes-detect.pt"),
        to: models.appending(path: "\(name).pt"))
      try Data("none".utf8).write(to: models.appending(path: "<img src=x onerror=window.hit=1>.pt"))
      let photo = try Data(contentsOf: PageServer.weights.appending(path: "shapes.jpg"))
      let file = #"a'b;c,"d".jpg"#
      try photo.write(to: directory.appending(path: file))
      try await PageServer.serving(models) { address in
        try await PageBrowser.acquiring { browser in
          let page = try await PageView.open(address, in: browser)
          #expect(try await page.text("#model-hint").contains("<img src=x onerror=window.hit=1>"))
          #expect(try await browser.run("return document.querySelector('img, b')") == .null)
          #expect(try await browser.run("return window.hit ?? null") == .null)
          #expect(
            try await browser.run("return document.querySelector('#model').value").string == name)
          for event in ["drop", "paste"] {
            try await page.awaitResponse {
              try await browser.run(
                """
                const bytes = Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0));
                const data = new DataTransfer();
                data.items.add(new File([bytes], arguments[1], { type: 'image/jpeg' }));
                document.body.dispatchEvent(arguments[2] === 'drop'
                  ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
                  : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
                """, photo.base64EncodedString(), file, event)
            }
            let response = try PageResponse(try await page.copied(by: "#copy-json"))
            #expect(!response.results.isEmpty, "\(event)")
            let curl = try await page.copied(by: "#copy-curl")
            let direct = try await PagePrograms.shell(curl, in: directory)
            #expect(
              try PageResponse(String(decoding: direct, as: UTF8.self)) == response, "\(curl)")
          }
        }
      }
    }
  }

  @Test("A video has a result a frame", .enabled(if: PagePrograms.ffmpeg != nil, "needs ffmpeg"))
  func video() async throws {
    try await PageServer.withDirectory { directory in
      let photo = PageServer.weights.appending(path: "shapes.jpg").path(percentEncoded: false)
      _ = try await PagePrograms.shell(
        "ffmpeg -v error -loop 1 -t 1 -r 5 -i '\(photo)' -pix_fmt yuv420p shapes.mp4", in: directory
      )
      try await PageServer.serving { address in
        try await PageBrowser.acquiring { browser in
          let page = try await PageView.open(address, in: browser)
          try await page.choose(model: "shapes-detect")
          try await page.choose(directory.appending(path: "shapes.mp4"))
          let response = try PageResponse(try await page.copied(by: "#copy-json"))
          #expect(response.images.count == 5)
          #expect(try await page.text("#frame-value") == "1 of 5")
          #expect(try await page.boxes() == response.results.count)
          try await browser.click("#next")
          try await browser.type(PageBrowser.Key.right, into: "#frame")
          #expect(try await page.text("#frame-value") == "3 of 5")
          try await browser.click("#counts summary")
          try await browser.wait(until: "document.querySelectorAll('#count-list tbody tr').length")
          #expect(try await page.texts("#count-list tbody button") == ["1", "2", "3", "4", "5"])
        }
      }
    }
  }
}
#endif
