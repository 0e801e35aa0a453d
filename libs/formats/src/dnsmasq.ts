// Hosts of dnsmasq: dhcp-host lines of its configuration, or of a file of dhcp-hostsfile.
// Read: MAC addresses, a name and an address of each host. Times of leases, tags and sets are no part of a room and are left aside.
// Not taken, and said: hosts to be ignored, and lines of another form.
// source: dnsmasq(8), --dhcp-host
import { linesOf, type Read, UnreadLines } from "./read.ts"

/** One host. */
export interface DhcpHost {
  readonly mac: string | null
  readonly name: string | null
  readonly address: string | null
  readonly line: number
}

const MAC = /^(?:\d+-)?[0-9A-Fa-f]{1,2}(?:[:-][0-9A-Fa-f]{1,2}){5}$/
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/
const NAME = /^[A-Za-z][\w.-]*$/
const LEASE = /^(?:infinite|\d+[smhdw]?)$/
const ASIDE = /^(?:set|net|tag|id):|^\[/

const HOST_LINE = /^(?:dhcp-host=)?(.*)$/

/** Does the text have hosts of dnsmasq? */
export const isDnsmasq = (text: string): boolean =>
  /^\s*dhcp-host=/m.test(text) ||
  linesOf(text).some((line) => MAC.test(line.split(",")[0].trim()) && line.includes(","))

/** Reads the hosts. Other settings of a dnsmasq.conf are listed as not understood. */
export const readDnsmasq = (text: string): Read<ReadonlyArray<DhcpHost>> => {
  const unread = new UnreadLines()
  const hosts: Array<DhcpHost> = []
  linesOf(text).forEach((raw, i) => {
    const line = raw.replace(/#.*$/, "").trim()
    if (line === "") return
    if (/^[a-z-]+(=|$)/.test(line) && !line.startsWith("dhcp-host=")) {
      return unread.add(i + 1, raw, "says nothing of a host")
    }
    const words = (HOST_LINE.exec(line)?.[1] ?? "").split(",").map((word) => word.trim())
    let mac: string | null = null
    let name: string | null = null
    let address: string | null = null
    let wrong: string | null = null
    for (const word of words) {
      if (word === "ignore") wrong = "a host that gets no address"
      else if (MAC.test(word)) mac ??= word.toLowerCase()
      else if (ADDRESS.test(word)) address ??= word
      else if (LEASE.test(word) || ASIDE.test(word) || word === "") continue
      else if (NAME.test(word)) name ??= word
      else wrong ??= `${word}: expected a MAC address, a name, an address or a lease time`
    }
    if (wrong === null && mac === null && name === null) wrong = "expected a MAC address or a name"
    if (wrong !== null) return unread.add(i + 1, raw, wrong)
    hosts.push({ mac, name, address, line: i + 1 })
  })
  return { value: hosts, unread: unread.all }
}
