// The machine of a client: made at the start of the run, and again at each boot.
import { Machine } from "@swaplab/kernel"
import type { Wire } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { ServerClient } from "@swaplab/server-model"
import { moderationOf } from "../scenario/cards.ts"
import { type ClientSpec, kernelOf } from "../scenario/clients.ts"
import { swapExtrasOf } from "../scenario/compressed-swap.ts"
import type { Load } from "../scenario/loads.ts"
import { numaOf } from "../scenario/numa.ts"
import { addressSpaces, type ClientPlace, costsOf } from "./client-place.ts"

/** What stays of a client from boot to boot. */
export interface ClientSeat {
  readonly spec: ClientSpec
  /** Its number in the cluster, and its address. */
  readonly index: number
  readonly host: number
  readonly wire: Wire
  readonly loads: ReadonlyArray<Load>
  /** Pages of the processes that faults start on it. */
  readonly hogs: ReadonlyArray<number>
}

/** Boots the machine. `firstSocket`: above the numbers of all sockets of before. */
export const bootMachine = (
  { packets, scenario, sim }: ClientPlace,
  { hogs, host, index, loads, spec: { group, kernel, name }, wire }: ClientSeat,
  firstSocket: number
): Machine =>
  new Machine(sim, {
    name,
    index,
    host,
    kernel: kernelOf(scenario, kernel),
    ramBytes: group.ram,
    ...(group.zones !== undefined && { presentPages: group.zones }),
    cpus: group.cpus,
    ...numaOf(group),
    thp: group.thp,
    minFreeKbytes: group.minFree === "auto" ? null : Math.floor(group.minFree / 1024),
    pageCachePages: Math.floor(group.pageCache * group.ram / PAGE_SIZE),
    swapSlots: Math.floor(group.swap / PAGE_SIZE),
    swapExtras: swapExtrasOf(group, scenario.costs),
    nrRequests: group.nbd.nrRequests,
    nic: {
      driver: group.nic.driver,
      rxRing: group.nic.rxRing,
      txRing: group.nic.txRing,
      txQueue: group.nic.txQueue,
      interruptGapNs: group.nic.interruptModeration,
      coalesce: moderationOf(group.nic, group.nic.driver, group.link),
      ethtool: group.nic.ethtool
    },
    ...addressSpaces(loads, hogs),
    costs: costsOf(scenario.costs),
    sysctls: group.sysctl,
    firstSocket
  }, { packets, wire })

/** The client as its servers see it. */
export const asServerClient = (machine: Machine, { name }: ClientSpec): ServerClient => ({
  name,
  net: machine.net,
  bufferPages: machine.pages.presentPages
})
