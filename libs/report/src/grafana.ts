// A dashboard of Grafana over what `export --as prometheus` has: the memory of clients, their swap, their reclaim.
// Every query names a metric of that export and nothing else.

/** A panel: its title, its unit in Grafana's words, and its queries by legend. */
interface Panel {
  readonly title: string
  readonly unit: string
  readonly queries: Readonly<Record<string, string>>
}

const rate = (metric: string): string => `rate(${metric}[1m])`

/** The panels, two in a row. */
const PANELS: ReadonlyArray<Panel> = [
  {
    title: "Free memory and page cache",
    unit: "bytes",
    queries: { free: "node_memory_MemFree_bytes", cached: "node_memory_Cached_bytes" }
  },
  {
    title: "Swap in use",
    unit: "bytes",
    queries: { used: "node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes" }
  },
  {
    title: "Pages swapped a second",
    unit: "ops",
    queries: { in: rate("node_vmstat_pswpin"), out: rate("node_vmstat_pswpout") }
  },
  {
    title: "Faults a second",
    unit: "ops",
    queries: { major: rate("node_vmstat_pgmajfault"), all: rate("node_vmstat_pgfault") }
  },
  {
    title: "Anonymous memory",
    unit: "bytes",
    queries: { active: "node_memory_Active_anon_bytes", inactive: "node_memory_Inactive_anon_bytes" }
  },
  {
    title: "Slab and page tables",
    unit: "bytes",
    queries: { slab: "node_memory_Slab_bytes", "page tables": "node_memory_PageTables_bytes" }
  },
  {
    title: "Pages under writeback",
    unit: "bytes",
    queries: { writeback: "node_memory_Writeback_bytes" }
  },
  {
    title: "Direct reclaim a second",
    unit: "ops",
    queries: { allocstall: rate("node_vmstat_allocstall") }
  }
]

const COLUMNS = 2
const WIDTH = 12
const HEIGHT = 8

/** The dashboard, to be imported; it asks for the data source. */
export const grafanaDashboard = (title: string): string => {
  const datasource = { type: "prometheus", uid: "${DS_PROMETHEUS}" }
  const panels = PANELS.map(({ queries, title: name, unit }, i) => ({
    id: i + 1,
    type: "timeseries",
    title: name,
    datasource,
    gridPos: { x: i % COLUMNS * WIDTH, y: Math.floor(i / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit }, overrides: [] },
    targets: Object.entries(queries).map(([legend, expr], n) => ({
      refId: String.fromCharCode(65 + n),
      datasource,
      expr,
      legendFormat: `{{instance}} ${legend}`
    }))
  }))
  return JSON.stringify(
    {
      __inputs: [{ name: "DS_PROMETHEUS", label: "Prometheus", type: "datasource", pluginId: "prometheus" }],
      title: `swaplab: ${title}`,
      schemaVersion: 36,
      timezone: "browser",
      refresh: "5s",
      time: { from: "now-15m", to: "now" },
      panels
    },
    null,
    2
  )
}
