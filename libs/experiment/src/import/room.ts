// Files of LTSP, nbd-server and dnsmasq as a room: client groups and their server.
// Read: who swaps, how much, encrypted or not, whether programs run on the client or on the server; threads of the server, swap files
//   that are made anew at each connection, an image of the root; how many clients there are.
// Every other key is listed with its line: it has no effect here.
// source: LTSP 5: lts.conf(5), nbdswapd, 50-swap; ltsp.conf(5); nbd-server(5)
import { readDnsmasq, readIni } from "@swaplab/formats"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import type { Draft, GroupDraft, ImportFile } from "./draft.ts"
import type { ImportForm } from "./forms.ts"
import { isClientSection } from "./ltsp-keys.ts"

/** What nbdswapd makes without SIZE since 2012, in MiB. */
const NBDSWAPD_MIB = 512

/** What all files together say of a room. */
export interface RoomFacts {
  /** Swap of a client, in MiB; null: no file says it. */
  swapMib: number | null
  /** Clients that a file names. */
  readonly hosts: Set<string>
  /** What a section says: "" is for all clients. */
  readonly sections: Map<string, SectionFacts>
  hasRoot: boolean
}

interface SectionFacts {
  encryptSwap?: boolean
  programs?: "client" | "server"
}

/** Nothing is known. */
export const noRoom = (): RoomFacts => ({ swapMib: null, hosts: new Set(), sections: new Map(), hasRoot: false })

const TRUE = new Set(["true", "1", "y", "yes", "on"])
const FALSE = new Set(["false", "0", "n", "no", "off", ""])

/** A switch; null: neither on nor off. */
const switchOf = (value: string): boolean | null => {
  const word = value.toLowerCase()
  return TRUE.has(word) ? true : FALSE.has(word) ? false : null
}

/** Keys of lts.conf and ltsp.conf that are read as switches; what they do to their section. */
const SWITCHES: Readonly<Record<string, (facts: SectionFacts, on: boolean) => void>> = {
  ENCRYPT_SWAP: (facts, on) => (facts.encryptSwap = on),
  LTSP_FATCLIENT: (facts, on) => (facts.programs = on ? "client" : "server")
}

/** Keys that are understood and change nothing, and why. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  NBD_SWAP_SERVER: "the server of the scenario is the one that there is",
  NBD_SWAP_HOST: "the server of the scenario is the one that there is",
  NBD_SWAP_PORT: "the port changes nothing",
  NBD_SWAP_THRESHOLD: "every client swaps to the server, whatever memory it has",
  USE_LOCAL_SWAP: "clients have no disk to swap to",
  LOCAL_SWAP: "clients have no disk to swap to",
  FAT_RAM_THRESHOLD: "LTSP_FATCLIENT says where programs run"
}

const sectionOf = ({ sections }: RoomFacts, name: string): SectionFacts => {
  const key = isClientSection(name) ? name.toLowerCase() : ""
  let facts = sections.get(key)
  if (facts === undefined) {
    facts = {}
    sections.set(key, facts)
  }
  return facts
}

const readLtsp = (draft: Draft, room: RoomFacts, file: string, text: string): void => {
  for (const { key, line, section, value } of draft.take(file, readIni(text))) {
    const facts = sectionOf(room, section)
    if (isClientSection(section)) room.hosts.add(section.toLowerCase())
    const on = switchOf(value)
    const text = `${key}=${value}`
    const set = Object.hasOwn(SWITCHES, key) ? SWITCHES[key] : undefined
    if (key === "NBD_SWAP") {
      if (on === true) draft.say(file, "clients swap to the server (NBD_SWAP)")
      else {draft.miss(
          file,
          line,
          text,
          "a client that does not swap to the server is none of these: it is taken as True"
        )}
    } else if (set !== undefined) {
      if (on === null) draft.miss(file, line, text, "expected True or False")
      else {
        set(facts, on)
        draft.say(file, `${text}${section === "" ? "" : ` in [${section}]`}`)
      }
    } else {
      const known = Object.hasOwn(WITHOUT_EFFECT, key) ? WITHOUT_EFFECT[key] : undefined
      draft.miss(file, line, text, known ?? "no setting of memory, swap or server")
    }
  }
}

const readSwapd = (draft: Draft, room: RoomFacts, file: string, text: string): void => {
  for (const { key, line, value } of draft.take(file, readIni(text))) {
    const text = `${key}=${value}`
    if (key === "SIZE" && /^\d{1,7}$/.test(value) && Number(value) > 0) {
      room.swapMib = Number(value)
      draft.say(file, `${value} MB of swap for each client (SIZE)`)
    } else if (key === "SIZE") draft.miss(file, line, text, "expected megabytes")
    else if (key === "SWAPDIR") draft.miss(file, line, text, "on which disk that is no file says: server.disk")
    else if (key === "RUN_MKSWAP") draft.miss(file, line, text, "swap is always made with a header")
    else draft.miss(file, line, text, "no setting of memory, swap or server")
  }
}

const readServer = (draft: Draft, room: RoomFacts, file: string, text: string): void => {
  const entries = draft.take(file, readIni(text))
  for (const { key, line, section, value } of entries) {
    const text = `${key} = ${value}`
    const shared = section === "generic"
    if (key === "max_threads" && /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 256) {
      draft.server["threads"] = Number(value)
      draft.say(file, `${value} threads a connection (max_threads)`)
    } else if (key === "filesize" && /^\d{1,15}$/.test(value) && Number(value) >= 1024 * 1024) {
      room.swapMib = Math.floor(Number(value) / 2 ** 20)
      draft.say(file, `${room.swapMib} MiB of swap for each client (filesize of [${section}])`)
    } else if (key === "prerun" && /nbdswapd|mkswap/.test(value)) {
      draft.server["swapFiles"] = "fresh"
      draft.say(file, `swap files are made anew at each connection (prerun of [${section}])`)
    } else if (key === "readonly" && switchOf(value) === true) {
      room.hasRoot = true
      draft.say(file, `[${section}] is an image of the root file system (readonly)`)
    } else if (key === "exportname") draft.say(file, `[${section}] is ${value}`)
    else if (shared) draft.miss(file, line, text, "no setting of memory, swap or server")
    else draft.miss(file, line, text, `an export in the emulator has no ${key}`)
  }
}

/** Reads one file of a room. */
export const readRoom = (draft: Draft, room: RoomFacts, { name }: ImportFile, form: ImportForm, text: string): void => {
  if (form === "lts.conf") readLtsp(draft, room, name, text)
  else if (form === "nbdswapd.conf") readSwapd(draft, room, name, text)
  else if (form === "nbd-server") readServer(draft, room, name, text)
  else {
    const hosts = draft.take(name, readDnsmasq(text))
    for (const host of hosts) room.hosts.add(host.mac ?? host.name ?? "")
    draft.say(name, `${hosts.length} hosts`)
  }
}

