// @ts-check
// Names that the libs export although nobody else in this repository uses them: a stranger needs them to write down a
// parameter, an option, a result or an error of something exported.

/**
 * By lib: the name, and what it is needed for: the exported name in whose signature it stands.
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
export const ALLOWED = {
  sim: {
    AssertionError: "assert",
    BlockedTask: "RunEnd",
    EventKindOptions: "EventQueue",
    ProcessState: "Process",
    RunEnd: "Sim",
    SimOptions: "Sim",
    TraceSink: "TraceRegistry"
  },
  nbd: {
    Carriage: "Transmission",
    ClientFlagsMessage: "Negotiation",
    EndReason: "Transmission",
    ExportTable: "Negotiation",
    Fault: "OptionDecoder",
    InfoRequest: "encodeInfoRequest",
    JobOwner: "Job",
    MetaContextRequest: "encodeMetaContextRequest",
    NegotiationStep: "Negotiation",
    TlsMode: "Negotiation",
    U64: "Extent"
  },
  command: {
    Argument: "optional",
    CommandRow: "Called",
    Flag: "flag",
    ManyOption: "many",
    Said: "parse",
    SeveralArgument: "several",
    SingleOption: "one"
  },
  config: {
    BitsPerSecond: "Rate",
    Bytes: "ByteRate",
    Chance: "drawTime",
    FileCalls: "layerFiles",
    IncludeOptions: "readWithIncludes",
    PathCalls: "layerFiles",
    Share: "Percentage",
    Source: "field"
  },
  "page-alloc": {
    AllocCosts: "PageAllocOptions",
    FailPageAllocOptions: "FailPageAlloc",
    PfmemallocMark: "PageAllocSwitches",
    VmStatLines: "PageAllocOptions",
    ZonelistOrder: "NumaOptions",
    ZoneSize: "Zone"
  },
  kmem: {
    AllocatorFamily: "kmallocIndex"
  },
  slab: {
    SlabOptions: "SlabAllocator"
  },
  slub: {
    SlubGeometry: "SlubCache"
  },
  vmscan: {
    Congestion: "Vmscan",
    VmscanCosts: "VmscanOptions",
    VmscanOptions: "Vmscan"
  },
  blk: {
    BlkCosts: "DispatchQueue",
    BlkCounters: "DispatchQueue"
  },
  swap: {
    CryptCounters: "DmCrypt",
    SwapArea: "Swap",
    SwapCounters: "Swap",
    SwapDevice: "SwapAreaOptions",
    SwapOptions: "Swap",
    ZramStats: "Zram",
    ZswapStats: "Zswap"
  },
  "net-skb": {
    FrameOps: "Packets",
    Napi: "Nic",
    NetCosts: "NetStackOptions",
    NetDevice: "NetStack",
    SocketPages: "KernelMemory",
    Tap: "NetStack",
    XmitHash: "xmitHash"
  },
  tcp: {
    TcpOptions: "TcpSocket"
  },
  lan: {
    BufferOwner: "Link",
    Collector: "Link",
    DutyCycle: "PauseStorm",
    FrameOps: "Lan",
    Framing: "Link",
    GilbertElliott: "Impairments",
    Impairments: "Link",
    LinkOptions: "Link",
    PausedBy: "Link",
    // a station whose card pauses the switch: for who scripts the faults of a network
    Reordering: "Impairments",
    SwitchOptions: "Switch",
    Tap: "Link",
    AggregateMember: "Aggregate",
    AggregateOptions: "Aggregate"
  },
  "nbd-driver": {
    NbdCosts: "NbdOptions",
    NbdCounters: "NbdDevice"
  },
  "server-model": {
    DiskFigures: "diskByFigures",
    DiskName: "DISK_NAMES",
    EmulatedExport: "ServerConnection",
    ExportStats: "EmulatedExport",
    PageCacheOptions: "PageCache",
    ServerCpu: "ServerHost",
    ServerImage: "ServerMachine",
    ServerMachineOptions: "ServerMachine",
    ServiceTime: "DiskFigures"
  },
  formats: {
    CaptureInterface: "pcapngHead"
  },
  kernel: {
    Corruption: "Machine",
    Costs: "DEFAULT_COSTS",
    LocalDiskOptions: "Machine",
    LogLine: "Machine",
    MachinePlugs: "Machine",
    RootConnection: "Machine",
    RootFormat: "RootSpec",
    RootImage: "Machine",
    ScheduleHooks: "Cpus",
    SwapSetup: "Machine",
    ZramSpec: "SwapExtras",
    ZswapSpec: "SwapExtras"
  },
  workload: {
    ClientPort: "WorkloadHost",
    IdleOption: "Workload",
    MemoryPort: "usemem",
    MetricRow: "Workload",
    OperationRow: "Workload",
    OptionAdvice: "Workload",
    OptionRule: "Workload",
    UsememOptions: "usemem"
  },
  cluster: {
    Proc: "procOf",
    PageUse: "ClientSnapshot",
    ClientGroup: "ClientSpec",
    ClientNetwork: "ClientResult",
    ClientSpec: "clientsOf",
    CompareConfig: "Scenario",
    CompressedSwap: "describeSwapLayers",
    DropSite: "DROP_SITE_NAMES",
    Drops: "NO_DROPS",
    FaultAftermath: "FaultResult",
    KernelConfig: "kernelOf",
    LawName: "LawResult",
    LawResult: "RunResult",
    Load: "describeLoad",
    LockupAllocation: "LockupReport",
    NetworkResult: "RunResult",
    NoLatencies: "LatencySummary",
    SwapAreaResult: "SwapLayersResult",
    SwitchResult: "NetworkResult",
    ZoneLowWater: "ClientResult",
    SwitchSpec: "switchesOf",
    UplinkSpec: "SwitchSpec"
  },
  experiment: {
    AblationPlan: "AblationResult",
    BothWays: "bothWays",
    BoundPoint: "Bounds",
    CapacityOptions: "findCapacity",
    CellPair: "pairCells",
    Change: "Variant",
    ClientSpread: "RunMetrics",
    ComparedTime: "ComparedRow",
    Divergence: "ComparedRuns",
    EstimatedDefault: "Influence",
    EstimatesFound: "estimatesOf",
    ExperimentOptions: "ExplainOptions",
    ExplainOptions: "explain",
    Faster: "ComparedRow",
    Field: "SweepCell",
    Finding: "Verdict",
    JobOptions: "runRounds",
    Kept: "experimentOf",
    Ladder: "makeLadder",
    LadderOptions: "makeLadder",
    LostStep: "Shrunk",
    MapPlan: "OutcomeMap",
    NamedBytes: "readRecording",
    NoFolder: "makeFolder",
    NoSteadyState: "CellResult",
    PatchVerdict: "PatchEffect",
    PlanOptions: "makePlan",
    RecordedRun: "Recording",
    ResultChoice: "parseChoice",
    ResultJson: "resultJson",
    RunExperimentOptions: "runExperiment",
    RunMetrics: "CellResult",
    RunStore: "openRunStore",
    Sample: "Capacity",
    SavedCell: "SavedCells",
    SavedCells: "readCells",
    SavedLockup: "Explanation",
    SearchState: "Capacity",
    SensitivityOptions: "makeSensitivity",
    SensitivityPlan: "Sensitivity",
    ShrinkOptions: "shrink",
    ShrinkProgress: "ShrinkOptions",
    SoakOptions: "runSoak",
    SoakRun: "SOAK_FORM",
    SoakTally: "SoakOptions",
    SteadyState: "CellResult",
    StoreMismatch: "openRunStore",
    SweepPlan: "SweepResult",
    Tolerated: "SoakPlan",
    UslCoefficients: "UslFit",
    UslFit: "CurveFit",
    UslPoint: "UslFit",
    Variant: "VariantSummary",
    Verdict: "judge"
  },
  report: {
    Analysis: "renderSweep",
    ProgressLine: "makeProgressLine",
    ProgressOutput: "makeProgressLine",
    Section: "PageSection",
    TraceText: "traceJson"
  },
  live: {
    ClientFacts: "Facts",
    Play: "Request",
    Progress: "Answer",
    Seen: "SharedRun",
    Session: "Engine"
  },
  view: {
    Figure: "FigureCharts"
  }
}
