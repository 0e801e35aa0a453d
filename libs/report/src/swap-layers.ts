// Compressed memory and encryption, client by client.
import { type ClientResult, clientsOf, type CompressedResult, type CryptResult, type RunResult } from "@swaplab/cluster"
import { type ExperimentResult, medianOf, runsOf } from "@swaplab/experiment"
import { BLANK, type Block, key, left, paragraph, right, type Row, table } from "./document.ts"
import { count, decimal, latency, megabytes, NONE, seconds } from "./format.ts"

/** Clients of a kernel that are shown. */
const MAX_CLIENTS = 30

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)

/** The clients of each kernel's first seed that have such a layer. */
const rowsOf = <A>(
  result: ExperimentResult,
  of: (client: ClientResult) => A | null,
  cells: (layer: A) => Row
): ReadonlyArray<Row> =>
  result.plan.kernels.flatMap((kernel) => {
    const runs: ReadonlyArray<RunResult> = runsOf(result.runs, kernel)
    return (runs[0]?.clients ?? []).flatMap((client): ReadonlyArray<Row> => {
      const layer = of(client)
      return layer === null ? [] : [[client.kernel, client.name, ...cells(layer)]]
    }).slice(0, MAX_CLIENTS)
  })

const compressedRow = (layer: CompressedResult): Row => [
  layer.kind,
  mebibytes(layer.storedBytes),
  mebibytes(layer.loadedBytes),
  decimal(layer.ratio),
  mebibytes(layer.mostHeldBytes),
  mebibytes(layer.mostPoolBytes),
  count(layer.refusedPages),
  layer.kind === "zswap" ? mebibytes(layer.writebackBytes) : NONE,
  seconds(layer.cpuNs)
]

const cryptRow = (layer: CryptResult): Row => [
  mebibytes(layer.encryptedBytes),
  mebibytes(layer.decryptedBytes),
  count(layer.mostQueued),
  count(layer.poolWaits),
  seconds(layer.cpuNs)
]

/** What the groups of clients have felt, and what that cost: medians over seeds. */
const groupTable = (result: ExperimentResult): ReadonlyArray<Block> => {
  const { scenario } = result.plan.loaded
  const groupOf = new Map(clientsOf(scenario, "").map(({ group, name }) => [name, group.name]))
  const rows = result.plan.kernels.flatMap((kernel) => {
    const runs: ReadonlyArray<RunResult> = runsOf(result.runs, kernel)
    if (runs.length === 0) return []
    return scenario.clients.map((group): Row => {
      const middle = (of: (clients: ReadonlyArray<ClientResult>) => number | null): number =>
        medianOf(runs.map(({ clients }) => of(clients.filter(({ name }) => groupOf.get(name) === group.name))))
      const total = (of: (client: ClientResult) => number): number =>
        middle((clients) => clients.reduce((sum, client) => sum + of(client), 0))
      const worst = middle((clients) => {
        const known = clients.flatMap(({ faultLatency }) => faultLatency.p99Ns ?? [])
        return known.length === 0 ? null : Math.max(...known)
      })
      const actions = runs.flatMap(({ groups }) =>
        groups.flatMap(({ group: name, workload }) =>
          name === group.name && workload.latency !== null ? [workload.latency.maxNs] : []
        )
      )
      return [
        kernel,
        group.name,
        count(group.count),
        count(total(({ oomKills }) => oomKills)),
        count(total(({ faultLatency }) => faultLatency.count)),
        latency(worst),
        latency(medianOf(actions)),
        megabytes(total(({ network }) => network.rxBytes + network.txBytes)),
        seconds(total(({ swapLayers }) => (swapLayers?.compressed?.cpuNs ?? 0) + (swapLayers?.crypt?.cpuNs ?? 0)))
      ]
    })
  })
  const figures = ["clients", "OOM kills", "faults", "p99", "slowest action", "network MB", "CPU s"]
  return [
    table([key("kernel"), key("group"), ...figures.map(right)], rows),
    paragraph(
      "Medians over seeds, of all clients of a group. p99: of major faults, the worst client. CPU s: of the compressor and "
        + "the cipher."
    )
  ]
}

/** Tables of what stands between the clients' memory and the server; nothing where nothing does. */
export const swapLayerTables = (result: ExperimentResult): ReadonlyArray<Block> => {
  const compressed = rowsOf(result, ({ swapLayers }) => swapLayers?.compressed ?? null, compressedRow)
  const crypt = rowsOf(result, ({ swapLayers }) => swapLayers?.crypt ?? null, cryptRow)
  const figures = ["stored", "loaded", "ratio", "held", "pool", "refused", "written", "CPU s"].map(right)
  const compressedBlocks = compressed.length === 0 ? [] : [
    table([key("kernel"), key("client"), left("what"), ...figures], compressed),
    paragraph(
      "stored, loaded: MiB of pages over the whole run; held, pool: MiB of pages held at most, and of memory taken for them. "
        + "refused: pages. written: MiB that zswap wrote to the server to make room."
    )
  ]
  const cryptBlocks = crypt.length === 0 ? [] : [
    table(
      [key("kernel"), key("client"), ...["encrypted", "decrypted", "queued", "waits", "CPU s"].map(right)],
      crypt
    ),
    paragraph(
      "encrypted, decrypted: MiB. queued: pages that waited for kcryptd at most. waits: sleeps for its pools."
    )
  ]
  const parts = [compressedBlocks, cryptBlocks].filter(({ length }) => length > 0)
  return parts.length === 0
    ? []
    : [groupTable(result), ...parts].flatMap((blocks, i) => i === 0 ? blocks : [BLANK, ...blocks])
}
