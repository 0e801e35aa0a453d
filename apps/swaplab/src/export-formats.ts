// The table of what `swaplab export --as` writes. It loads nothing, so that help is there at once.

/** A format: what it is, and whether it is made of a result (else of a run, which is made again). */
interface Format {
  readonly meaning: string
  readonly of: "run" | "scenario" | "result"
}

/** The formats by name. */
export const EXPORT_FORMATS = {
  trace: {
    meaning: "a Chrome trace for Perfetto and chrome://tracing: tasks and their waits, requests, allocations, faults.",
    of: "run"
  },
  ftrace: {
    meaning: "tracepoints of a client (--client) as ftrace prints them: reclaim, pages and objects, block layer.",
    of: "run"
  },
  pcapng: { meaning: "what goes over a cable (--link), for Wireshark and tshark.", of: "run" },
  iolog: { meaning: "what a client swaps over a cable (--link), for fio to replay.", of: "run" },
  folded: { meaning: "where CPU time went, for flame graphs.", of: "run" },
  csv: { meaning: "its samples, a line for each value, as run --out writes them.", of: "run" },
  prometheus: { meaning: "/proc of all clients as node_exporter names it.", of: "run" },
  grafana: { meaning: "a dashboard of Grafana over what prometheus writes.", of: "scenario" },
  junit: { meaning: "what was found wrong with each run of a result, as tests of a build.", of: "result" }
} as const satisfies Readonly<Record<string, Format>>

/** A format's name. */
export type ExportFormat = keyof typeof EXPORT_FORMATS

/** Their names. */
export const EXPORT_NAMES = Object.keys(EXPORT_FORMATS) as ReadonlyArray<ExportFormat>
