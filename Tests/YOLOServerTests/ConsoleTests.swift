#if Server
import Foundation
import JSONText
import Testing
import YOLOServer
import YOLOServerOptions

/// The console of a platform: its addresses, its headers and its files.
@Suite struct ConsoleTests {
  /// Where the files of the console are in the sources.
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/Server/YOLOServer/Page/console")

  /// The files of the console by their names.
  private static func files() throws -> [String: String] {
    var files: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
      files[name] = try String(contentsOf: sources.appending(path: name), encoding: .utf8)
    }
    return files
  }

  private static func isPage(_ answer: PlatformClient.Answer) -> Bool {
    answer.header("Content-Type") == "text/html; charset=utf-8"
      && answer.text.contains(#"<script type="module" src="/ui/app.js"></script>"#)
  }

  // MARK: Addresses

  @Test func addressesOpenWithoutAKeyAndPrivateOnesAreNotFoundWithAnother() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let bob = try await accounts.create(username: "bobby", name: "Bob", plan: .free).key
      for (name, visibility) in [("open", "public"), ("closed", "private")] {
        let body = #"{"name":"\#(name)","visibility":"\#(visibility)""#
        await client.check(201, "POST", "/api/projects", key: key, body: body + "}")
        await client.check(201, "POST", "/api/datasets", key: key, body: body + "}")
        await client.check(
          201, "POST", "/api/models", key: key,
          body: #"{"project":"\#(name)","model":"first","name":"First"}"#)
      }
      let missing = await client.call("GET", "/alice/none", key: key)
      #expect(missing.status == 404 && Self.isPage(missing))
      for (path, isKnown) in [
        ("/alice", true), ("/alice/datasets", true), ("/alice/open", true),
        ("/alice/open/first", true), ("/alice/datasets/open", true), ("/alice/open/", true),
        ("/alice/closed", false), ("/alice/closed/first", false),
        ("/alice/datasets/closed", false), ("/nobody", false), ("/nobody/datasets", false),
        ("/alice/open/second", false), ("/alice/datasets/first", false),
        ("/alice/%2e%2e", false), ("/alice/%ff", false),
      ] {
        for (viewer, isOwner) in [(nil, false), (bob, false), (key, true)] as [(String?, Bool)] {
          let answer = await client.call("GET", path, key: viewer)
          // A browser opens what a training has printed without a key.
          let isThere =
            isKnown || (isOwner && path.contains("closed"))
            || (viewer == nil && path.hasPrefix("/alice/"))
          if path == "/alice/%ff" {
            #expect(answer.status == 404, "\(path): \(answer.status)")
            continue
          }
          #expect(answer.status == (isThere ? 200 : 404), "\(path) \(isOwner): \(answer.status)")
          #expect(Self.isPage(answer), "\(path): \(answer.head)")
          // Nothing tells what is private from what does not exist.
          #expect(answer.text == missing.text, "\(path)")
        }
      }
      let wrong = await client.call("GET", "/alice/open", key: "ul_wrong")
      #expect(wrong.status == 401 && wrong.body["error"]?.string != nil)
      let counted = await client.call("GET", "/alice/open", key: key)
      #expect(counted.header("X-RateLimit-Limit") == nil)
    }
  }

  @Test func viewsOfTheAccountAreThereForEverybody() async throws {
    try await PlatformClient.serving { client, _, _ in
      for path in [
        "/", "/datasets", "/projects", "/models", "/explore", "/models/jobs", "/models/exports",
        "/models/deployments", "/models/deployments/deployment_01", "/settings/keys",
        "/settings/usage", "/settings/activity", "/settings/trash", "/settings/webhooks",
        "/settings/account",
      ] {
        let answer = await client.call("GET", path)
        #expect(answer.status == 200 && Self.isPage(answer), "\(path): \(answer.head)")
      }
      for path in ["/settings/none", "/models/none"] {
        let answer = await client.call("GET", path)
        #expect(answer.status == 404 && Self.isPage(answer), "\(path): \(answer.head)")
      }
      let page = await client.call("GET", "/predict")
      #expect(page.status == 200 && page.text.contains("Choose an image or a video"))
      let head = await client.call("HEAD", "/explore")
      #expect(head.status == 200 && head.text.isEmpty && head.header("Content-Length") != "0")
    }
  }

  @Test func otherPathsStayWhatTheyWere() async throws {
    try await PlatformClient.serving { client, key, _ in
      for path in [
        "/api", "/api/none", "/api/none/at/all", "/storage/none", "/v1/none", "/v1", "/docs",
        "/favicon.ico", "/robots.txt", "/Alice", "/al", "/alice_b", "/a/b/c/d", "/metrics/none",
        "/datasets/none", "/settings", "/ui/none.js", "/ui/PageController.swift", "/ui/index.html",
        "/ui/..%2findex.html", "/healthz/none",
      ] {
        let answer = await client.call("GET", path, key: key)
        #expect(answer.status == 404, "\(path): \(answer)")
        #expect(answer.header("Content-Type") == "application/json", "\(path): \(answer.head)")
      }
      for path in ["/healthz", "/openapi.json", "/v1/models"] {
        let answer = await client.call("GET", path, key: key)
        #expect(answer.status == 200 && answer.body != .null, "\(path): \(answer)")
      }
      // The document has both: paths of one shape are one path there.
      for path in ["/{owner}", "/{owner}/{project}", "/{owner}/{project}/{model}"] {
        let missing = client.checker.document["paths"]?[path]?["get"]?["responses"]?["404"]
        #expect(
          missing?["content"]?.members?.map(\.key).sorted() == ["application/json", "text/html"])
      }
      let refused = await client.call("POST", "/alice", key: key)
      #expect(refused.status == 405 && refused.header("Allow") == "GET")
      let prediction = await client.call("POST", "/predict")
      #expect(prediction.status == 401)
    }
  }

  @Test func withoutAPlatformThereIsNoConsole() async throws {
    try await LiveServer.serving({ $0.isOpen = true }) { port in
      for (path, status) in [
        ("/", 200), ("/alice", 404), ("/ui/app.js", 404), ("/datasets", 404),
        ("/settings/keys", 404),
      ] {
        let text = await LiveServer.exchange(
          Array("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8), port: port)
        #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(path): \(text.prefix(200))")
        #expect(text.contains("Choose an image or a video") == (path == "/"))
      }
    }
  }

  @Test func theNameOfAnOwnerIsToldFromOtherPaths() {
    let template = PathTemplate("/{owner:@}/{project}")
    func owner(_ path: String) -> String? {
      template.parameters(of: PathTemplate.segments(of: path))?["owner"]
    }
    for name in ["alice", "a1b2", "my-team-2", String(repeating: "a", count: 32)] {
      #expect(owner("/\(name)/x") == name)
    }
    for name in [
      "api", "storage", "datasets", "settings", "explore", "predict", "v1", "ui", "Alice", "al",
      "a--b", "-abc", "abc-", "a_bcd", "al.ice", "al%69ce", String(repeating: "a", count: 33),
    ] {
      #expect(owner("/\(name)/x") == nil, "\(name)")
    }
    #expect(template.text == "/{owner}/{project}")
    #expect(PathTemplate("/models/{view}").precedes(template))
  }

  // MARK: Files

  @Test func filesComeWithTheirTypesAndTags() async throws {
    let files = try Self.files()
    #expect(files.count > 15 && files["console.html"] != nil)
    let types = [
      "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
      "svg": "image/svg+xml", "html": "text/html; charset=utf-8",
    ]
    try await PlatformClient.serving { client, _, _ in
      for (name, content) in files {
        let path = name == "console.html" ? "/" : "/ui/\(name)"
        let answer = await client.call("GET", path)
        #expect(answer.status == 200 && answer.text == content, "\(name)")
        let type = try #require(types[String(name.split(separator: ".").last ?? "")])
        #expect(answer.header("Content-Type") == type, "\(name)")
        #expect(answer.header("Cache-Control") == "no-cache")
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
        let tag = try #require(answer.header("ETag"))
        let again = await client.call("GET", path, headers: ["If-None-Match: \(tag)"])
        #expect(again.status == 304 && again.text.isEmpty && again.header("ETag") == tag, "\(name)")
        let other = await client.call("GET", path, headers: ["If-None-Match: \"other\""])
        #expect(other.status == 200)
      }
      let missing = await client.call("GET", "/nobody-here")
      let tag = try #require(missing.header("ETag"))
      let again = await client.call("GET", "/nobody-here", headers: ["If-None-Match: \(tag)"])
      #expect(again.status == 404, "what is not found stays so")
    }
  }

  @Test func thePolicyAllowsThisServerAlone() async throws {
    try await PlatformClient.serving { client, _, _ in
      for path in ["/", "/settings/keys", "/nobody-here"] {
        let answer = await client.call("GET", path)
        let policy = try #require(answer.header("Content-Security-Policy"))
        for directive in [
          "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
          "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'",
        ] {
          #expect(policy.split(separator: "; ").contains { $0 == directive }, "\(directive)")
        }
        #expect(!policy.contains("unsafe") && !policy.contains("http"))
        #expect(answer.header("Referrer-Policy") == "no-referrer")
      }
    }
  }

  @Test func theSourcesNameFilesThatExistAndNoOtherServers() throws {
    let files = try Self.files()
    for (name, content) in files {
      for match in content.matches(of: /\/ui\/([A-Za-z0-9.-]*\.[a-z]+)/) {
        #expect(files[String(match.1)] != nil, "\(name) names \(match.1)")
      }
      // The name space of SVG is a name, no address.
      let text = content.replacing("http://www.w3.org/2000/svg", with: "")
      #expect(text.firstMatch(of: /https?:\/\/[a-z0-9]|["'(]\/\/[a-z]/) == nil, "\(name)")
      for word in [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
        "new Function", "createContextualFragment", "DOMParser", "setAttribute('style'",
        "localStorage", "document.cookie", "@import", "url(",
      ] {
        #expect(!content.contains(word), "\(name) has \(word)")
      }
      #expect(content.utf8.count < 24_000, "\(name) has \(content.utf8.count) bytes")
    }
    // The views are named by a table.
    let table = try #require(files["app.js"])
    for match in table.matches(of: /\$\/, '([a-z]+)', '([a-z]+)'/) {
      let module = try #require(files["\(match.1).js"], "there is no \(match.1).js")
      #expect(module.contains("function \(match.2)("), "\(match.1).js has no \(match.2)")
    }
    let page = try #require(files["console.html"])
    #expect(
      page.firstMatch(of: /<script(?! type="module" src="\/ui\/[a-z]+\.js"><\/script>)/) == nil)
    #expect(page.firstMatch(of: /<style| style=| on[a-z]+=/) == nil)
    for landmark in ["<header", "<nav", "<main", "aria-live", "class=\"skip\"", "lang=\"en\""] {
      #expect(page.contains(landmark))
    }
  }

  @Test func everyImportIsExported() throws {
    let files = try Self.files()
    for (name, content) in files where name.hasSuffix(".js") {
      for match in content.matches(of: /import \{([^}]*)\} from '\/ui\/([a-z]+\.js)'/) {
        let module = try #require(files[String(match.2)])
        for part in match.1.split(separator: ",") {
          let imported = part.split(separator: " as ")[0]
            .trimmingCharacters(in: .whitespacesAndNewlines)
          guard !imported.isEmpty else { continue }
          let isExported = ["function", "async function", "const", "class"].contains {
            module.contains("export \($0) \(imported)")
          }
          #expect(isExported, "\(name): \(match.2) exports no \(imported)")
        }
      }
    }
  }
}
#endif
