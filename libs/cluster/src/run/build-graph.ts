// Reads the wait-for graph off a client: tasks by the wait queue they sleep on or the allocation they are in, resources by
// what they hold, and what each of them needs to be given back.
//
//   an allocation in its slow path  → free pages, which a completed write gives back
//   a request slot, a mempool, a locked page, a freed write request → completions
//   a request that waits to be sent → nbd0; one that is sent → nbd-client, which reads the reply and ends it
//   data on the socket → its backlog, which the owner of the socket processes; or the receive ring; or the server
//   pfmemalloc_wait → kswapd
import type { BlockQueue } from "@swaplab/blk"
import { plural } from "@swaplab/config"
import type { KernelTask, Machine } from "@swaplab/kernel"
import { allocationName, type Refusal } from "@swaplab/page-alloc"
import type { Process, WaitQueue } from "@swaplab/sim"
import type { Connection } from "./connection.ts"
import { needsCrypt, waitForCrypt } from "./crypt-graph.ts"
import { type DevicePath, pathsOf } from "./device-path.ts"
import type { FaultOn } from "./fault-script.ts"
import { idle, kswapdOf, reclaimingKswapds } from "./idle-tasks.ts"
import { type WaitEdge, type WaitGraph, type WaitNode, type WaitNodeKind, withCycle } from "./wait-graph.ts"
import { zonesInWords } from "./zone-words.ts"

/** What only the run knows. */
export interface GraphFacts {
  /** Packets lost on the client for want of memory, since the last completion. */
  readonly packetsLost: number
  /** Faults of the scenario that are on and concern the client. */
  readonly faults?: ReadonlyArray<FaultOn>
}

const LETTER = { running: "R", interruptible: "S", killable: "K", uninterruptible: "D" } as const

/** Collects nodes and edges, each once. */
class Builder {
  readonly nodes = new Map<string, WaitNode>()
  readonly edges: Array<WaitEdge> = []
  readonly machine: Machine
  readonly paths: ReadonlyArray<DevicePath>
  readonly server: string
  readonly facts: GraphFacts

  constructor(connection: Connection, facts: GraphFacts) {
    this.machine = connection.machine
    this.paths = pathsOf(connection)
    this.server = connection.serverDoes
    this.facts = facts
  }

  edge(from: string, to: string, label: string): void {
    if (!this.edges.some((edge) => edge.from === from && edge.to === to)) this.edges.push({ from, to, label })
  }

  /** Adds a node; true if it is new, so that its own edges are still to be added. */
  node(id: string, kind: WaitNodeKind, title: string, lines: ReadonlyArray<string>): boolean {
    if (this.nodes.has(id)) return false
    this.nodes.set(id, { id, kind, title, lines })
    return true
  }

  /** What of a node's trouble faults of the scenario may be the cause of. */
  causes(from: string, cause: FaultOn["cause"], label: string): void {
    for (const fault of this.facts.faults ?? []) {
      if (fault.cause !== cause) continue
      this.node(fault.text, fault.ends ? "alive" : "fault", fault.text, [`a fault that is on, ${fault.since}`])
      this.edge(from, fault.text, label)
    }
  }

  // — resources —

  memory(): string {
    const id = "memory"
    const { disk, kswapds, pages } = this.machine
    const sender = this.paths.find((path) => path.sender.refusal.open)?.sender
    const refusal = sender?.refusal ?? (pages.atomicRefusal.timeNs >= 0 ? pages.atomicRefusal : null)
    if (this.node(id, "resource", "free pages", zonesInWords(pages, refusal))) {
      if (disk.inFlight() > 0) this.completionsOf(this.paths[0], id, "a completed write frees its page")
      else if (kswapds.some(({ waitingOn }) => waitingOn === disk.bios.pool.wait)) {
        this.edge(id, this.mempool(disk.bios.pool), "the next write needs a bio")
      }
      this.causes(id, "memory", "would be there without it")
      waitForCrypt(this, id, "a completed write frees its page")
    }
    return id
  }

