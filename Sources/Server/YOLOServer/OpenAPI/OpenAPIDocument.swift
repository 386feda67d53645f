#if Server
package import YOLOServerOptions
import JSONText

/// The description of the server's HTTP interface, OpenAPI 3.1.
package enum OpenAPIDocument {
  /// The document as JSON text.
  ///
  /// - Parameters:
  ///   - settings: What the limits and the need of keys are read from.
  ///   - version: The version of the server.
  /// - Returns: UTF-8.
  package static func bytes(settings: ServerSettings, version: String) -> [UInt8] {
    var json = JSONWriter()
    json.value(value(settings: settings, version: version))
    return json.takeBytes()
  }

  static func value(settings: ServerSettings, version: String) -> JSONValue {
    Schema.object([
      "openapi": .string("3.1.0"),
      "info": Schema.object([
        "title": .string("swift-yolo"),
        "description": .string(
          "The Ultralytics HUB Inference API, self-hosted: an image or a video is sent as a form, "
            + "and what a model finds in it comes back as JSON."),
        "version": .string(version),
        "license": Schema.object([
          "name": .string("Apache 2.0"), "identifier": .string("Apache-2.0"),
        ]),
      ]),
      "servers": .array([Schema.object(["url": .string("/")])]),
      "paths": paths(settings),
      "components": Schema.object([
        "schemas": schemas(settings),
        "responses": responses(hasPlatform: settings.data != nil), "headers": headers,
        "securitySchemes": securitySchemes,
      ]),
    ])
  }

  private static var securitySchemes: JSONValue {
    Schema.object([
      "apiKey": Schema.object([
        "type": .string("apiKey"), "in": .string("header"), "name": .string("x-api-key"),
      ]),
      "bearer": Schema.object(["type": .string("http"), "scheme": .string("bearer")]),
    ])
  }
}
#endif
