// @ts-check
// The LAN of the real side: network namespaces of this host for the server, the switch and the clients, joined by veth pairs.
// Each direction of a cable is a token bucket (tbf): the host's own with a queue that is never full, the switch's with the
// buffer of the cell. The clients have a card and an address each, and routes by their source address. They share a namespace,
// so that one process can be all of them; their connections, cards and queues are as separate as in many.
// Everything is removed when this process ends, also by Ctrl-C and by an error.
import { spawn, spawnSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { availableParallelism } from "node:os"
import { delimiter, join } from "node:path"
import {
  BURST_BYTES,
  CLIENT_RATE,
  EXPORT_BYTES,
  HOST_QUEUE_BYTES,
  NBD_PORT,
  SERVER_BURST_BYTES,
  SERVER_RATE,
  THREADS
} from "./settings.mjs"

/** Programs from Debian that it needs: iproute2, ethtool, nbdkit, util-linux. */
const PROGRAMS = ["ip", "ss", "tc", "ethtool", "nbdkit", "chrt", "taskset", "unshare"]

/** Before whatever else the host does. */
const FIRST = ["chrt", "--rr", "10"]

/** Programs that are missing for the real side. @type {() => ReadonlyArray<string>} */
export const missingPrograms = () => {
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  const present = (/** @type {string} */ program) =>
    folders.some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK)
        return true
      } catch {
        return false
      }
    })
  return PROGRAMS.filter((program) => !present(program))
}

/** What else the host lacks for it, which no installation gives. @type {() => ReadonlyArray<string>} */
export const missingRights = () => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return ["root on Linux"]
  const may = (/** @type {ReadonlyArray<string>} */ [command, ...args]) => spawnSync(command, args).status === 0
  const cable = "ip link add near type veth peer name far && ip link set near up && ip addr add 10.77.0.1/32 dev near"
    + " && tc qdisc add dev near root tbf rate 1mbit burst 3100 limit 9000 && ip route add 10.77.0.0/16 dev near congctl cubic"
  const probe = `lantruth-${process.pid}-probe`
  const named = may(["ip", "netns", "add", probe]) && may(["ip", "netns", "del", probe])
  return [
    ...(named ? [] : ["the right to make network namespaces"]),
    ...(may(["unshare", "--net", "sh", "-c", cable]) ? [] : ["veth, tbf and routes with a congestion control"]),
    ...(may([...FIRST, "true"]) ? [] : ["the right to real-time scheduling"])
  ]
}

