// A boot: the first part of the root image is read piece by piece, with CPU time between the pieces.
// Modelled: how much is read, in pieces of files in a scattered order, and the CPU time. Both are assumed.
// Not modelled: firmware, PXE, kernel and initramfs over TFTP; services that start side by side.
import type { KernelTask } from "@swaplab/kernel"
import { type Process, type Random, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { WorkloadHost } from "../plug-in/host.ts"

/** Pages of a piece: 96 KiB, about what X server and desktop read at a time when they start cold (measured: 46 to 85 KiB). */
const PIECE = 24

type Booting = Pick<WorkloadHost, "client" | "daemon" | "random">

function* read(host: Booting, task: KernelTask, pages: number, cpuNs: number, chance: Random): Sleeps<void> {
  const { root } = host.client
  root?.addFile(0, pages)
  const pieces = Math.ceil(pages / PIECE)
  // every piece once: a step that has no factor in common with their number
  let step = 1 + chance.below(pieces)
  while (gcd(step, pieces) > 1) step++
  for (let i = 0, piece = 0; i < pieces; i++, piece = (piece + step) % pieces) {
    if (root !== null) yield* root.read(task, piece * PIECE, Math.min(pages, (piece + 1) * PIECE))
    task.user(cpuNs / pieces)
    yield* task.settle()
  }
}

const gcd = (a: number, b: number): number => b === 0 ? a : gcd(b, a % b)

/** Boots, and lets `person` wait for it. */
export function* boot(
  host: Booting,
  person: Process,
  pages: number,
  cpuNs: number
): Sleeps<void> {
  const booted = new WaitQueue(host.client.sim, `${host.client.name} boot`, "init has started everything")
  let done = false
  host.daemon("init", function*(task) {
    yield* read(host, task, pages, cpuNs, host.random("boot"))
    done = true
    booted.wakeAll()
  })
  while (!done) yield* booted.sleep(person, "interruptible")
}
