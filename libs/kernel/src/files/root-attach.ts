// Mounting the root image of a client: its queue, its device, its page cache.
import type { BlockQueue } from "@swaplab/blk"
import type { NbdDevice } from "@swaplab/nbd-driver"
import type { PageAllocator } from "@swaplab/page-alloc"
import type { Sim } from "@swaplab/sim"
import type { Swap } from "@swaplab/swap"
import type { Vmscan } from "@swaplab/vmscan"
import { type DiskMemory, diskQueue, nbdQueueLimits } from "../boot.ts"
import type { Costs } from "../costs.ts"
import type { MachineSpec } from "../machine-spec.ts"
import type { Mm } from "../mm/mm.ts"
import { attachNbd, type NbdAttachment, type NbdHost } from "../nbd-attach.ts"
import { NBD_CLIENT_DEFAULT, type NbdClientOptions } from "../nbd-client.ts"
import { DiskDriver } from "./disk-driver.ts"
import { LocalDisk, type LocalDiskOptions } from "./local-disk.ts"
import { RootImage } from "./root-image.ts"
import type { RootSpec } from "./root-spec.ts"

/** Where a root image lies. */
export type RootConnection =
  /** On a server: makes the device of the queue and connects it. Its name is that of the queue, nbd1. */
  | { readonly kind: "nbd"; readonly connect: (queue: BlockQueue) => NbdDevice; readonly client?: NbdClientOptions }
  /** On a disk of the client. */
  | { readonly kind: "disk"; readonly disk: LocalDiskOptions }

/** The pieces that a root image is mounted with. */
export interface RootHost extends NbdHost, DiskMemory {
  readonly sim: Sim
  readonly group: number
  readonly spec: Pick<MachineSpec, "nrRequests">
  readonly pages: PageAllocator
  readonly vmscan: Vmscan
  readonly swap: Swap
  readonly mm: Mm
  readonly costs: Costs
  readonly onMajorFault: (ns: number) => void
  readonly log: (message: string) => void
  corrupted(who: { readonly name: string }, message: string, of: "image"): void
}

/** A mounted image, and the NBD device that it lies on. */
export interface MountedRoot {
  readonly image: RootImage
  readonly nbd: NbdAttachment | null
}

/** Mounts an image. */
export const attachRoot = (host: RootHost, spec: RootSpec, connection: RootConnection): MountedRoot => {
  const { costs, cpus, group, mm, pages, sim, swap, vmscan } = host
  const queue = connection.kind === "nbd" ? diskQueue(host, "nbd1", nbdQueueLimits(host.spec)) : diskQueue(host, "sda")
  const image = new RootImage(
    {
      sim,
      pages,
      vmscan,
      locks: swap.locks,
      preloads: swap.nodes.preloads,
      costs,
      firstMapping: mm.tables.entries.length,
      log: host.log,
      corrupted: (message) => host.corrupted(queue, message, "image"),
      onMajorFault: (ns) => host.onMajorFault(ns)
    },
    spec,
    queue
  )
  if (connection.kind === "disk") {
    const disk = new LocalDisk(sim, group, connection.disk)
    queue.driver = new DiskDriver(disk, cpus, pages.frames, spec.tokenWriter)
    return { image, nbd: null }
  }
  const device = connection.connect(queue)
  return { image, nbd: attachNbd(host, device, `nbd-client ${device.name}`, connection.client ?? NBD_CLIENT_DEFAULT) }
}
