// Options of reclaim: switches of the patch set, sysctls, and what scanning costs in CPU time.

/** Each switch is one change of the swap-over-network series; all off is v3.5. */
export interface VmscanSwitches {
  /** Patch 15: tasks about to enter direct reclaim wait while half of the min reserve is gone. */
  readonly throttle: boolean
  /** Patch 15, later part: kswapd wakes throttled tasks before it sleeps, and stays awake while there are any. */
  readonly kswapdWakesThrottled: boolean
  /** Patch 15, later part: a task without __GFP_FS is throttled for a second at most. */
  readonly throttleBounded: boolean
  /** Patch 16: throttled calls are counted in pgscan_direct_throttle. */
  readonly throttleCounter: boolean
  /** Reclaim that meets a page under writeback marks it to be rotated when the write ends (3.6, outside the series). */
  readonly writebackMarksReclaim: boolean
  /** Reclaim collects dirty swap pages and writes them when it is done, without PF_MEMALLOC (proposed in August 2007). */
  readonly pageoutList: boolean
}

/** CPU time in nanoseconds, added to `Context.ns`. No source gives these; they only decide how busy a CPU looks. */
export interface VmscanCosts {
  /** Isolate a page, look at its references and put it back or free it. */
  readonly scanPageNs: number
  /** try_to_unmap of one page. */
  readonly unmapPageNs: number
  /** add_to_swap and pageout of one page, without the network. */
  readonly swapOutPageNs: number
  /** One pass over the zones at one priority, even if nothing is scanned: lets time go on where a loop finds nothing. */
  readonly passNs: number
  /** Waking one throttled task. */
  readonly wakeNs: number
}

export interface VmscanOptions {
  readonly switches?: Partial<VmscanSwitches>
  readonly costs?: Partial<VmscanCosts>
  /** /proc/sys/vm/swappiness; 60 by default. */
  readonly swappiness?: number
  /** The machine that tracepoints report (Sim.group). */
  readonly group?: number
}

export const DEFAULT_SWITCHES: VmscanSwitches = {
  throttle: false,
  kswapdWakesThrottled: false,
  throttleBounded: false,
  throttleCounter: false,
  writebackMarksReclaim: false,
  pageoutList: false
}

export const DEFAULT_COSTS: VmscanCosts = {
  scanPageNs: 200,
  unmapPageNs: 500,
  swapOutPageNs: 1000,
  passNs: 1000,
  wakeNs: 1500
}
