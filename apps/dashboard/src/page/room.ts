// A room of clients while a scenario runs: every client a tile, the servers, and one client looked at closely.
import { plural } from "@swaplab/config"
import type { Act } from "@swaplab/live"
import { ClientPanel, TimeLine, WaitGraphView } from "@swaplab/view"
import { type ComponentChild, h } from "preact"
import { useEffect, useReducer, useRef, useState } from "preact/hooks"
import { texts } from "../scenarios.ts"
import { EngineClient } from "./engine-client.ts"
import { Hands } from "./hands.ts"
import type { Linked } from "./link.ts"
import { Overview } from "./overview.ts"
import { RunChoice } from "./run-choice.ts"
import { RunControls } from "./run-controls.ts"
import { timeWords } from "./words.ts"

/** Rows begin this close together; where they become too many they lie farther apart. */
const SAMPLE_NS = 2e6

/** What is said of the run of a command. */
const Served = ({ connection, facts, told }: EngineClient): ComponentChild => {
  const of = facts === null ? "" : `${facts.scenario}: ${facts.kernel}, seed ${facts.seed}`
  return [
    h("p", null, connection === null || connection.words === "" ? of : `${facts?.scenario}: ${connection.words}`),
    facts !== null && connection?.acts === null
      ? h("p", { class: "soft" }, "The result of this run is kept: you can pause it, and do nothing to it.")
      : null,
    connection?.lost === null || connection === null
      ? null
      : h("p", { class: "mistake", role: "alert" }, connection.lost),
    told === "" ? null : h("p", { class: "mistake", role: "alert" }, told)
  ]
}

/** While a run goes on its graph is drawn anew so often, in milliseconds: nobody reads faster, and drawing takes longer than a tile. */
const GRAPH_MS = 300

/** The wait-for graph of a snapshot; the drawing of before where that is recent. */
const useGraph = ({ facts, snapshot, still }: EngineClient): ComponentChild => {
  const drawn = useRef<{ readonly ms: number; readonly client: string; readonly graph: ComponentChild } | null>(null)
  if (facts === null || snapshot === null || snapshot.report.graph.edges.length === 0) return null
  const ms = performance.now()
  const { client, locked, report } = snapshot
  const recent = drawn.current
  if (!still && recent !== null && recent.client === client && ms - recent.ms < GRAPH_MS) return recent.graph
  const graph = h(WaitGraphView, { report, of: facts.scenario, locked })
  drawn.current = { ms, client, graph }
  return graph
}

/** The client that is looked at. */
const Closely = ({ engine }: { readonly engine: EngineClient }): ComponentChild => {
  const { facts, history, snapshot } = engine
  const graph = useGraph(engine)
  const at = facts?.clients.findIndex(({ name }) => name === snapshot?.client) ?? -1
  if (facts === null || snapshot === null || at < 0) return null
  const { low, min, name } = facts.clients[at]
  const { pages, report } = snapshot
  const rows: ReadonlyArray<readonly [string, string]> = [
    [
      "memory",
      `${plural(pages.present, "page")}: ${pages.free} free, ${pages.slab} slab, ${pages.writeback} under writeback`
    ],
    [
      "LRU lists",
      `anon ${pages.activeAnon} active, ${pages.inactiveAnon} inactive; file ${pages.activeFile} active, ${pages.inactiveFile} inactive`
    ],
    [
      "zones",
      report.zones.map((zone) => `${zone.name} ${zone.free} free, min ${zone.min}, low ${zone.low}, high ${zone.high}`)
        .join("; ")
    ],
    ["swap", `${plural(snapshot.swapOut, "page")} out, ${snapshot.swapIn} in`],
    ["socket", `${plural(snapshot.sendQueue, "byte")} in its send queue, ${snapshot.backlog} in its backlog`],
    [
      "card",
      `${plural(snapshot.receiveBuffers, "receive buffer")}, ${
        plural(snapshot.packetsLost, "packet")
      } lost for want of memory`
    ]
  ]
  return h(
    "section",
    { class: "side closely", "aria-label": `${name}, closely` },
    h("h2", null, name),
    snapshot.locked ? h("p", { class: "state bad" }, `✗ ${report.kind}: ${report.taxonomy}`) : null,
    h(ClientPanel, {
      snapshot,
      columns: {
        timesNs: history.timesNs,
        free: history.clientColumn(at, "free"),
        fromNs: 0,
        toNs: Math.max(1, history.timesNs[history.rows - 1] ?? 0)
      },
      levels: [{ value: low, label: "low" }, { value: min, label: "min" }],
      top: 6 * low
    }),
    h(
      "table",
      null,
      h(
        "tbody",
        null,
        rows.map(([what, words]) => h("tr", null, h("th", { scope: "row" }, what), h("td", null, words)))
      )
    ),
    graph
  )
}

