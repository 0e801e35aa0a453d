// The power of a client: off at once, and on again with a machine that has just booted.
//
//   on → off: events and tasks of the machine do nothing any more; its cable is without carrier; who works on it is gone
//   off → booting: a new machine, whose nbd-client asks for its root and for its swap, once a second until the server answers
//   booting → on: swap is there, and the workload begins again; a person goes on where the timetable is
//
// Modelled: the loss of everything in memory, connections that the server still believes in, an empty swap after the boot.
// Not modelled: firmware and PXE (the time without power is the fault's), the kernel and initramfs over TFTP; a server of thin
//   clients' programs that finds a screen gone: such clients cannot lose their power here.
// What that costs: a boot storm after a power cut is somewhat shorter than a real one.
import { type KernelTask, WHEN_LOST } from "@swaplab/kernel"
import { DownBy } from "@swaplab/lan"
import type { ServerConnection, ServerMachine } from "@swaplab/server-model"
import type { EventKind, Nanoseconds, Sleeps } from "@swaplab/sim"
import { asServerClient, bootMachine } from "./client-machine.ts"
import type { ClientPlace } from "./client-place.ts"
import { mountRoot } from "./client-root.ts"
import type { Client, ClientPower } from "./client.ts"
import { bootOver } from "./drop-sites.ts"
import { hogSeats } from "./hog.ts"
import { figuresOf, type MachineFigures } from "./machine-figures.ts"
import { machineLaws } from "./machine-laws.ts"
import { attachSwap } from "./nbd-device.ts"
import { boot, withCard } from "./network.ts"
import type { LawResult } from "./result.ts"
import { startLoads, startsAtBoot } from "./start-loads.ts"

/** sleep(1) between two attempts to connect. */
const RETRY_NS: Nanoseconds = 1_000_000_000

/** The power of one client. */
export class Power implements ClientPower {
  on = true
  booted = true
  boots = 1
  before: MachineFigures | null = null
  readonly laws: Array<LawResult> = []
  readonly onLoss: Array<() => void> = []
  onBoot: () => void = () => {}
  onStart: () => void = () => {}
  readonly #place: ClientPlace
  readonly #client: () => Client
  #nextSocket = 0
  /** It reboots by itself: the events of going down and of coming up, and whether they are still to come. */
  #reboot: { readonly down: EventKind; readonly up: EventKind } | null = null
  rebooting = false

  constructor(place: ClientPlace, client: () => Client) {
    this.#place = place
    this.#client = client
  }

  unplug(): number {
    this.rebooting = false
    return this.on ? this.#off() : 0
  }

  plugIn(): void {
    if (!this.on) this.#turnOn()
  }

  #off(): number {
    const client = this.#client()
    const { connection, down, loads, machine, senders, sockets, station, up } = client
    const processes = machine.userTasks.filter((task) => !task.finished && !task.daemon).length
    this.laws.push(
      ...machineLaws(machine).map((law) => ({
        ...law,
        subject: `${law.subject}, boot ${this.boots}`
      }))
    )
    this.before = figuresOf(client)
    this.on = false
    this.booted = false
    this.#nextSocket = machine.net.nextSocket
    this.#place.sim.halt(machine.group, loads.flatMap((load) => load.powerLost()))
    for (const link of [up, down]) link.setUp(false, DownBy.Power)
    bootOver(station)
    for (const at of [connection.swap, connection.root]) at?.clientGone()
    for (const end of senders.splice(0)) end()
    sockets.length = 0
    for (const told of this.onLoss) told()
    return processes
  }

  #turnOn(): void {
    const client = this.#client()
    const { connection, down, seat, spec, station, up } = client
    const machine = bootMachine(this.#place, seat, this.#nextSocket)
    this.on = true
    this.boots++
    client.machine = machine
    connection.machine = machine
    client.hogs = hogSeats(seat)
    boot(station, withCard(machine))
    for (const link of [up, down]) link.setUp(true, DownBy.Power)
    for (const load of client.loads) load.client = machine
    const asClient = asServerClient(machine, spec)
    for (const at of [connection.swap, connection.root]) if (at !== null) at.client = asClient
    this.onBoot()
    const init = machine.task("init")
    init.daemon = true
    machine.cpus.start(init, () => this.#connect(init))
  }

  /** nbd-client has lost a connection: a client that Puavo watches reboots. */
  connectionLost(): void {
    const { spec: { group } } = this.#client()
    if (!WHEN_LOST[group.nbd.whenLost].reboots || this.rebooting) return
    const { queue } = this.#place.sim
    this.#reboot ??= {
      down: queue.register(() => {
        if (!this.rebooting || !this.on) return
        this.#off()
        if (this.#reboot !== null) queue.after(group.nbd.rebootTime, this.#reboot.up, this.boots)
      }, { name: "power off", retry: true }),
      // by the number of its boots: somebody may have pulled the plug and put it back meanwhile
      up: queue.register((boots) => {
        if (!this.rebooting || this.on || this.boots !== boots) return
        this.rebooting = false
        this.#turnOn()
      }, { name: "boot", retry: true })
    }
    this.rebooting = true
    queue.after(0, this.#reboot.down, 0)
  }

  /** init of a diskless client: its root, its swap, then its workload. */
  *#connect(task: KernelTask): Sleeps<void> {
    const client = this.#client()
    const { connection, servers, spec: { group } } = client
    if (group.root !== undefined) {
      const server = connection.root === null ? null : servers[servers.length - 1]
      if (connection.root !== null && server !== null) yield* this.#dial(task, server.machine, connection.root)
      mountRoot(this.#place, connection, group, group.root, server)
    }
    const [{ machine: server }] = servers
    yield* this.#dial(task, server, connection.swap)
    attachSwap(connection, server, group.nbd)
    this.booted = true
    for (const load of client.loads) if (startsAtBoot(load)) load.start()
    if (this.#place.sim.now < client.startNs) return
    startLoads(client)
    this.onStart()
  }

  *#dial(task: KernelTask, server: ServerMachine, connection: ServerConnection): Sleeps<void> {
    while ((yield* server.dial(task, connection)) !== 0) yield* task.hold(RETRY_NS)
  }
}
