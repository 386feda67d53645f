#if Server
import JSONText
import YOLOCryptography
import YOLOServerOptions
import YOLOSystem

/// Describes jobs of Kubernetes.
struct JobManifest: Sendable {
  static let container = "yolo"
  static let managedLabel = "yolo.trainings/owner"
  /// Seconds that a job stays once it has ended.
  private static let lifetime = 3600
  private static let directory = "/work"

  private let settings: ServerSettings
  private let namespace: String
  private let image: String
  private let origin: String
  /// Whose jobs they are, so that several servers may share a namespace.
  let owner: String

  /// - Throws: ``ClusterError/setting(_:)`` if the image or the server's own address is missing.
  init(settings: ServerSettings, namespace: String) throws(ClusterError) {
    guard let image = settings.clusterImage else {
      throw .setting("Trainings in a cluster need the image of yolo: --cluster-image.")
    }
    guard let origin = settings.publicURL else {
      throw .setting(
        "Trainings in a cluster report to this server: name it by --public-url.")
    }
    self.settings = settings
    self.namespace = namespace
    self.image = image
    self.origin = origin
    owner = Array(SHA256.digest(of: Array(origin.utf8).span.bytes).prefix(8)).hexadecimal
  }

  /// The name of a job's job.
  static func name(of id: String) -> String {
    "yolo-training-\(id.drop { $0 != "_" }.dropFirst())"
  }

  /// Returns the job of a training.
  func job(of task: TrainingTask) -> JSONValue {
    let labels = Schema.object([Self.managedLabel: .string(owner)])
    return Schema.object([
      "apiVersion": .string("batch/v1"), "kind": .string("Job"),
      "metadata": Schema.object([
        "name": .string(Self.name(of: task.job)), "namespace": .string(namespace),
        "labels": labels,
        "annotations": Schema.object([
          "yolo.trainings/name": .string("\(task.owner)/\(task.project)/\(task.slug)"),
          "yolo.trainings/job": .string(task.job),
        ]),
      ]),
      "spec": Schema.object([
        // A pod that fails is not tried again: it would begin anew. One that the cluster itself
        // removes, as it does with those of a node that is drained, is replaced.
        "backoffLimit": .int(0),
        "podFailurePolicy": Schema.object([
          "rules": .array([
            Schema.object([
              "action": .string("Ignore"),
              "onPodConditions": .array([
                Schema.object([
                  "type": .string("DisruptionTarget"), "status": .string("True"),
                ])
              ]),
            ])
          ])
        ]),
        "ttlSecondsAfterFinished": .int(Self.lifetime),
        "template": Schema.object([
          "metadata": Schema.object(["labels": labels]), "spec": pod(of: task),
        ]),
      ]),
    ])
  }

  private func pod(of task: TrainingTask) -> JSONValue {
    Schema.object([
      "restartPolicy": .string("Never"),
      "automountServiceAccountToken": .bool(false), "enableServiceLinks": .bool(false),
      "terminationGracePeriodSeconds": .int(max(1, settings.trainerKill)),
      "securityContext": Schema.object(["fsGroup": .int(10001)]),
      "containers": .array([container(of: task)]),
      "volumes": .array(
        ["work", "tmp"].map {
          Schema.object(["name": .string($0), "emptyDir": Schema.object([:])])
        }),
    ])
  }

  private func container(of task: TrainingTask) -> JSONValue {
    let words =
      ["train"] + TrainingArguments.words(task.members)
      + ["--threads", "\(settings.trainerProcessors)"]
    func variable(_ name: String, _ value: String) -> JSONValue {
      Schema.object(["name": .string(name), "value": .string(value)])
    }
    let amounts = Schema.object([
      "cpu": .string("\(settings.trainerProcessors)"),
      "memory": .string("\(settings.trainerMemory)Gi"),
    ])
    return Schema.object([
      "name": .string(Self.container), "image": .string(image),
      "command": .array([.string("yolo")]), "args": .array(words.map { .string($0) }),
      "workingDir": .string(Self.directory),
      "env": .array([
        variable("ULTRALYTICS_PLATFORM_URL", origin), variable("ULTRALYTICS_API_KEY", task.key),
        variable("YOLO_CACHE_DIR", "\(Self.directory)/cache"), variable("HOME", Self.directory),
      ]),
      "resources": Schema.object(["requests": amounts, "limits": amounts]),
      // The end of the log tells why a trainer has failed.
      "terminationMessagePolicy": .string("FallbackToLogsOnError"),
      "securityContext": Schema.object([
        "runAsNonRoot": .bool(true), "runAsUser": .int(10001),
        "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
        "capabilities": Schema.object(["drop": .array([.string("ALL")])]),
      ]),
      "volumeMounts": .array(
        [("work", Self.directory), ("tmp", "/tmp")].map {
          Schema.object(["name": .string($0.0), "mountPath": .string($0.1)])
        }),
    ])
  }
}
#endif