export interface RoomProps {
  readonly linked: Linked | null
  /** Where the run is gone to at once. */
  readonly fromNs?: number
  /** Of the socket of a command; null: the page makes the run. */
  readonly url: string | null
}

/** A room: of a run that the page makes, or of one that a command makes. */
export const Room = ({ fromNs = 0, linked, url }: RoomProps): ComponentChild => {
  const [, changed] = useReducer((n: number) => n + 1, 0)
  const engineRef = useRef<EngineClient | null>(null)
  const [own, setOwn] = useState<Linked>(linked ?? { file: "quick.yaml", text: null, kernel: null, seed: 1, acts: [] })
  const [speed, setSpeed] = useState(url === null ? 0.1 : Number.POSITIVE_INFINITY)
  const [shownNs, setShown] = useState<number | null>(null)
  const chosen = useRef<string | null>(null)

  useEffect(() => {
    const engine = new EngineClient(() => changed(undefined))
    engineRef.current = engine
    if (url === null) take(own, fromNs)
    else engine.ask({ kind: "connect", url })
    return () => engine.close()
  }, [])

  /** Takes a run, and goes to where the one before stood if it is the same with more done by hand. */
  const take = (next: Linked, atNs = 0): void => {
    setOwn(next)
    setShown(null)
    const engine = engineRef.current
    if (engine === null) return
    const { acts, file, kernel, seed, text } = next
    const source = { file, text: text ?? texts.get(file) ?? "", kernel, seed, acts }
    engine.ask({ kind: "load", source, sampleNs: SAMPLE_NS, look: chosen.current, toNs: atNs })
  }

  const engine = engineRef.current
  const go = (fromNs: number | null, toNs: number, at = Number.POSITIVE_INFINITY): void => {
    setShown(null)
    engineRef.current?.ask({ kind: "play", fromNs, toNs, speed: at, sampleNs: SAMPLE_NS, fresh: false })
  }
  if (engine === null) return h("main", null, h("h1", null, "A room"), h("p", null, "Boots …"))
  const { connection, facts, history, mistake, nowNs } = engine
  const atNs = shownNs ?? nowNs
  /** What was done by hand; null: nothing can be, and time does not go back. */
  const acts = url === null ? own.acts : connection?.acts ?? null
  const act = (next: ReadonlyArray<Act>): void => {
    setShown(null)
    if (url === null) take({ ...own, acts: next }, atNs)
    else engine.ask({ kind: "acts", acts: next, atNs })
  }
  return h(
    "main",
    { id: "room" },
    h("h1", null, url === null ? "A room" : "The run of the command"),
    url === null ? h(RunChoice, { run: own, facts, onTake: (next: Linked) => take(next) }) : h(Served, engine),
    mistake === null ? null : h("p", { class: "mistake", role: "alert" }, mistake),
    mistake === null || own.acts.length === 0
      ? null
      : h("button", { type: "button", onClick: () => act(own.acts.slice(0, -1)) }, "Take back what was done last"),
    facts === null || mistake !== null ? null : [
      h("p", { class: "soft" }, facts.description),
      h(RunControls, {
        engine,
        atNs,
        speed,
        onSpeed: setSpeed,
        onPlay: () => go(null, Number.POSITIVE_INFINITY, speed),
        onPause: () => engine.ask({ kind: "pause" }),
        onStep: (ns: number) => go(nowNs + ns, nowNs + ns),
        onShow: (ns: number) => setShown(ns),
        onSettle: (ns: number) => {
          if (acts !== null) go(ns, ns)
        }
      }),
      h(TimeLine, {
        faults: engine.faults,
        toNs: Math.max(nowNs, history.timesNs[history.rows - 1] ?? 0),
        atNs,
        words: timeWords
      }),
      h(Overview, {
        facts,
        history,
        row: history.rowAt(atNs),
        chosen: engine.snapshot?.client ?? null,
        onChoose: (client: string) => {
          chosen.current = client
          engine.ask({ kind: "look", client })
        }
      }),
      acts === null ? null : h(Hands, {
        run: url === null
          ? own
          : { file: "run.yaml", text: facts.yaml, kernel: facts.kernel, seed: facts.seed, acts: [] },
        acts,
        facts,
        atNs,
        client: engine.snapshot?.client ?? null,
        onAct: (next: Act) => act([...acts, next]),
        onTakeBack: () => act(acts.slice(0, -1))
      }),
      h(Closely, { engine })
    ]
  )
}
