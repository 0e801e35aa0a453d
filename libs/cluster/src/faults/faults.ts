// Every kind of fault by its name: what a scenario can make happen. The schema, the rules, the reference, the report and the
// script loop over this table.
import { down, flap, latency, pauseStorm, rate, switchBuffer } from "./cable-faults.ts"
import { serverStealCpu, stealCpu } from "./cpu-faults.ts"
import { diskFull, errors, slowDisk } from "./disk-faults.ts"
import type { FaultKind } from "./fault-kind.ts"
import { flood, hog } from "./hog-faults.ts"
import { burstLoss, duplicate, loss, reorder } from "./impairment-faults.ts"
import { patch, sysctl } from "./kernel-faults.ts"
import { failPageAlloc, failslab } from "./memory-faults.ts"
import { clientPowerOff, crash } from "./power-faults.ts"
import { pause, restart, serverPowerOff, stop } from "./server-faults.ts"

export const FAULTS = {
  restart,
  stop,
  pause,
  "server-power-off": serverPowerOff,
  "slow-disk": slowDisk,
  "disk-full": diskFull,
  errors,
  "server-steal-cpu": serverStealCpu,
  down,
  flap,
  rate,
  latency,
  loss,
  "burst-loss": burstLoss,
  reorder,
  duplicate,
  "pause-storm": pauseStorm,
  "switch-buffer": switchBuffer,
  "steal-cpu": stealCpu,
  "power-off": clientPowerOff,
  crash,
  hog,
  flood,
  failslab,
  fail_page_alloc: failPageAlloc,
  sysctl,
  patch
} as const satisfies Record<string, unknown>

/** The name of a kind of fault: `what` in a scenario. */
export type FaultName = keyof typeof FAULTS

/** Whether a text is the name of a kind of fault. */
const isFaultName = (name: string): name is FaultName => Object.hasOwn(FAULTS, name)

export const FAULT_NAMES: ReadonlyArray<FaultName> = Object.keys(FAULTS).filter(isFaultName)

/** The row of a name. Its options are those that were decoded for it. */
export const faultNamed = (name: FaultName): FaultKind => FAULTS[name] as unknown as FaultKind
