#if Server
import Metrics
import Testing
import YOLOPostprocess
import YOLOServer

/// What the registry renders is in the format, and is true.
struct MetricsTests {
  @Test func countersGaugesAndHistograms() throws {
    let registry = PrometheusRegistry()
    Counter(label: "calls_total", factory: registry).increment(by: 3)
    Counter(label: "calls_total", factory: registry).increment(by: 4)
    FloatingPointCounter(label: "work_total", factory: registry).increment(by: 0.25)
    Gauge(label: "length", factory: registry).record(7)
    let meter = Meter(label: "level", factory: registry)
    meter.set(2.5)
    meter.decrement(by: 4)
    let timer = Timer(label: "wait_seconds", factory: registry)
    timer.recordNanoseconds(1_000_000)
    timer.recordNanoseconds(30_000_000)
    timer.recordSeconds(100)
    let text = try MetricsExposition(registry.render())
    #expect(text.value("calls_total") == 7)
    #expect(text.value("work_total") == 0.25)
    #expect(text.value("length") == 7)
    #expect(text.value("level") == -1.5)
    #expect(text.families["length"]?.type == "gauge")
    #expect(text.families["wait_seconds"]?.type == "histogram")
    #expect(text.value("wait_seconds_bucket", ["le": "0.001"]) == 1)
    #expect(text.value("wait_seconds_bucket", ["le": "0.025"]) == 1)
    #expect(text.value("wait_seconds_bucket", ["le": "0.05"]) == 2)
    #expect(text.value("wait_seconds_bucket", ["le": "60"]) == 2)
    #expect(text.value("wait_seconds_bucket", ["le": "+Inf"]) == 3)
    #expect(text.value("wait_seconds_count") == 3)
    #expect(text.value("wait_seconds_sum") == 100.031)
  }

