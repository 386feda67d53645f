#if Server
/// A deployment as all answers have it.
struct DeploymentData: Encodable {
  struct Resources: Encodable {
    let cpu: Int
    let memoryGi: Int
    let minInstances: Int
    let maxInstances: Int
  }

  let id: String
  let name: String
  let modelId: String
  let region: String
  let status: DeploymentStatus
  let minInstances: Int
  let maxInstances: Int
  let createdAt: Timestamp
  let owner: String
  let project: String?
  let model: String?
  let task: String?
  /// The slug, as paths have it.
  let deployment: String
  let statusMessage: String?
  let serviceUrl: String
  let resources: Resources
  let deployedAt: Timestamp?
  let updatedAt: Timestamp
  let metadata: StoredJSON

  init(_ row: DeploymentRow, origin: String) {
    id = row.id
    name = row.name
    modelId = row.model
    region = row.region
    status = row.status
    minInstances = row.minInstances
    maxInstances = row.maxInstances
    createdAt = Timestamp(row.created)
    owner = row.owner
    project = row.projectSlug
    model = row.modelSlug
    task = row.task
    deployment = row.slug
    statusMessage = row.statusMessage
    serviceUrl = "\(origin)/d/\(row.owner)/\(row.slug)"
    resources = Resources(
      cpu: row.cpu, memoryGi: row.memory, minInstances: row.minInstances,
      maxInstances: row.maxInstances)
    deployedAt = row.deployed.map(Timestamp.init)
    updatedAt = Timestamp(row.updated)
    metadata = row.metadata
  }
}

/// The deployments of an owner.
struct DeploymentList: Encodable {
  let deployments: [DeploymentData]
  let total: Int
  let region: String
}

/// A deployment by itself.
struct DeploymentDetail: Encodable {
  let deployment: DeploymentData
  let region: String
}

/// A new deployment.
struct CreatedDeployment: Encodable {
  let id: String
  let deployment: String
  let status: DeploymentStatus
  let message: String
  /// Where it runs.
  let region: String
}

/// The answer of `PATCH`.
struct UpdatedDeployment: Encodable {
  let success = true
  let status: DeploymentStatus
  let message: String
  let deployment: String
}

/// The answer of `DELETE`.
struct DeletedDeployment: Encodable {
  let success = true
}

/// Whether a deployment answers.
struct DeploymentHealth: Encodable {
  let healthy: Bool
  let status: Int?
  let latencyMs: Double
  let error: String?
}

/// Lines of a log with what else the first documents have.
struct DeploymentLogEnvelope: Encodable {
  struct Meta: Encodable {
    let nextPageToken: String?
  }

  let success = true
  let data: [LogEntry]
  let meta: Meta
}

/// Lines of a log.
struct DeploymentLogPage: Encodable {
  let entries: [LogEntry]
  let nextPageToken: String?
}

/// What a deployment did in a time.
struct DeploymentMeasures: Encodable {
  struct TimeRange: Encodable {
    let start: Timestamp
    let end: Timestamp
  }

  struct Summary: Encodable {
    let totalRequests: Int
    let errorCount: Int?
    /// Of a hundred.
    let errorRate: Double
    let avgLatencyMs: Double?
    let p50LatencyMs: Double?
    let p95LatencyMs: Double
    let p99LatencyMs: Double?
  }

  struct Point: Encodable {
    let timestamp: Timestamp
    let value: Double
  }

  struct TimeSeries: Encodable {
    let requests: [Point]
    let errors: [Point]
    let latencyP50: [Point]?
    let latencyP95: [Point]
    let cpuUtilization: [Point]?
    let memoryUtilization: [Point]?
    let instanceCount: [Point]?
  }

  let deploymentId: String
  let region: String
  let timeRange: TimeRange
  let summary: Summary
  let timeSeries: TimeSeries

  init(_ row: DeploymentRow, _ series: DeploymentMetrics.Series, isOverview: Bool) {
    deploymentId = row.id
    region = row.region
    timeRange = TimeRange(start: Timestamp(series.start), end: Timestamp(series.end))
    let total = series.total
    summary = Summary(
      totalRequests: total.requests, errorCount: isOverview ? nil : total.errors,
      errorRate: total.errorRate, avgLatencyMs: isOverview ? nil : total.mean,
      p50LatencyMs: isOverview ? nil : total.percentile(0.5),
      p95LatencyMs: total.percentile(0.95),
      p99LatencyMs: isOverview ? nil : total.percentile(0.99))
    /// Of steps in which nothing was measured there is no value; a count is 0 then.
    func points(
      _ value: (DeploymentMetrics.Tally) -> Double,
      where isMeasured: (DeploymentMetrics.Tally) -> Bool
    ) -> [Point] {
      series.times.compactMap { time in
        guard let tally = series.steps[time], isMeasured(tally) else { return nil }
        return Point(timestamp: Timestamp(time), value: value(tally))
      }
    }
    func counts(_ value: (DeploymentMetrics.Tally) -> Double) -> [Point] {
      series.times.map { time in
        Point(timestamp: Timestamp(time), value: series.steps[time].map(value) ?? 0)
      }
    }
    let isUsed: (DeploymentMetrics.Tally) -> Bool = { $0.requests > 0 }
    let isSeen: (DeploymentMetrics.Tally) -> Bool = { $0.samples > 0 }
    timeSeries = TimeSeries(
      requests: counts { Double($0.requests) }, errors: counts { Double($0.errors) },
      latencyP50: isOverview ? nil : points({ $0.percentile(0.5) }, where: isUsed),
      latencyP95: points({ $0.percentile(0.95) }, where: isUsed),
      cpuUtilization: isOverview
        ? nil : points({ 100 * $0.cpu / Double($0.samples) }, where: isSeen),
      memoryUtilization: isOverview
        ? nil : points({ 100 * $0.memory / Double($0.samples) }, where: isSeen),
      instanceCount: isOverview ? nil : points({ $0.instances / Double($0.samples) }, where: isSeen)
    )
  }
}

/// What a deployment did in the last day, in few numbers.
struct DeploymentSparkline: Encodable {
  /// One an hour.
  let requests24h: [Int]
  let totalRequests: Int
  /// Of a hundred.
  let errorRate: Double
  let avgLatencyMs: Double

  init(_ series: DeploymentMetrics.Series) {
    let steps = series.times.map { series.steps[$0]?.requests ?? 0 }
    requests24h = stride(from: 0, to: steps.count, by: 4).map {
      steps[$0..<min($0 + 4, steps.count)].reduce(0, +)
    }
    totalRequests = series.total.requests
    errorRate = series.total.errorRate
    avgLatencyMs = series.total.mean
  }
}

extension DeploymentMetrics.Tally {
  /// The errors of a hundred requests.
  var errorRate: Double { requests > 0 ? 100 * Double(errors) / Double(requests) : 0 }
}
#endif
