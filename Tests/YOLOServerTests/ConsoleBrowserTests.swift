#if Server
import Foundation
import JSONText
import Testing
import YOLOServer

/// The console in a headless Chromium, before a platform of this process; one browser at a time.
extension PageTests {
  private static func heading(_ text: String) -> String {
    "document.querySelector('main[aria-busy=false] h1')?.textContent === '\(text)'"
      + " && !document.querySelector('[aria-busy=true]')"
  }

  @Test("Who signs in to the console sees names as text, and leaves no key behind")
  func signsIn() async throws {
    try await PlatformClient.serving { client, key, _ in
      let hostile = "<img src=x onerror=window.hit=1>"
      for (path, slug) in [("projects", "project"), ("datasets", "dataset")] {
        let body = #"{"name":"\#(hostile)","\#(slug)":"first","description":"\#(hostile)"}"#
        await client.check(201, "POST", "/api/\(path)", key: key, body: body)
      }
      await client.check(
        201, "POST", "/api/models", key: key,
        body: #"{"project":"first","model":"second","name":"\#(hostile)"}"#)
      let address = try #require(URL(string: "http://127.0.0.1:\(client.port)"))
      try await PageBrowser.acquiring { browser in
        try await browser.open(address)
        try await browser.wait(until: Self.heading("Sign in"))
        try await browser.type(
          "ul_" + String(repeating: "0", count: 40) + PageBrowser.Key.enter,
          into: "input[name=key]")
        try await browser.wait(
          until: "document.querySelector('[role=alert]')?.textContent.includes('not known')")
        // That a key is refused is an error to the browser.
        _ = try await browser.complaints()
        try await browser.run("document.querySelector('input[name=key]').value = ''")
        try await browser.type(key + PageBrowser.Key.enter, into: "input[name=key]")
        try await browser.wait(until: Self.heading("Alice"))
        for (path, title) in [
          ("/projects", "Projects"), ("/models", "Models"), ("/datasets", "Datasets"),
          ("/settings/trash", "Trash"), ("/settings/keys", "Keys"),
        ] {
          try await browser.run("document.querySelector('.side a[href=\"\(path)\"]').click()")
          try await browser.wait(until: Self.heading(title))
        }
        try await browser.run(
          "document.querySelector('.side a[href=\"/datasets\"]').click()")
        try await browser.wait(until: Self.heading("Datasets"))
        try await browser.run("document.querySelector('tbody th a').click()")
        try await browser.wait(until: Self.heading(hostile))
        #expect(
          try await browser.run("return location.pathname") == .string("/alice/datasets/first"))
        #expect(try await browser.run("return document.activeElement.tagName") == .string("H1"))
        let stores = try await browser.run(
          """
          return [window.hit ?? null, document.querySelector('main img'), localStorage.length,
            document.cookie, location.href.includes('ul_'),
            document.documentElement.outerHTML.includes(arguments[0])]
          """, key)
        #expect(
          stores == .array([.null, .null, .int(0), .string(""), .bool(false), .bool(false)]))
        let complaints = try await browser.complaints()
        #expect(complaints == [])
        try await browser.run(
          "[...document.querySelectorAll('button')].find((one) => one.textContent === 'Sign out').click()"
        )
        try await browser.wait(until: Self.heading("Sign in"))
        #expect(try await browser.run("return sessionStorage.length") == .int(0))
        // Without the key the same address is as if there were nothing.
        try await browser.open(address.appending(path: "alice/datasets/first"))
        try await browser.wait(until: Self.heading("Not found"))
      }
    }
  }

  @Test("Of the console, an address that clients print opens without a key where it is public")
  func opensPublicAddresses() async throws {
    try await PlatformClient.serving { client, key, _ in
      let body = #"{"name":"Open","project":"open","visibility":"public"}"#
      await client.check(201, "POST", "/api/projects", key: key, body: body)
      await client.check(
        201, "POST", "/api/models", key: key,
        body: #"""
          {"project":"open","model":"curves","name":"Curves","epochs":3,"trainResults":[
            {"epoch":0,"metrics":{"metrics/mAP50(B)":0.1,"train/box_loss":2}},
            {"epoch":1,"metrics":{"metrics/mAP50(B)":0.3,"train/box_loss":1.5}},
            {"epoch":2,"metrics":{"metrics/mAP50(B)":0.5,"train/box_loss":1.25}}]}
          """#)
      let address = try #require(URL(string: "http://127.0.0.1:\(client.port)"))
      try await PageBrowser.acquiring { browser in
        for (path, title) in [
          ("alice", "alice"), ("alice/open", "Open"), ("alice/open/curves", "Curves"),
          ("explore", "Explore"),
        ] {
          try await browser.open(address.appending(path: path))
          try await browser.wait(until: Self.heading(title))
          let complaints = try await browser.complaints()
          #expect(complaints == [], "\(path)")
        }
        try await browser.open(address.appending(path: "alice/open/curves"))
        try await browser.wait(until: Self.heading("Curves"))
        let lines = try await browser.run(
          "return document.querySelectorAll('.chart polyline').length")
        #expect(lines.int == 2)
        try await browser.run("document.querySelector('.chart summary').click()")
        try await browser.wait(until: "document.querySelector('.chart tbody')?.rows.length === 3")
      }
    }
  }
}
#endif
