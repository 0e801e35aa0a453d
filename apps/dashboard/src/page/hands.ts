// Hands on: pull a cable, restart a server, start a hog. Each is an entry of a fault script, and is kept with the run.
import type { Act } from "@swaplab/live"
import type { Facts } from "@swaplab/live"
import { type ComponentChild, h } from "preact"
import { useState } from "preact/hooks"
import { Changes } from "./changes.ts"
import { type Linked, toLink } from "./link.ts"
import { timeWords } from "./words.ts"

export interface HandsProps {
  /** For a link. */
  readonly run: Linked
  /** What has been done. */
  readonly acts: ReadonlyArray<Act>
  readonly facts: Facts
  readonly atNs: number
  /** The client that is looked at. */
  readonly client: string | null
  readonly onAct: (act: Act) => void
  readonly onTakeBack: () => void
}

const at = (ns: number): string => `${Math.round(ns)} ns`

/** What can be done, to the client that is looked at or to the first server. */
const kinds = (
  { atNs, client, facts }: HandsProps
): ReadonlyArray<readonly [words: string, act: Act]> => {
  const [server] = facts.servers
  return [
    ...(client === null ? [] : [
      [`Pull the cable of ${client} for 2 s`, { what: "down", where: client, at: at(atNs), for: "2 s" }],
      [
        `Start a hog on ${client} for 5 s`,
        { what: "hog", where: client, at: at(atNs), for: "5 s", size: "16 MiB" }
      ]
    ] as const),
    [`Restart ${server.name}, away for 2 s`, { what: "restart", where: server.name, at: at(atNs), for: "2 s" }]
  ]
}

/** `3.0 ms: restart at server`, `4.0 ms: sysctl vm.swappiness = 0 at client-1`. */
const actWords = ({ at: when, name, patch, set, value, what, where }: Act): string => {
  const how = what === "sysctl" ? ` ${name} = ${value}` : what === "patch" ? ` ${patch} ${set}` : ""
  return `${timeWords(Number.parseFloat(String(when)))}: ${what}${how} at ${where}`
}

/** Gives a text to the reader as a file. */
const save = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: "application/yaml" }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

export const Hands = (props: HandsProps): ComponentChild => {
  const { acts, atNs, client, facts, onAct, onTakeBack, run } = props
  const [told, tell] = useState("")
  const link = async (): Promise<void> => {
    history.replaceState(null, "", `#room=${await toLink(run)}`)
    tell("The address of this page is now the link. Nothing was sent anywhere.")
  }
  return h(
    "section",
    { class: "hands", "aria-label": "hands on" },
    h("h2", null, "Hands on"),
    h(
      "div",
      { class: "controls" },
      kinds(props).map(([words, act]) => h("button", { type: "button", onClick: () => onAct(act) }, words)),
      acts.length === 0 ? null : h("button", { type: "button", onClick: onTakeBack }, "Take the last one back"),
      h("button", { type: "button", onClick: () => save(`${facts.scenario}.yaml`, facts.yaml) }, "Save as a scenario"),
      h("button", { type: "button", onClick: () => void link() }, "Make a link")
    ),
    client === null ? null : h(Changes, { facts, client, atNs, onAct }),
    acts.length === 0 ? null : h(
      "ol",
      { class: "acts" },
      acts.map((act) => h("li", null, actWords(act)))
    ),
    h("p", { class: "soft", role: "status" }, told)
  )
}