/** Puts a room into groups: one of all clients, and one for each whose section says something of its own. */
export const takeRoom = (
  draft: Draft,
  room: RoomFacts,
  group: GroupDraft | null,
  table: WorkloadTable = WORKLOADS
): void => {
  const { hosts, sections } = room
  const shared = sections.get("") ?? {}
  const special = [...sections].filter(([name, facts]) => name !== "" && Object.keys(facts).length > 0)
  const base = group ?? { name: "client" }
  if (group === null) draft.groups.push(base)
  const count = hosts.size - special.length
  if (hosts.size === 0) draft.assume("count", "no file names the clients: one")
  base.count = Math.max(1, count)
  if (base.swap === undefined || (room.swapMib !== null && base.workload === undefined)) {
    base.swap = `${room.swapMib ?? NBDSWAPD_MIB} MiB`
  }
  if (room.swapMib === null && group === null) {
    draft.assume("swap", `no file says how much: ${NBDSWAPD_MIB} MiB, what nbdswapd makes since 2012`)
  }
  if (group === null) {
    base.ram = "512 MiB"
    draft.assume("ram", "no file says how much memory clients have: 512 MiB. A Mem-Info dump or /proc/zoneinfo has it")
  }
  if (room.hasRoot) {
    base.root = {}
    draft.assume("root", "no file says how large the image is: 4 GiB of squashfs")
  }
  const person = Object.entries(table).find(([, { divides }]) => divides === true)
  if (base.workload === undefined && person !== undefined) {
    base.workload = { [person[0]]: {} }
    draft.assume("workload", `no file says what people do: ${person[0]}`)
  }
  Object.assign(base, shared)
  if (shared.encryptSwap === undefined) {
    draft.assume("encryptSwap", "not set: false. LTSP 5 encrypts where cryptsetup is in its image")
  }
  special.forEach(([name, facts], i) => {
    draft.say(name, "has settings of its own, and so a group")
    draft.groups.push({ ...base, name: `own${i + 1}`, count: 1, ...facts })
  })
  // a room whose clients all have settings of their own has nobody left for the others
  if (special.length > 0 && count <= 0) draft.groups.splice(draft.groups.indexOf(base), 1)
  draft.applications = draft.groups.some(({ programs }) => programs === "server")
}