  /** Whatever waits for any request to end. */
  completions(from: string, label: string): void {
    for (const path of this.paths) this.completionsOf(path, from, label)
    waitForCrypt(this, from, label)
    const { root, rootNbd } = this.machine
    if (root === null || rootNbd !== null || root.device.queue.inFlight() === 0) return
    this.node("disk", "alive", "disk of the client", ["reads files"])
    this.edge(from, "disk", label)
  }

  /** Whatever waits for a request of one device to end. */
  completionsOf(path: DevicePath | undefined, from: string, label: string): void {
    if (path === undefined) return
    const { device, prefix, receiver } = path
    const unsent = device.waitingCount + (device.activeRequest >= 0 ? 1 : 0)
    if (device.sentCount > 0) {
      const id = `${prefix}sent`
      if (this.node(id, "requests", `${plural(device.sentCount, `${prefix}request`)} sent`, ["no reply read yet"])) {
        this.edge(id, this.task(receiver), "reads the reply, ends the request")
      }
      this.edge(from, id, label)
    }
    if (unsent > 0) this.edge(from, this.unsent(path, unsent), label)
  }

  unsent({ prefix, sender }: DevicePath, count: number): string {
    const id = `${prefix}unsent`
    if (this.node(id, "requests", `${plural(count, `${prefix}request`)} to be sent`, [])) {
      this.edge(id, this.task(sender), "sends them one by one")
    }
    return id
  }

  slots(rw: 0 | 1): string {
    const id = rw === 1 ? "slots async" : "slots sync"
    const { slots } = this.machine.disk
    const title = rw === 1 ? "request slots (writes)" : "request slots (reads)"
    if (this.node(id, "resource", title, [`${slots.count[rw]} taken, limit ${slots.nrRequests}`])) {
      this.completionsOf(this.paths[0], id, "a request that ends gives its slot back")
    }
    return id
  }

  /** Slots for reads of the root image. */
  rootSlots(queue: BlockQueue): string {
    const id = `${queue.name} slots`
    if (this.node(id, "resource", `request slots of ${queue.name}`, [`limit ${queue.slots.nrRequests}`])) {
      const path = this.paths.find(({ device }) => device === this.machine.rootNbd?.device)
      if (path === undefined) this.completions(id, "a read that ends gives its slot back")
      else this.completionsOf(path, id, "a read that ends gives its slot back")
    }
    return id
  }

  mempool(pool: { readonly name: string; readonly currNr: number; readonly minNr: number; inUse(): number }): string {
    const lines = [`${pool.currNr} of ${pool.minNr} in stock, ${pool.inUse()} in use`]
    if (this.node(pool.name, "resource", pool.name, lines)) {
      this.completions(pool.name, "a request that ends gives its objects back")
    }
    return pool.name
  }

  pageLock(): string {
    const id = "page lock"
    if (this.node(id, "lock", "locked pages", ["until their read or write ends"])) {
      this.completions(id, "the request that holds the page ends")
    }
    return id
  }

  isolated(): string {
    const id = "isolated"
    const { lruvecs } = this.machine.vmscan.lru
    const zones = lruvecs.filter((vec) => vec.isolated[0] > vec.lists[0].count || vec.isolated[1] > vec.lists[2].count)
    const lines = zones.map((vec) =>
      `${vec.zone.label}: ${vec.isolated[0] + vec.isolated[1]} isolated, ${
        vec.lists[0].count + vec.lists[2].count
      } inactive`
    )
    this.node(id, "resource", "too many isolated pages", lines)
    return id
  }

  // — the network —

  socket({ device, prefix, sender, socket }: DevicePath): string {
    const id = `${prefix}socket`
    const lines = [`owned by ${device.name} while it sends`, `${socket.backlogLen} bytes in the backlog`]
    if (this.node(id, "lock", `socket of ${device.name}`, lines)) {
      this.edge(id, this.task(sender), "processes the backlog when it lets go")
    }
    return id
  }

