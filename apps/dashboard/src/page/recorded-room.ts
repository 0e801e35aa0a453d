// A result that was dropped on the page: its runs over recorded time, and the same run made again in the page from any moment.
import type { Facts } from "@swaplab/live"
import { FigureCharts, TimeLine, WaitGraphView } from "@swaplab/view"
import { type ComponentChild, h } from "preact"
import { useEffect, useReducer, useRef, useState } from "preact/hooks"
import type { RecordedClient } from "../engine/messages.ts"
import { contentsOf } from "./dropped.ts"
import { EngineClient } from "./engine-client.ts"
import type { Linked } from "./link.ts"
import { Overview } from "./overview.ts"
import { RecordedControls } from "./recorded-controls.ts"
import { OWN } from "./run-choice.ts"
import { timeWords } from "./words.ts"

export interface RecordedRoomProps {
  /** What was dropped; null: nothing yet. */
  readonly files: ReadonlyArray<File> | null
  readonly onFiles: (files: ReadonlyArray<File>) => void
  /** The run is to be made again in the page, up to this time. */
  readonly onAgain: (run: Linked, atNs: number) => void
}

type Picked = { readonly currentTarget: HTMLInputElement }

const Chooser = ({ onFiles }: Pick<RecordedRoomProps, "onFiles">): ComponentChild => {
  const input = (words: string, how: Readonly<Record<string, boolean>>): ComponentChild =>
    h(
      "label",
      null,
      `${words} `,
      h("input", {
        type: "file",
        ...how,
        onChange: ({ currentTarget }: Picked) => {
          const files = [...(currentTarget.files ?? [])]
          if (files.length > 0) onFiles(files)
        }
      })
    )
  return h(
    "div",
    { class: "drop" },
    h(
      "p",
      null,
      "Drop result.json and series.msgpack of a run here, or choose them: ",
      h("code", null, "swaplab run FILE --out DIR"),
      " leaves both in DIR. They stay in this page."
    ),
    h("div", { class: "choice" }, input("Files", { multiple: true }), input("A folder", { webkitdirectory: true }))
  )
}

/** One client over the whole run, and its lockup from its time on. */
const Closely = (
  { atNs, closely, facts }: { readonly closely: RecordedClient; readonly facts: Facts; readonly atNs: number }
): ComponentChild => {
  const { client, figures: [free, ...others], outcome, report, timesNs } = closely
  const { low = 0, min = 0 } = facts.clients.find(({ name }) => name === client) ?? {}
  const levels = [{ value: low, label: "low" }, { value: min, label: "min" }]
  return h(
    "section",
    { class: "side closely", "aria-label": `${client}, closely` },
    h("h2", null, client),
    h("p", null, `It ended so: ${outcome}.`),
    report === null ? null : h(
      "p",
      { class: "state bad" },
      atNs < report.sinceNs
        ? `At ${timeWords(report.sinceNs)} it goes on for the last time: ${report.kind}, ${report.taxonomy}.`
        : `✗ ${report.kind}: ${report.taxonomy}, since ${timeWords(report.sinceNs)}`
    ),
    report === null || atNs < report.sinceNs ? null : h(WaitGraphView, { report, of: client, locked: true }),
    h(FigureCharts, { timesNs, figures: [{ ...free, levels, top: 6 * low }, ...others], atNs })
  )
}

export const RecordedRoom = ({ files, onAgain, onFiles }: RecordedRoomProps): ComponentChild => {
  const [, changed] = useReducer((n: number) => n + 1, 0)
  const engineRef = useRef<EngineClient | null>(null)
  const [atNs, show] = useState(0)
  const [unread, setUnread] = useState("")
  useEffect(() => {
    if (files === null) return
    const engine = new EngineClient(() => changed(undefined))
    engineRef.current = engine
    contentsOf(files).then(
      (contents) => engine.ask({ kind: "show", files: contents }),
      (error: unknown) => setUnread(error instanceof Error ? error.message : String(error))
    )
    return () => engine.close()
  }, [])
  const engine = engineRef.current
  const { closely = null, ended = null, facts = null, faults = [], history, mistake = null, recorded = null } =
    engine ?? {}
  const wrong = unread === "" ? mistake : unread
  const shown = facts === null || history === undefined || recorded === null || ended === null || wrong !== null
    ? null
    : { ended, facts, history, recorded }
  return h(
    "main",
    { id: "recorded" },
    h("h1", null, "A recorded result"),
    h(Chooser, { onFiles }),
    wrong === null ? null : h("p", { class: "mistake", role: "alert" }, wrong),
    files === null || shown !== null || wrong !== null ? null : h("p", { role: "status" }, "The files are read …"),
    shown === null || engine === null ? null : [
      h(
        "div",
        { class: "choice" },
        h(
          "label",
          null,
          "Run ",
          h(
            "select",
            {
              value: String(shown.recorded.at),
              onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => {
                show(0)
                engine.ask({ kind: "choose", at: Number(currentTarget.value) })
              }
            },
            shown.recorded.runs.map((words, i) => h("option", { value: String(i) }, words))
          )
        ),
        h("button", {
          type: "button",
          onClick: () => {
            const { kernel, seed, yaml } = shown.facts
            onAgain({ file: OWN, text: yaml, kernel, seed, acts: [] }, atNs)
          }
        }, "Run it again from here, in this page")
      ),
      h("p", { class: "soft" }, `${shown.facts.scenario}. ${shown.facts.description}`),
      shown.recorded.every === 1
        ? null
        : h("p", { class: "soft" }, `There are many samples: one of ${shown.recorded.every} is shown in the room.`),
      h(RecordedControls, {
        key: shown.recorded.at,
        history: shown.history,
        atNs,
        onShow: show,
        ending: `${shown.ended.outcome}. Fingerprint ${shown.ended.fingerprint}, ${shown.ended.events} events`
      }),
      h(TimeLine, {
        faults,
        toNs: shown.history.timesNs[shown.history.rows - 1] ?? 0,
        atNs,
        words: timeWords
      }),
      h(Overview, {
        facts: shown.facts,
        history: shown.history,
        row: shown.history.rowAt(atNs),
        chosen: closely?.client ?? null,
        onChoose: (client: string) => engine.ask({ kind: "look", client })
      }),
      closely === null ? null : h(Closely, { closely, facts: shown.facts, atNs })
    ]
  )
}
