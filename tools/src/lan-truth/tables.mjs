// @ts-check
// The tables of docs/validation.md.
import { table } from "../schema-tables.mjs"
import { JUDGED, RULES } from "./judge.mjs"
import { HOST_QUEUE_BYTES, STACKS } from "./settings.mjs"

/** @typedef {import("./judge.mjs").JudgedCell} JudgedCell */
/** @typedef {import("./judge.mjs").Figure} Figure */

/** @type {Readonly<Record<string, { name: string, digits: number }>>} */
const FIGURES = {
  goodputMBs: { name: "goodput MB/s", digits: 2 },
  p50ms: { name: "median ms", digits: 1 },
  p95ms: { name: "p95 ms", digits: 0 },
  p99ms: { name: "p99 ms", digits: 0 },
  timeoutsPerS: { name: "time-outs/s", digits: 2 },
  retransPercent: { name: "sent again %", digits: 2 },
  jain: { name: "Jain", digits: 3 }
}
const MARK = { goal: "", floor: " ·", missed: " ✗" }

/** The goals, and in how many cells each is met. @type {(cells: ReadonlyArray<JudgedCell>) => string} */
export const summaryTable = (cells) => {
  const counts = (/** @type {(cell: JudgedCell) => import("./judge.mjs").Verdict} */ of) =>
    /** @type {const} */ (["goal", "floor", "missed"]).map((verdict) =>
      String(cells.filter((cell) => of(cell) === verdict).length)
    )
  return table(
    ["figure", "goal", "goal met", "floor met", "missed"],
    [
      ...JUDGED.map((figure) => [
        FIGURES[figure].name,
        RULES[figure]?.meaning ?? "",
        ...counts(({ judged }) => judged[figure].verdict)
      ]),
      [`all of a cell (${cells.length} cells)`, "the worst of the four", ...counts(({ verdict }) => verdict)]
    ]
  )
}

/** @type {(value: number, figure: string) => string} */
const number = (value, figure) => value.toFixed(FIGURES[figure].digits)

/** Figures with a goal. @type {(cells: ReadonlyArray<JudgedCell>) => string} */
const goalTable = (cells) =>
  table(
    ["clients", "KiB", ...JUDGED.flatMap((figure) => [FIGURES[figure].name, "model", "error"])],
    cells.map(({ bufferKiB, clients, judged }) => [
      String(clients),
      String(bufferKiB),
      ...JUDGED.flatMap((figure) => {
        const { error, model, real, spread, verdict } = judged[figure]
        return [
          `${number(real, figure)} ± ${number(spread, figure)}`,
          number(model, figure),
          `${error}${MARK[verdict]}`
        ]
      })
    ])
  )

/** The other figures: real, model. @type {(cells: ReadonlyArray<JudgedCell>) => string} */
const otherTable = (cells) => {
  const others = /** @type {ReadonlyArray<Figure>} */ (["p95ms", "retransPercent", "jain"])
  return table(
    ["clients", "KiB", ...others.flatMap((figure) => [FIGURES[figure].name, "model"])],
    cells.map((cell) => [
      String(cell.clients),
      String(cell.bufferKiB),
      ...others.flatMap((figure) => {
        const { model, real, spread } = cell.of(figure)
        return [`${number(real, figure)} ± ${number(spread, figure)}`, number(model, figure)]
      })
    ])
  )
}

/** Every cell, by stack, operation and size. @type {(cells: ReadonlyArray<JudgedCell>) => string} */
export const cellTables = (cells) => {
  /** @type {Map<string, Array<JudgedCell>>} */
  const groups = new Map()
  for (const cell of cells) {
    const title = `${cell.stack}: ${
      cell.op === "mixed" ? "half reads, half writes" : `${cell.op}s`
    } of ${cell.sizeKiB} KiB`
    groups.set(title, [...(groups.get(title) ?? []), cell])
  }
  return [...groups].map(([title, rows]) => `### ${title}\n\n${goalTable(rows)}\n\n${otherTable(rows)}`).join("\n\n")
}

/** What both sides are given. @type {() => string} */
export const settingsTable = () => {
  const sides = Object.values(STACKS).flatMap(({ model, real }) => {
    /** @type {ReadonlyArray<Readonly<Record<string, unknown>>>} */
    const both = [{ "net.ipv4.tcp_congestion_control": real.congestion, ...real.sysctls }, model]
    return both
  })
  const shown = (/** @type {unknown} */ value) =>
    value === undefined ? "-" : Array.isArray(value) ? value.join(" ") : String(value)
  return table(
    ["setting", ...Object.keys(STACKS).flatMap((stack) => [`${stack}, real`, `${stack}, model`])],
    [...new Set(sides.flatMap((side) => Object.keys(side)))].map((key) => [
      `\`${key}\``,
      ...sides.map((side) => shown(side[key]))
    ])
  )
}

/** What the real side ran on. @type {(results: import("./results.mjs").Results) => string} */
export const platformText = ({ platform, real, seconds }) => {
  if (platform === null) return "There is no recorded run of the real side."
  const hosts = Object.values(real).flat().map(({ host }) => host)
  const most = (/** @type {"stolenPercent" | "lateMs"} */ field) => Math.max(...hosts.map((host) => host[field]))
  const absent = platform.absent.length === 0 ? "none" : platform.absent.map((key) => `\`${key}\``).join(", ")
  return table(["real side", ""], [
    ["kernel", `Linux ${platform.kernel}${platform.hz === null ? "" : `, HZ ${platform.hz}`}`],
    ["server", `nbdkit ${platform.nbdkit}, plugin memory`],
    ["repeats", `${hosts.length}, of ${seconds} s each after 2 s of warm-up; the model as many, with other seeds`],
    ["queue of a host in front of its card", `${HOST_QUEUE_BYTES.toLocaleString("en-US")} bytes`],
    ["CPU time taken by other machines of the host, at most", `${most("stolenPercent").toFixed(1)} %`],
    ["event loop of the clients late, 99 % of the time, at most", `${most("lateMs").toFixed(1)} ms`],
    ["sysctls that this kernel does not have", absent]
  ])
}
