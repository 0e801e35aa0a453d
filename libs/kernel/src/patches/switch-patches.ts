// Patches exchanged while a machine runs, as live patching would: from this instant on every function is the other one,
// and all state stays as the functions before have left it.
// What that means for state that a patch keeps: the nbd connection under way becomes a memalloc socket at once (Linux does
// it when the connection is made, and doing it later is the same call); slabs and packets that exist keep the mark they
// have or have not; a call into the socket, or an allocation, that is under way ends with the rights it began with.
// Not exchanged, because they are settled at boot: the lines of /proc/vmstat, and the patches of `SETTLED_AT_BOOT`.
import type { Machine } from "../machine.ts"
import type { KernelSpec } from "./kernel-spec.ts"
import type { PatchName } from "./patches.ts"
import {
  nbdSwitches,
  netSwitches,
  pageAllocSwitches,
  readaheadPlug,
  reserveSwitches,
  vmscanSwitches
} from "./switches.ts"

/** Patches that only a boot can exchange, with the reason. */
export const SETTLED_AT_BOOT: Readonly<Partial<Record<PatchName, string>>> = {
  "slub-min-partial": "SLUB is told when it is built",
  "netdev-kmalloc": "the card's driver has its buffers"
}

/** Switches patches of a running machine on or off; those that are not named stay as they are. */
export const switchPatches = (machine: Machine, patches: NonNullable<KernelSpec["patches"]>): void => {
  const kernel: KernelSpec = { ...machine.kernel, patches: { ...machine.kernel.patches, ...patches } }
  machine.kernel = kernel
  machine.pages.switches = pageAllocSwitches(kernel)
  machine.objects.setSwitches(reserveSwitches(kernel))
  machine.vmscan.setSwitches(vmscanSwitches(kernel))
  machine.net.switches = netSwitches(kernel)
  machine.swap.readahead.plug = readaheadPlug(kernel)
  machine.nbd?.setSwitches(nbdSwitches(kernel))
  machine.rootNbd?.device.setSwitches(nbdSwitches(kernel))
}
