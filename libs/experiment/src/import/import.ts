// From files that people have to a scenario: the memory of a machine, a room, requests that were recorded, in any mixture.
// A machine's memory is that of the client of a trace, and of the clients of a room.
import type { Mapping } from "@swaplab/config"
import {
  joinFacts,
  type MemoryFacts,
  readLspci,
  readMemInfo,
  readMeminfo,
  readSlabinfo,
  readZoneinfo
} from "@swaplab/formats"
import { Draft, type GroupDraft, type ImportFile, type NotUnderstood, type Statement } from "./draft.ts"
import { formOf, IMPORT_FORMS, type ImportForm } from "./forms.ts"
import { takeCard, takeMemory } from "./machine.ts"
import { readTrace, takeTrace } from "./requests.ts"
import { noRoom, readRoom, takeRoom } from "./room.ts"
import { serverConfigOf } from "./server-config.ts"

/** What came of some files. */
export interface Imported {
  /** A scenario, or a configuration of swaplab-nbd-server, as plain data. */
  readonly data: Mapping
  readonly files: ReadonlyArray<{ readonly name: string; readonly form: ImportForm }>
  readonly taken: ReadonlyArray<Statement>
  readonly assumed: ReadonlyArray<Statement>
  readonly unread: ReadonlyArray<NotUnderstood>
  /** What files say of the machine; null: nothing. */
  readonly facts: MemoryFacts | null
}

/** Why nothing came of a file. */
export interface ImportMistake {
  readonly file: string
  readonly text: string
}

/** A file with its form. */
interface Known {
  readonly file: ImportFile
  readonly form: ImportForm
  readonly text: string
}

const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8").decode(bytes)

const known = (files: ReadonlyArray<ImportFile>): ReadonlyArray<Known> | ImportMistake => {
  const out: Array<Known> = []
  for (const file of files) {
    const text = textOf(file.bytes)
    const form = formOf(text, file.bytes)
    if (form === null) return { file: file.name, text: "is of none of the forms that are read" }
    out.push({ file, form, text })
  }
  return out
}

/** Readers of a machine's memory. */
const MEMORY = { "Mem-Info": readMemInfo, zoneinfo: readZoneinfo, meminfo: readMeminfo, slabinfo: readSlabinfo }

const machineOf = (draft: Draft, files: ReadonlyArray<Known>): MemoryFacts | null => {
  const own = files.filter(({ form }) => IMPORT_FORMS[form].purpose === "machine")
  if (own.length === 0) return null
  return joinFacts(
    own.flatMap(({ file, form, text }) =>
      form in MEMORY ? [draft.take(file.name, MEMORY[form as keyof typeof MEMORY](text))] : []
    )
  )
}

/** Makes a scenario of files. */
export const importScenario = (files: ReadonlyArray<ImportFile>): Imported | ImportMistake => {
  const all = known(files)
  if ("text" in all) return all
  const draft = new Draft()
  const purposes = new Set(all.map(({ form }) => IMPORT_FORMS[form].purpose))
  const facts = machineOf(draft, all)
  let group: GroupDraft | null = null
  if (facts !== null) {
    group = { name: "client" }
    draft.groups.push(group)
    takeMemory(draft, group, facts)
    for (const { file, form, text } of all) {
      if (form === "lspci") takeCard(draft, group, file.name, draft.take(file.name, readLspci(text)))
    }
  }
  for (const { file, form, text } of all) {
    if (IMPORT_FORMS[form].purpose !== "trace") continue
    const trace = readTrace(draft, file, form, text)
    if (trace.requests.length === 0) {
      const why = draft.unread.find((line) => line.file === file.name)?.why
      return { file: file.name, text: `has no request that can be replayed${why === undefined ? "" : `: ${why}`}` }
    }
    takeTrace(draft, file.name, trace, group)
  }
  if (purposes.has("room")) {
    const room = noRoom()
    for (const { file, form, text } of all) {
      if (IMPORT_FORMS[form].purpose === "room") readRoom(draft, room, file, form, text)
    }
    takeRoom(draft, room, group ?? draft.groups.at(0) ?? null)
  }
  if (facts !== null && !purposes.has("trace") && !purposes.has("room")) {
    draft.assume("workload", "no file says what the machine runs: the default")
  }
  return ended(draft, draft.scenario("imported", files.map(({ name }) => name)), all, facts)
}

/** Makes a configuration of swaplab-nbd-server of one of nbd-server. */
export const importServerConfig = (files: ReadonlyArray<ImportFile>): Imported | ImportMistake => {
  const all = known(files)
  if ("text" in all) return all
  const [first, ...others] = all
  const wrong = [first, ...others].find(({ form }) => form !== "nbd-server")
  if (wrong !== undefined) {
    return { file: wrong.file.name, text: `is ${IMPORT_FORMS[wrong.form].meaning}, expected a config of nbd-server` }
  }
  if (others.length > 0) {
    return { file: others[0].file.name, text: "is a second file, expected one config of nbd-server" }
  }
  const draft = new Draft()
  return ended(draft, serverConfigOf(draft, first.file, first.text), all, null)
}

const ended = (draft: Draft, data: Mapping, all: ReadonlyArray<Known>, facts: MemoryFacts | null): Imported => ({
  data,
  files: all.map(({ file, form }) => ({ name: file.name, form })),
  taken: draft.taken,
  assumed: draft.assumed,
  unread: draft.unread,
  facts
})