  @Test func namesAndLabelsAreMadeFit() throws {
    let registry = PrometheusRegistry()
    let value = "a\"b\\c\nd é"
    registry.describe("odd_name", "two\nlines \\ here")
    Counter(
      label: "odd.name", dimensions: [("a-b", value), ("a-b", "again"), ("__x", "1"), ("le", "2")],
      factory: registry
    ).increment()
    Counter(label: "9lives", factory: registry).increment()
    Counter(label: "", factory: registry).increment()
    let text = try MetricsExposition(registry.render())
    #expect(
      text.value("odd_name", ["a_b": value, "label___x": "1", "label_le": "2"]) == 1)
    #expect(text.value("_9lives") == 1)
    #expect(text.value("_") == 1)
  }

  @Test func oneNameHasOneKind() throws {
    let registry = PrometheusRegistry()
    Timer(label: "x", factory: registry).recordSeconds(1)
    Counter(label: "x", dimensions: [("a", "b")], factory: registry).increment()
    Counter(label: "x_count", factory: registry).increment()
    Gauge(label: "metrics_dropped_total", factory: registry).record(5)
    let text = try MetricsExposition(registry.render())
    #expect(text.families["x"]?.type == "histogram")
    #expect(text.value("x_count") == 1)
    #expect(text.value("metrics_dropped_total") == 3)
  }

  @Test func seriesAreBounded() throws {
    let registry = PrometheusRegistry()
    for index in 0..<PrometheusRegistry.seriesLimit + 5 {
      Counter(label: "c", dimensions: [("index", "\(index)")], factory: registry).increment()
    }
    let text = try MetricsExposition(registry.render())
    #expect(text.families["c"]?.samples.count == PrometheusRegistry.seriesLimit)
    #expect(text.value("metrics_dropped_total") == 5)
  }

  @Test func numbersFromAnywhereDoNoHarm() throws {
    let registry = PrometheusRegistry()
    let counter = Counter(label: "c", factory: registry)
    counter.increment(by: Int64.max)
    counter.increment(by: 1)
    counter.increment(by: -5)
    let recorder = Recorder(label: "r", factory: registry)
    recorder.record(Double.nan)
    recorder.record(Double.infinity)
    recorder.record(-1)
    Gauge(label: "g", factory: registry).record(-Double.infinity)
    registry.addReading("n", "None.") { .nan }
    let text = try MetricsExposition(registry.render())
    #expect(text.value("c") == Double(Int64.max))
    #expect(text.value("r_count") == 1)
    #expect(text.value("g") == -.infinity)
    #expect(text.value("n")?.isNaN == true)
  }

  @Test func destroyedSeriesGo() throws {
    let registry = PrometheusRegistry()
    let counter = Counter(label: "c", dimensions: [("a", "b")], factory: registry)
    counter.increment()
    counter.destroy()
    #expect(try MetricsExposition(registry.render()).families["c"] == nil)
  }

  @Test func readingsAreAskedForAtEachRendering() throws {
    let registry = PrometheusRegistry()
    let counter = Counter(label: "asked_total", factory: registry)
    registry.addReading("length", "How many wait.", labels: [("model", "a")]) {
      counter.increment()
      return 4
    }
    #expect(try MetricsExposition(registry.render()).value("length", ["model": "a"]) == 4)
    #expect(try MetricsExposition(registry.render()).value("asked_total") ?? 0 >= 1)
  }

  @Test func countsFromManyThreadsAreKept() async throws {
    let registry = PrometheusRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            Counter(label: "c", factory: registry).increment()
            Timer(label: "t", factory: registry).recordNanoseconds(1000)
          }
        }
      }
    }
    let text = try MetricsExposition(registry.render())
    #expect(text.value("c") == 8000)
    #expect(text.value("t_count") == 8000)
  }

  @Test func theProcessIsMeasured() throws {
    let registry = PrometheusRegistry()
    ProcessMetrics.register(in: registry)
    let text = try MetricsExposition(registry.render())
    #expect((1_000_000...1e12).contains(text.value("process_resident_memory_bytes") ?? 0))
    #expect((0...1e7).contains(text.value("process_cpu_seconds_total") ?? -1))
    #expect((3...1e6).contains(text.value("process_open_fds") ?? 0))
    #expect((1.6e9...1e10).contains(text.value("process_start_time_seconds") ?? 0))
    #expect(text.families["process_cpu_seconds_total"]?.type == "counter")
  }

  @Test func theServersReadings() throws {
    let registry = PrometheusRegistry()
    ServerMetrics.addReadings(
      to: registry, queueLength: { 1 }, busyWorkers: { 2 }, uploadBytes: { 3 },
      loadedModels: { 4 }, modelBytes: { 5 })
    let text = try MetricsExposition(registry.render())
    let names = [
      "yolo_queue_length", "yolo_workers_busy", "yolo_upload_bytes", "yolo_models_loaded",
      "yolo_model_memory_bytes",
    ]
    #expect(names.map { text.value($0) } == [1, 2, 3, 4, 5])
  }

  @Test func theServersOwn() throws {
    let registry = PrometheusRegistry()
    let metrics = ServerMetrics(registry: registry)
    metrics.recordRequest(route: "/predict", method: "POST", status: 200, duration: .seconds(2))
    metrics.recordRequest(route: "/predict", method: "BREW", status: 405, duration: .zero)
    metrics.recordRequest(route: "/predict", method: "STEEP", status: 405, duration: .zero)
    metrics.recordImage(
      Speed(preprocess: 1, inference: 20, postprocess: 0.5), decode: .milliseconds(3), model: "m")
    metrics.recordWait(.milliseconds(10))
    metrics.recordRejection(.queueFull)
    metrics.recordUpload(bytes: 1234)
    let text = try MetricsExposition(registry.render())
    let route = ["route": "/predict"]
    let labels = route.merging(["method": "POST", "code": "200"]) { $1 }
    #expect(text.value("yolo_http_requests_total", labels) == 1)
    let odd = route.merging(["method": "other", "code": "405"]) { $1 }
    #expect(text.value("yolo_http_requests_total", odd) == 2)
    #expect(text.value("yolo_http_request_seconds_sum", route) == 2)
    for (stage, seconds) in [
      "preprocess": 0.001, "inference": 0.02, "postprocess": 0.0005, "decode": 0.003,
    ] {
      #expect(
        text.value("yolo_inference_seconds_sum", ["model": "m", "stage": stage]) == seconds)
    }
    #expect(text.value("yolo_images_total", ["model": "m"]) == 1)
    #expect(text.value("yolo_queue_wait_seconds_sum") == 0.01)
    #expect(text.value("yolo_rejected_total", ["reason": "queue_full"]) == 1)
    #expect(text.value("yolo_rejected_total", ["reason": "timeout"]) == 0)
    #expect(text.value("yolo_upload_bytes_total") == 1234)
  }
}
#endif
