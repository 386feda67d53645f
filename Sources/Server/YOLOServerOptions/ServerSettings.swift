public import YOLOGraph
public import YOLOKernels

/// Everything that can be set about a server.
///
/// The properties have the defaults; the rows of ``settings`` have names, ranges and help.
public struct ServerSettings: Sendable {
  /// The directory of models; with ``isDedicated`` the file of the one model.
  public var models: String
  /// Whether one model is served alone: without its name in requests, and without an hourly limit
  /// unless one was given.
  public var isDedicated = false
  /// The host to listen on, or nil for all addresses if there are keys, for loopback if there are
  /// none.
  public var host: String?
  /// The port to listen on; 0 for any.
  public var port = 8080
  /// The directory of a platform's data, or nil for none: then there are only the HUB API and its
  /// keys.
  public var data: String?
  /// Where the data are, as answers of the platform call it; nil for `eu`.
  public var region: String?
  /// The origin of the addresses in answers of the platform, or nil for that of each request.
  public var publicURL: String?
  /// The addresses and networks, separated by commas, of the proxies whose `X-Forwarded-Proto` and
  /// `X-Forwarded-Host` count; nil for none.
  public var trustedProxies: String?
  /// The addresses and networks, separated by commas, that users may have the server connect to
  /// besides those of the internet; nil for none.
  public var allowedAddresses: String?
  /// Where accounts pay: `stripe`, or nil for nowhere.
  public var payment: String?
  /// The file of the key of the provider of payments; nil for the variable `YOLO_PAYMENT_KEY`.
  public var paymentKeyFile: String?
  /// The file of what the provider's events are signed with; nil for `YOLO_PAYMENT_SECRET`.
  public var paymentSecretFile: String?
  /// The origin of the provider's interface, or nil for Stripe's.
  public var paymentURL: String?
  /// The identifier of the price of a month of the plan pro; nil if it cannot be subscribed to.
  public var paymentPrice: String?
  /// The same of a year.
  public var paymentYearlyPrice: String?
  /// Whether the deletion of any account must be confirmed; that of the last one always must.
  public var confirmsDeletion = false
  /// Whether datasets and images are fetched from the addresses that users name.
  public var fetchesSources = false
  /// What trains models: a command with `{args}` in place of the arguments, `kubernetes` for jobs in
  /// a cluster, `none` for nothing; nil for this program itself.
  public var trainer: String?
  /// The model that trainings begin with whose own has no weights yet; nil for `yolo26n.pt`.
  public var baseModel: String?
  /// The kinds of the devices that train, separated by commas; nil for `cpu`.
  public var trainingDevices: String?
  /// Cents that an hour of a device costs.
  public var trainingPrice = 0
  /// Seconds after which a training fails of which nothing is heard.
  public var trainingSilence = 1800
  /// Seconds that a trainer has to end by itself once its training is cancelled.
  public var trainerGrace = 60
  /// Seconds after SIGTERM until a trainer is killed.
  public var trainerKill = 15
  /// The processors of a trainer in a cluster.
  public var trainerProcessors = 4
  /// Its memory in GiB.
  public var trainerMemory = 8
  /// The SQLite file of keys and limits; of a platform the one whose keys are brought over.
  public var database: String
  /// Whether requests need no key.
  public var isOpen = false
  /// The origin that browsers may call from, `*` for any, or nil for none.
  public var corsOrigin: String?
  /// How the log is written: `text` or `json`; nil for text.
  public var logFormat: String?
  /// Calls an hour that each key may make; 0 for no limit.
  public var rateLimit = 100
  /// The commands that export models, each in a line `FORMAT=COMMAND`; nil for none.
  public var exporters: String?
  /// What runs deployments: `local` or `kubernetes`; nil for `local`.
  public var deployments: String?
  /// How the cluster of deployments is reached, a kubeconfig in JSON; nil for that of the pod.
  public var kubeconfig: String?
  /// The namespace of the services; nil for that of the kubeconfig or the pod.
  public var clusterNamespace: String?
  /// The image of the pods.
  public var clusterImage: String?
  /// The label of nodes that names their region; nil for pods on any node.
  public var clusterRegionLabel: String?
  /// What an instance of a deployment and its server were told; nil for a server that is none.
  package var instanceToken: String?
  /// The program `yolo`, which exports and serves models as a process of its own; nil for that of
  /// this process.
  package var program: String?
  /// Whether models are loaded at start.
  public var preloads = true
  /// The kernels.
  public var backend = Backend.native
  /// The instruction set of the native kernels.
  public var instructionSet = InstructionSet.best
  /// Threads of one inference; 0 for all processors.
  public var threads = 0
  /// What a request may cost.
  public var limits = ServerLimits()

  /// Creates settings with the defaults of everything else.
  public init(models: String, database: String) {
    self.models = models
    self.database = database
  }
}

/// What requests, models and connections may cost, in bytes, seconds and counts.
public struct ServerLimits: Sendable, Hashable {
  /// Connections open at once.
  public var connections = 1024
  /// Inferences at once; 0 for as many as there are processors.
  public var workers = 0
  /// Requests that wait for a worker.
  public var queue = 64
  /// Seconds from an image's last byte to its response.
  public var requestTimeout = 30
  /// Seconds in which a body must have come.
  public var bodyTimeout = 60
  /// Seconds in which a connection must bring a head, and take its response.
  public var idleTimeout = 60
  /// Seconds that requests under way get when the server stops.
  public var drainTimeout = 30
  /// The largest head in bytes.
  public var headBytes = 32 << 10
  /// The largest body in bytes.
  public var bodyBytes = 100 << 20
  /// The parts of a form.
  public var parts = 32
  /// The largest field that is no file, in bytes.
  public var fieldBytes = 16 << 10
  /// The largest image file in bytes.
  public var imageBytes = 32 << 20
  /// All files being received or waiting, in bytes.
  public var uploadBytes = 512 << 20
  /// The pixels of an image or a frame.
  public var pixels = 50_000_000
  /// The length of a video in seconds.
  public var videoDuration = 300
  /// The frames of a video that are predicted.
  public var videoFrames = 1000
  /// Seconds that a video may be worked on.
  public var videoTimeout = 300
  /// Videos that are worked on at once.
  public var videos = 2
  /// Exports at once.
  public var exportJobs = 1
  /// Seconds that an export may take.
  public var exportTimeout = 3600
  /// What an exporter may write to its standard output, in bytes.
  public var exportOutput = 16 << 20
  /// The largest file that an exporter may write, in bytes.
  public var exportBytes = 10 << 30
  /// Seconds after which an instance of a deployment that nobody uses ends.
  public var deploymentIdle = 900
  /// Seconds in which an instance of a deployment must be ready.
  public var deploymentStart = 120
  /// The largest response in bytes.
  public var responseBytes = 64 << 20
  /// The memory of all loaded models in bytes.
  public var modelBytes = 2048 << 20
  /// The models of the directory that are served.
  public var models = 256
  /// Seconds between two scans of the directory; 0 for none.
  public var reloadInterval = 2

  /// The limits that hold if none are given.
  public init() {}
}
