// The network card of a machine, from lspci: a line of it, or `lspci -k` with the driver that it uses.
// Read: the driver in use where it is said, else the chip by words of the pci.ids data base; the first Ethernet controller counts.
// Not taken, and said: further cards, and those whose driver is not known here.
// source: pci.ids; MODULE_DEVICE_TABLE of the drivers in Linux 3.6
import { linesOf, type Read, UnreadLines } from "./read.ts"

const CARD = /^(?:[0-9a-f:.]+ )?(?:Ethernet controller|Network controller)(?: \[[0-9a-f]{4}\])?: (.*)$/i
const DRIVER = /^\s+Kernel driver in use: (\S+)/

/** Words of a chip's name, and its driver; the first that fits counts. */
const CHIPS: ReadonlyArray<readonly [words: RegExp, driver: string]> = [
  [/8254[0-7]/, "e1000"],
  [/8257[1-4]|8258[23]|8256[67]|82577|82578|82579|I21[78]|I219|80003ES2LAN/, "e1000e"],
  [/82575|82576|82580|I350|I354|I21[01]/, "igb"],
  [/82599 .*Virtual|X540 .*Virtual/, "ixgbevf"],
  [/82598|82599|X540|X550/, "ixgbe"],
  [/T4\w* .*Virtual/, "cxgb4vf"],
  [/Chelsio.* T4/, "cxgb4"],
  [/NetXtreme II BCM57(06|08|09|16)/, "bnx2"],
  [/Broadcom.*BCM57\d\d/, "tg3"],
  [/RTL-?8(110|111|168|169|411|101|102|106|136)/, "r8169"],
  [/n[vV]idia.*MCP\d* .*Ethernet|MCP\d\d Ethernet/i, "forcedeth"],
  [/Virtio network device/, "virtio-net"]
]

/** Names of modules that are not those of the cards. */
const RENAMED: ReadonlyMap<string, string> = new Map([["virtio_net", "virtio-net"], ["virtio-pci", "virtio-net"]])

/** Does the text look like that of lspci? */
export const isLspci = (text: string): boolean => linesOf(text).some((line) => CARD.test(line))

/** Reads the driver of the first network card. Null: none was found. */
export const readLspci = (text: string): Read<string | null> => {
  const unread = new UnreadLines()
  const lines = linesOf(text)
  let found: string | null = null
  lines.forEach((line, i) => {
    const card = CARD.exec(line.trimEnd())
    if (card === null) return
    const next = lines.slice(i + 1).findIndex((other) => other !== "" && !/^\s/.test(other))
    const details = lines.slice(i + 1, next < 0 ? lines.length : i + 1 + next)
    const inUse = details.map((detail) => DRIVER.exec(detail)?.[1]).find((driver) => driver !== undefined)
    const driver = inUse === undefined
      ? CHIPS.find(([words]) => words.test(card[1]))?.[1]
      : RENAMED.get(inUse) ?? inUse
    if (driver === undefined) unread.add(i + 1, line, "which driver it has is not known here: lspci -k says it")
    else if (found !== null) unread.add(i + 1, line, "a second card: the first one is taken")
    else found = driver
  })
  return { value: found, unread: unread.all }
}
