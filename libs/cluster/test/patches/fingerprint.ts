// The fingerprint of a whole small run: equal exactly if every event is.
import { runCluster } from "@swaplab/cluster"
import { scenario, SMALL } from "../clusters.ts"
import type { Allocator } from "./rig.ts"

/** A client of 16 MiB writes 48 MiB of memory and swaps over NBD. */
export const fingerprint = (allocator: Allocator, kernel: string): string => {
  const of = scenario([{ ...SMALL, cpus: 1 }], { kernels: { k: { allocator, base: kernel } }, duration: "20 s" })
  const result = runCluster(of, "k", 1)
  if (result.clients[0].swapOutBytes === 0) throw new Error("the run did not swap")
  return result.fingerprint
}
