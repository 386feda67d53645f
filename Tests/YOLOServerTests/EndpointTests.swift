#if Server
import JSONText
import Testing
import YOLOServer

/// The paths of endpoints, and which of several is meant.
@Suite struct EndpointTests {
  private func parameters(_ template: String, _ path: String) -> [String: String]? {
    PathTemplate(template).parameters(of: PathTemplate.segments(of: path))
  }

  @Test func aTemplateNamesItsParameters() {
    #expect(parameters("/", "/") == [:] && parameters("/", "/a") == nil)
    #expect(parameters("/a/{b}", "/a/c%20d") == ["b": "c%20d"])
    #expect(parameters("/a/{b}", "/a") == nil && parameters("/a/{b}", "/a/b/c") == nil)
    #expect(parameters("/a/{b}", "/A/b") == nil)
    #expect(parameters("/a/{b}", "//a///b/") == ["b": "b"])
    #expect(PathTemplate("/a/{b:c_}/d").text == "/a/{b}/d" && PathTemplate("/").text == "/")
  }

  @Test func identifiersAreToldFromOwnersByTheirPrefix() {
    let item = "/api/datasets/{datasetId:dataset_}"
    #expect(parameters(item, "/api/datasets/dataset_01ab") == ["datasetId": "dataset_01ab"])
    for owner in ["alice", "dataset", "datasets_1", "project_1", "dataset%5F1"] {
      #expect(parameters(item, "/api/datasets/\(owner)") == nil)
      #expect(parameters("/api/datasets/{owner}", "/api/datasets/\(owner)") == ["owner": owner])
    }
  }

  @Test func namesOfOwnersAreWhatIsNoIdentifier() {
    let list = "/api/models/{owner:!model_}/{project}"
    #expect(parameters(list, "/api/models/alice/files") == ["owner": "alice", "project": "files"])
    #expect(parameters(list, "/api/models/model_1/files") == nil)
    #expect(parameters(list, "/api/models/model/files") != nil)
    #expect(PathTemplate(list).text == "/api/models/{owner}/{project}")
    #expect(PathTemplate("/api/{kind:image_}/bulk").precedes(PathTemplate("/api/{kind:!a_}/bulk")))
  }

  @Test func theMoreSpecialTemplateComesFirst() {
    let templates = [
      "/api/images/bulk", "/api/images/{imageId:image_}", "/api/images/{owner}",
      "/api/{kind:image_}/bulk", "/api/{kind}/bulk",
    ].map { PathTemplate($0) }
    for (index, first) in templates.enumerated() {
      #expect(!first.precedes(first))
      for second in templates[(index + 1)...] {
        #expect(first.precedes(second) && !second.precedes(first))
      }
    }
  }

  @Test func errorsHaveTwoForms() {
    let error = APIError.invalidField("name", given: "a", expected: "b", "No.")
    #expect(
      error.value(.envelope)["error"]?.members?.map(\.key) == ["code", "message", "details"])
    #expect(error.value(.envelope)["success"] == .bool(false))
    #expect(error.value(.flat).members?.map(\.key) == ["error", "code", "details"])
    #expect(error.value(.flat)["error"] == .string("No."))
  }
}
#endif