  /** Packets from the server do not get in, or are on their way. */
  arrival(path: DevicePath, from: string, label: string): void {
    if (path.socket.owned && path.socket.backlogLen > 0) {
      this.edge(from, this.socket(path), label)
      return
    }
    if (this.facts.packetsLost > 0) {
      this.edge(from, this.receiveRing(), label)
      return
    }
    const lines = [this.server]
    if (this.node("wire", "alive", "server and network", lines)) this.causes("wire", "network", "may be held up by it")
    this.edge(from, "wire", label)
  }

  receiveRing(): string {
    const id = "receive ring"
    const { nic } = this.machine
    const ring = nic.rx
    const lines = [
      `${ring.posted + ring.arrived} of ${ring.size} buffers`,
      `${plural(this.facts.packetsLost, "packet")} lost since the last completion`
    ]
    if (this.node(id, "network", "receive path", lines)) {
      this.edge(id, this.memory(), "buffers, GFP_ATOMIC")
      if (this.served(this.machine.pages.atomicRefusal) || (ring.refills && ring.posted > 0)) {
        this.alive(id, "has room for the next packet")
      }
      const held = this.machine.net.udpMemory.allocated
      if (held > 0) {
        this.node("unread", "resource", "sockets that nobody reads", [`${plural(held, "page")} of packets`])
        this.edge("memory", "unread", "would be free if somebody read")
      }
    }
    return id
  }

  // — tasks —

  /** Node of one of the tasks that matter by themselves, with what it needs. */
  task(task: KernelTask): string {
    const id = this.shortName(task)
    if (!this.nodes.has(id)) {
      this.node(id, "task", id, [this.stateOf(task)])
      this.needs(id, task)
    }
    return id
  }

  shortName(task: Process): string {
    return task.name.startsWith(`${this.machine.name} `) ? task.name.slice(this.machine.name.length + 1) : task.name
  }

  stateOf(task: Process): string {
    const where = task.waitingOn === null
      ? (task as KernelTask).refusal.open ? "in direct reclaim" : "runs"
      : `on ${this.shortQueue(task.waitingOn)}`
    return `${LETTER[task.state]}, ${where}`
  }

  shortQueue(queue: WaitQueue): string {
    const { name } = this.machine
    return queue.name.startsWith(`${name} `) ? queue.name.slice(name.length + 1) : queue.name
  }

  /** The edge of a task. */
  needs(id: string, task: KernelTask): void {
    const { disk, root, vmscan } = this.machine
    const queue = task.waitingOn
    const kswapd = kswapdOf(this.machine, queue)
    if (queue === disk.requestSlot[0]) this.edge(id, this.slots(0), "a request slot")
    else if (queue === disk.requestSlot[1]) this.edge(id, this.slots(1), "a request slot")
    else if (root !== null && queue !== null && root.device.queue.requestSlot.includes(queue)) {
      this.edge(id, this.rootSlots(root.device.queue), "a request slot")
    } else if (queue === disk.bios.pool.wait) this.edge(id, this.mempool(disk.bios.pool), "a bio")
    else if (queue === disk.requestPool.wait) this.edge(id, this.mempool(disk.requestPool), "a request")
    else if (queue?.name === "page lock") this.edge(id, this.pageLock(), "its page")
    else if (kswapd !== null) this.edge(id, this.task(kswapd), "to raise free pages")
    else if (/too_many_isolated/.test(task.why ?? "")) this.edge(id, this.isolated(), "reclaimers put pages back")
    else if (task.refusal.open) {
      this.edge(id, this.memory(), allocationName(task.refusal.gfp, task.refusal.order))
      if (this.served(task.refusal)) this.alive(id, "finds pages when it tries again")
    } else if (queue !== null && needsCrypt(this, id, queue)) return
    else if (queue !== null && this.paths.some((path) => this.needsDevice(path, id, task, queue))) return
    else if (queue !== null && queue === vmscan.pgdat.congestion.wait) this.completions(id, "a freed write request")
    else if (queue === null) this.alive(id, "runs")
  }

