#if Server
import JSONText

/// The schemas of deployments.
extension OpenAPIDocument {
  private static var status: Schema.Field {
    Schema.Field("status", Schema.choice(DeploymentStatus.allCases.map(\.rawValue)))
  }

  private static var site: Schema.Field {
    Schema.Field("region", Schema.choice(DeploymentRegion.names))
  }

  private static var number: JSONValue { Schema.type("number") }

  private static var deployment: [Schema.Field] {
    [
      Schema.Field("id", text("`deployment_` and 24 hexadecimal digits.")),
      Schema.Field("name", text("The name for people.")), Schema.Field("modelId", text()), site,
      status, Schema.Field("minInstances", count()), Schema.Field("maxInstances", count()),
      Schema.Field("createdAt", time), Schema.Field("owner", text()),
      optional("project", text("The slug of the model's project, if that is still there.")),
      optional("model", text("The slug of the model, if that is still there.")),
      optional("task", Schema.choice(ModelTask.names)),
      Schema.Field("deployment", text("The name in paths.")), optional("statusMessage", text()),
      Schema.Field("serviceUrl", text("Answers as a server of the model alone.")),
      Schema.Field(
        "resources",
        Schema.record(
          ["cpu", "memoryGi", "minInstances", "maxInstances"].map { Schema.Field($0, count()) })),
      optional("deployedAt", time), optional("apiKeyId", text()), Schema.Field("updatedAt", time),
      Schema.Field("metadata", anything),
    ]
  }

  private static var sizes: [Schema.Field] {
    let sizes = ["cpu", "memoryGi", "minInstances", "maxInstances"].map { optional($0, count()) }
    return sizes + [optional("resources", Schema.open(sizes))]
  }

  private static var entry: JSONValue {
    Schema.record([
      Schema.Field("timestamp", time),
      Schema.Field("severity", Schema.choice(LogSeverity.allCases.map(\.rawValue))),
      Schema.Field("message", text()),
      optional(
        "httpRequest",
        Schema.record([
          Schema.Field("method", text()), Schema.Field("url", text()),
          Schema.Field("status", count()), Schema.Field("latencyMs", number),
        ])),
    ])
  }

  private static var token: Schema.Field {
    optional("nextPageToken", text("What to ask for the lines before these."))
  }

  private static var metrics: JSONValue {
    let points = Schema.list(
      of: Schema.record([Schema.Field("timestamp", time), Schema.Field("value", number)]))
    let always = ["requests", "errors", "latencyP95"].map { Schema.Field($0, points) }
    let others = ["latencyP50", "cpuUtilization", "memoryUtilization", "instanceCount"].map {
      optional($0, points)
    }
    return Schema.record([
      Schema.Field("deploymentId", text()), site,
      Schema.Field(
        "timeRange", Schema.record([Schema.Field("start", time), Schema.Field("end", time)])),
      Schema.Field(
        "summary",
        Schema.record([
          Schema.Field("totalRequests", count()), optional("errorCount", count()),
          Schema.Field("errorRate", Schema.type("number", "Of a hundred.")),
          optional("avgLatencyMs", number), optional("p50LatencyMs", number),
          Schema.Field("p95LatencyMs", number), optional("p99LatencyMs", number),
        ])),
      Schema.Field("timeSeries", Schema.record(always + others)),
    ])
  }

  private static var sparkline: JSONValue {
    Schema.record([
      Schema.Field("requests24h", Schema.list(of: count())), Schema.Field("totalRequests", count()),
      Schema.Field("errorRate", number), Schema.Field("avgLatencyMs", number),
    ])
  }

  static var deploymentSchemas: [JSONMember] {
    [
      JSONMember("Deployment", Schema.record(deployment)),
      JSONMember("DeploymentPage", page(of: Schema.reference("Deployment"))),
      JSONMember("DeploymentResponse", envelope(Schema.reference("Deployment"))),
      JSONMember(
        "DeploymentCreation",
        Schema.open(
          [
            Schema.Field("modelId", text()), site,
            optional("name", text("That of the model if not given.")),
            optional("deployment", text("The slug; one of the name if not given.")),
          ] + sizes)),
      JSONMember(
        "NamedDeploymentCreation",
        Schema.open(
          ["project", "model", "deployment"].map { Schema.Field($0, text("A slug.")) }
            + [optional("name", text()), site] + sizes)),
      JSONMember(
        "CreatedDeployment",
        Schema.record([
          Schema.Field("id", text()), Schema.Field("deployment", text()), status,
          Schema.Field("message", text()), site,
        ])),
      JSONMember(
        "DeploymentList",
        Schema.record([
          Schema.Field("deployments", Schema.list(of: Schema.reference("Deployment"))),
          Schema.Field("total", count()), region,
        ])),
      JSONMember(
        "DeploymentDetail",
        Schema.record([Schema.Field("deployment", Schema.reference("Deployment")), region])),
      JSONMember(
        "DeploymentChanges",
        Schema.open(
          [
            optional("action", Schema.choice(["start", "stop", "replace", "resize", "camera"])),
            optional("project", text()), optional("model", text()), optional("name", text()),
            optional("metadata", anything),
          ] + sizes)),
      JSONMember(
        "DeploymentUpdated",
        success([
          status, Schema.Field("message", text()),
          Schema.Field("deployment", text("The name in paths, which may be new.")),
        ])),
      JSONMember(
        "DeploymentHealth",
        Schema.record([
          Schema.Field("healthy", flag), optional("status", count()),
          Schema.Field("latencyMs", number), optional("error", text()),
        ])),
      JSONMember("DeploymentMetricsResponse", envelope(metrics)),
      JSONMember("OwnerDeploymentMetrics", Schema.any([metrics, sparkline])),
      JSONMember(
        "DeploymentLogsResponse",
        envelope(
          Schema.list(of: entry), and: [Schema.Field("meta", Schema.record([token]))])),
      JSONMember(
        "DeploymentLogPage",
        Schema.record([Schema.Field("entries", Schema.list(of: entry)), token])),
    ]
  }
}
#endif
