// Changes of a running kernel by hand: a sysctl that is written, a patch that is put in or taken out. Each is an entry of the
// fault script, and lasts to the end of the run.
import type { Act, Facts } from "@swaplab/live"
import { type ComponentChild, h } from "preact"
import { useState } from "preact/hooks"

export interface ChangesProps {
  readonly facts: Facts
  readonly client: string
  readonly atNs: number
  readonly onAct: (act: Act) => void
}

type Picked = { readonly currentTarget: HTMLSelectElement | HTMLInputElement }

const choose = (label: string, value: string, names: ReadonlyArray<string>, onPick: (name: string) => void) =>
  h(
    "label",
    null,
    `${label} `,
    h(
      "select",
      { value, onChange: ({ currentTarget }: Picked) => onPick(currentTarget.value) },
      names.map((name) => h("option", { value: name }, name))
    )
  )

export const Changes = ({ atNs, client, facts, onAct }: ChangesProps): ComponentChild => {
  const [sysctl, setSysctl] = useState(facts.sysctls[0])
  const [value, setValue] = useState("0")
  const [patch, setPatch] = useState(facts.patches[0])
  const at = `${Math.round(atNs)} ns`
  const number = Number(value)
  const fits = /^\d+$/.test(value) && number <= sysctl.most
  return h(
    "div",
    { class: "controls" },
    choose(
      "Sysctl",
      sysctl.name,
      facts.sysctls.map(({ name }) => name),
      (name) => setSysctl(facts.sysctls.find((row) => row.name === name) ?? sysctl)
    ),
    h(
      "label",
      null,
      "Value ",
      h("input", {
        type: "number",
        min: 0,
        max: sysctl.most,
        step: 1,
        value,
        onInput: ({ currentTarget }: Picked) => setValue(currentTarget.value)
      })
    ),
    h(
      "button",
      {
        type: "button",
        disabled: !fits,
        title: fits ? "" : `a whole number from 0 to ${sysctl.most}`,
        onClick: () => onAct({ what: "sysctl", where: client, at, name: sysctl.name, value: number })
      },
      `Write it on ${client}`
    ),
    choose("Patch", patch, facts.patches, setPatch),
    (["on", "off"] as const).map((set) =>
      h(
        "button",
        { type: "button", onClick: () => onAct({ what: "patch", where: client, at, patch, set }) },
        `${set === "on" ? "Put into" : "Take out of"} ${client}`
      )
    )
  )
}