/** @type {(command: string, args: ReadonlyArray<string>, input?: string) => string} */
const run = (command, args, input = "") => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { input, encoding: "utf8" })
  if (error !== undefined || status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr.trim()}\n${input}`)
  }
  return stdout
}

const SERVER_CPU = "0"
/** The last one. */
const CLIENTS_CPU = String(availableParallelism() - 1)

const SERVER_ADDRESS = "10.77.0.1"
/** @type {(client: number) => string} */
const clientAddress = (client) => `10.77.1.${client + 1}`

/** Testbeds that stand. @type {Set<Testbed>} */
const standing = new Set()
process.on("exit", () => {
  for (const testbed of standing) testbed.remove()
})
/** Whoever runs a testbed calls this once, so that signals remove it. */
export const removeOnSignals = () => {
  for (const [signal, status] of /** @type {const} */ ([["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]])) {
    process.on(signal, () => process.exit(status))
  }
}

let count = 0

/** One LAN with its server. */
export class Testbed {
  serverAddress = SERVER_ADDRESS
  #server
  #switch
  #clients
  /** @type {ReadonlyArray<string>} */
  clientAddresses
  /** Sysctls that this kernel does not have. @type {ReadonlyArray<string>} */
  absentSysctls
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #nbdkit

  /**
   * @param {number} clients
   * @param {number} bufferBytes
   * @param {{ congestion: string, sysctls: Readonly<Record<string, string | number>> }} stack
   */
  constructor(clients, bufferBytes, { congestion, sysctls }) {
    const name = `lantruth-${process.pid}-${count++}`
    this.#server = `${name}-server`
    this.#switch = `${name}-switch`
    this.#clients = `${name}-clients`
    this.clientAddresses = Array.from({ length: clients }, (_, i) => clientAddress(i))
    standing.add(this)
    try {
      const namespaces = [this.#server, this.#switch, this.#clients]
      run("ip", ["-batch", "-"], namespaces.map((namespace) => `netns add ${namespace}\n`).join(""))
      const cards = this.clientAddresses.map((_, i) => `c${i}`)
      this.absentSysctls = this.#configure(sysctls)
      this.#plug(cards, congestion)
      this.#shape(cards, bufferBytes)
    } catch (error) {
      this.remove()
      throw error
    }
    const [command, ...args] = this.#at(this.#server, SERVER_CPU)
    const listen = ["--ipaddr", SERVER_ADDRESS, "--port", String(NBD_PORT), "--threads", String(THREADS)]
    const options = ["--foreground", "--exit-with-parent", ...listen, "memory", String(EXPORT_BYTES)]
    this.#nbdkit = spawn(command, [...args, "nbdkit", ...options], { stdio: "ignore" })
  }

  /** Waits until the server listens, and gives its process. @returns {Promise<number>} */
  async ready() {
    const nbdkit = this.#nbdkit
    if (nbdkit?.pid === undefined) throw new Error("nbdkit did not start")
    for (let tries = 0; tries < 500; tries++) {
      if (nbdkit.exitCode !== null) throw new Error(`nbdkit ended with ${nbdkit.exitCode}`)
      if (this.#inServer("ss", ["-Hltn"]).includes(`:${NBD_PORT}`)) return nbdkit.pid
      await new Promise((passed) => setTimeout(passed, 20))
    }
    throw new Error("nbdkit does not listen")
  }

  /** How a program is started among the clients: a command and its first arguments. */
  amongClients() {
    return this.#at(this.#clients, CLIENTS_CPU)
  }

  /**
   * Programs of the testbed go before whatever else the host does. The server and the clients have a CPU each, and what they send
   * is handled there: packets of one direction that are handled by several CPUs overtake each other, which they cannot on a cable.
   * @param {string} namespace
   * @param {string} cpu
   */
  #at(namespace, cpu) {
    return [...FIRST, "taskset", "--cpu-list", cpu, "ip", "netns", "exec", namespace]
  }

  /** Packets that found no room at a port of the switch. */
  drops() {
    return run("tc", ["-n", this.#switch, "-j", "-s", "qdisc", "show"])
  }

  remove() {
    if (!standing.delete(this)) return
    this.#nbdkit?.kill("SIGKILL")
    for (const namespace of [this.#server, this.#switch, this.#clients]) {
      spawnSync("ip", ["netns", "del", namespace], { stdio: "ignore" })
    }
  }

  /** @param {string} command @param {ReadonlyArray<string>} args */
  #inServer(command, args) {
    return run("ip", ["netns", "exec", this.#server, command, ...args])
  }

  /** @param {Readonly<Record<string, string | number>>} sysctls @returns {ReadonlyArray<string>} */
  #configure(sysctls) {
    const QUIET = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
    const ROUTES = ["all", "default"].flatMap((name) => [
      `net.ipv4.conf.${name}.rp_filter=0`,
      `net.ipv4.conf.${name}.arp_ignore=1`,
      `net.ipv4.conf.${name}.arp_announce=2`
    ])
    /** @type {(namespace: string, values: ReadonlyArray<string>) => string} */
    const set = (namespace, values) => {
      const { stderr } = spawnSync("ip", ["netns", "exec", namespace, "sysctl", "-qw", ...values], { encoding: "utf8" })
      return stderr
    }
    const values = Object.entries(sysctls).map(([key, value]) => `${key}=${value}`)
    for (const namespace of [this.#server, this.#switch, this.#clients]) set(namespace, [...QUIET, ...ROUTES])
    const complaints = [this.#server, this.#clients].map((namespace) => set(namespace, values)).join("\n")
    return Object.keys(sysctls).filter((key) =>
      complaints.includes(key.replaceAll(".", "/")) || complaints.includes(key)
    )
  }

  /**
   * Cables: a veth pair for each machine, with its end `c3` or `s` at the machine and `p-c3` at the switch. The congestion control
   * is that of the routes: the sysctl of a namespace takes only what net.ipv4.tcp_allowed_congestion_control of the host names.
   * @param {ReadonlyArray<string>} cards
   * @param {string} congestion
   */
  #plug(cards, congestion) {
    const pair = (/** @type {string} */ card, /** @type {string} */ namespace) =>
      `link add ${card} netns ${namespace} gso_max_segs 1 type veth peer name p-${card} netns ${this.#switch}\n`
    run("ip", ["-batch", "-"], pair("s", this.#server) + cards.map((card) => pair(card, this.#clients)).join(""))
    run(
      "ip",
      ["-n", this.#switch, "-batch", "-"],
      "link add br0 type bridge mcast_snooping 0\nlink set br0 up\n" +
        ["s", ...cards].map((card) => `link set p-${card} master br0 up\n`).join("")
    )
    run(
      "ip",
      ["-n", this.#server, "-batch", "-"],
      `link set lo up\naddr add ${SERVER_ADDRESS}/32 dev s\nlink set s up\nroute add 10.77.0.0/16 dev s congctl ${congestion}\n`
    )
    run(
      "ip",
      ["-n", this.#clients, "-batch", "-"],
      "link set lo up\n" + cards.map((card, i) =>
        `addr add ${clientAddress(i)}/32 dev ${card}\nlink set ${card} up\n` +
        `route add 10.77.0.0/16 dev ${card} src ${clientAddress(i)} table ${100 + i} congctl ${congestion}\n` +
        `rule add from ${clientAddress(i)} lookup ${100 + i}\n`
      ).join("")
    )
  }

  /** @param {ReadonlyArray<string>} cards @param {number} bufferBytes */
  #shape(cards, bufferBytes) {
    /** @type {(device: string, rate: number, limit: number, burst?: number) => string} */
    const bucket = (device, rate, limit, burst = BURST_BYTES) =>
      `qdisc add dev ${device} root tbf rate ${rate}bit burst ${burst} limit ${limit}\n`
    run("tc", ["-n", this.#server, "-batch", "-"], bucket("s", SERVER_RATE, HOST_QUEUE_BYTES, SERVER_BURST_BYTES))
    run(
      "tc",
      ["-n", this.#clients, "-batch", "-"],
      cards.map((card) => bucket(card, CLIENT_RATE, HOST_QUEUE_BYTES)).join("")
    )
    run(
      "tc",
      ["-n", this.#switch, "-batch", "-"],
      bucket("p-s", SERVER_RATE, bufferBytes) +
        cards.map((card) => bucket(`p-${card}`, CLIENT_RATE, bufferBytes)).join("")
    )
    /** @type {(namespace: string, devices: ReadonlyArray<string>) => void} */
    const noOffloads = (namespace, devices) => {
      const script = "for card; do ethtool -K \"$card\" tso off gso off gro off || exit 1; done"
      run("ip", ["netns", "exec", namespace, "sh", "-c", script, "sh", ...devices])
    }
    noOffloads(this.#server, ["s"])
    noOffloads(this.#clients, cards)
    noOffloads(this.#switch, ["s", ...cards].map((card) => `p-${card}`))
  }
}