  /** The edge of a task that waits for a device or its socket. False: it does not. */
  needsDevice(path: DevicePath, id: string, task: KernelTask, queue: WaitQueue): boolean {
    const { device, link, receiver, sender, socket } = path
    if (task === receiver && link.trying) this.alive(id, "connects again")
    else if (task === sender && queue === device.waitingWq && device.waitingCount > 0) {
      // it keeps its requests for a connection to come, and gives up in the end
      this.edge(id, this.task(receiver), "a connection")
      this.alive(id, "waits no longer than dead_conn_timeout")
    } else if (queue === socket.sendSpace) {
      // a wait with a deadline is sk_stream_wait_memory after a failed allocation
      if (task.wakeAt >= 0) this.edge(id, this.memory(), "memory for an skb")
      else this.arrival(path, id, "ACKs, for room in its send buffer")
    } else if (queue === socket.receiveData) this.reply(path, id)
    else if (queue === socket.lockQueue) this.edge(id, this.socket(path), "the socket")
    else if (queue === device.activeWq || queue === device.txLock.wait) {
      this.edge(id, this.task(sender), "the end of the send under way")
    } else return false
    return true
  }

  /** nbd-client waits for data. */
  reply(path: DevicePath, id: string): void {
    const { device } = path
    if (device.sentCount > 0) this.arrival(path, id, "replies")
    else if (device.waitingCount > 0) this.edge(id, this.unsent(path, device.waitingCount), "requests that are sent")
  }

  alive(id: string, label: string): void {
    this.node("alive", "alive", "can go on", [])
    this.edge(id, "alive", label)
  }

  /** Would the allocation that was refused then get its page now? For higher orders free pages alone do not say. */
  served(refusal: Refusal): boolean {
    if (refusal.timeNs < 0 || refusal.order > 0) return false
    const { zones } = this.machine.pages
    return refusal.zone.subarray(0, refusal.zones).some((zone, i) => zones[zone].free > refusal.floor[i])
  }
}

/** The wait-for graph of a client as it stands now. */
export const waitGraph = (connection: Connection, facts: GraphFacts): WaitGraph => {
  const { machine } = connection
  const builder = new Builder(connection, facts)
  const { cryptTasks, kswapds, nbdReceiver, nbdSender, rootNbd } = machine
  const named = [nbdReceiver, nbdSender, rootNbd?.receiver ?? null, rootNbd?.sender ?? null, ...cryptTasks, ...kswapds]
    .filter((task) => task !== null)
  for (const task of named) if (!idle(machine, task)) builder.task(task)

  // everybody else in groups that wait alike
  const groups = new Map<string, Array<KernelTask>>()
  const reclaimers = reclaimingKswapds(machine)
  for (const process of machine.sim.processes) {
    const task = process as KernelTask
    if (process.group !== machine.group || named.includes(task) || idle(machine, task)) continue
    if (task.waitingOn === null && !task.refusal.open) continue
    const key = `${builder.stateOf(task)} ${/too_many_isolated/.test(task.why ?? "")}`
    groups.set(key, [...(groups.get(key) ?? []), task])
  }
  for (const tasks of groups.values()) {
    const [first] = tasks
    const name = builder.shortName(first)
    const title = tasks.length === 1 ? name : `${tasks.length} tasks (${name}, …)`
    builder.node(name, "task", title, [builder.stateOf(first)])
    builder.needs(name, first)
    if (first.refusal.open) reclaimers.push(name)
  }
  // who sleeps in reclaim, and does not itself wait for isolated pages, holds those that it has isolated
  if (builder.nodes.has("isolated")) {
    for (const name of reclaimers) {
      if (!builder.edges.some(({ from, to }) => from === name && to === "isolated")) {
        builder.edge("isolated", name, "up to 32 pages each")
      }
    }
  }
  const starts = [...named.map((task) => builder.shortName(task)), ...builder.nodes.keys()]
  return withCycle([...builder.nodes.values()], builder.edges, starts.filter((id) => builder.nodes.has(id)), "nbd0")
}
