// Which run: a scenario that ships, or one of the reader's own; a kernel; a seed.
import type { Facts } from "@swaplab/live"
import { type ComponentChild, h } from "preact"
import { useState } from "preact/hooks"
import { texts } from "../scenarios.ts"
import type { Linked } from "./link.ts"

/** Scenarios that a browser runs in seconds come first, those of many clients or of a long day last. */
const QUICK = [
  "two-minutes.yaml",
  "quick.yaml",
  "slow-client.yaml",
  "slub-2012.yaml",
  "seed-2012.yaml",
  "rehearsal.yaml"
]

const names = (): ReadonlyArray<string> => {
  const all = [...texts.keys()].filter((name) => !name.includes("/"))
  return [...QUICK.filter((name) => all.includes(name)), ...all.filter((name) => !QUICK.includes(name)).sort()]
}

export const OWN = "my.yaml"

export const RunChoice = (
  { facts, onTake, run }: {
    readonly run: Linked
    readonly facts: Facts | null
    readonly onTake: (next: Linked) => void
  }
): ComponentChild => {
  const [own, setOwn] = useState(run.text ?? "")
  const take = (change: Partial<Linked>): void => onTake({ ...run, acts: [], ...change })
  return h(
    "div",
    { class: "choice" },
    h(
      "label",
      null,
      "Scenario ",
      h(
        "select",
        {
          value: run.text === null ? run.file : OWN,
          onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => {
            const { value } = currentTarget
            if (value === OWN) take({ file: OWN, text: own, kernel: null })
            else take({ file: value, text: null, kernel: null })
          }
        },
        names().map((name) => h("option", { value: name }, name)),
        h("option", { value: OWN }, "your own")
      )
    ),
    h(
      "label",
      null,
      "Kernel ",
      h(
        "select",
        {
          value: facts?.kernel ?? "",
          onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => take({ kernel: currentTarget.value })
        },
        (facts?.kernels ?? []).map((name) => h("option", { value: name }, name))
      )
    ),
    h(
      "label",
      null,
      "Seed ",
      h("input", {
        type: "number",
        min: 0,
        step: 1,
        value: run.seed,
        onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
          const seed = Number(currentTarget.value)
          if (Number.isSafeInteger(seed) && seed >= 0) take({ seed })
        }
      })
    ),
    h(
      "details",
      null,
      h("summary", null, "Your own scenario"),
      h("p", { class: "soft" }, "Paste one, or drop a file on the page. It stays in this page."),
      h("textarea", {
        rows: 10,
        "aria-label": "a scenario (YAML)",
        value: own,
        spellcheck: false,
        onInput: ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => setOwn(currentTarget.value)
      }),
      h("button", { type: "button", onClick: () => take({ file: OWN, text: own, kernel: null }) }, "Take it")
    )
  )
}
