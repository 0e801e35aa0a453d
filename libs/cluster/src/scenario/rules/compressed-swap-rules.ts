// Rules and advice about the swap areas of a client group.
import { forEach, formatQuantity, mismatch, plural, type Rule, rulesOf, SIZE } from "@swaplab/config"
import { MAX_SLOTS, swapSetupPages, swapSlotNumbers } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { SMALLEST_AREA, swapRoom, swapSizesOf, zramDevices } from "../compressed-swap.ts"
import type { ClientGroup } from "../machines.ts"
import type { Scenario } from "../scenario.ts"
import type { Advice, IdleRow } from "./advice.ts"
import { BOOT_SHARE, groupsOf, reserved } from "./group-rules.ts"

const size = (bytes: number): string => formatQuantity(SIZE, bytes)

const slotNumbers = (group: ClientGroup): number =>
  swapSlotNumbers(Math.floor(group.swap / PAGE_SIZE), swapSizesOf(group))

/** Bytes that swap takes at boot for itself, and the most that leaves room for the kernel and its page cache. */
const takenBySwap = (group: ClientGroup): number => swapSetupPages(swapSizesOf(group), group.cpus) * PAGE_SIZE
const roomForSwap = (group: ClientGroup): number =>
  Math.max(0, Math.floor((BOOT_SHARE - group.pageCache) * group.ram - reserved(group)))

// too many slots for page tables are told of already
const bootsWith = (group: ClientGroup): boolean =>
  slotNumbers(group) > MAX_SLOTS || takenBySwap(group) <= roomForSwap(group)

const tooMuch = (group: ClientGroup, found: string): string =>
  mismatch(
    `${found}, set up in ${size(takenBySwap(group))} of RAM`,
    `at most ${size(roomForSwap(group))} of RAM: the kernel and its page cache need the rest to boot`
  )

export const COMPRESSED_SWAP_RULES: ReadonlyArray<Rule<Scenario>> = forEach(
  groupsOf,
  rulesOf<ClientGroup>([
    {
      name: "a swap export has a header and a page",
      path: ["swap"],
      holds: ({ swap, zram }) => swap >= SMALLEST_AREA || (swap === 0 && zram !== undefined),
      words: ({ swap, zram }) =>
        mismatch(size(swap), `at least ${size(SMALLEST_AREA)}${zram === undefined ? ", or zram and 0 B" : ", or 0 B"}`)
    },
    {
      name: "a zram has a header and a page",
      path: ["zram", "size"],
      holds: (group) => group.zram === undefined || zramDevices(group).slots * PAGE_SIZE >= SMALLEST_AREA,
      words: (group) =>
        mismatch(
          size(zramDevices(group).slots * PAGE_SIZE),
          `at least ${size(SMALLEST_AREA)} for each of ${zramDevices(group).devices} devices`
        )
    },
    {
      name: "slots of a swap export fit page tables",
      path: ["swap"],
      holds: ({ swap }) => swap / PAGE_SIZE <= MAX_SLOTS,
      words: ({ swap }) => mismatch(size(swap), `at most ${size(MAX_SLOTS * PAGE_SIZE)}`)
    },
    {
      name: "slots of all areas fit page tables",
      path: ["zram", "size"],
      holds: (group) => group.zram === undefined || slotNumbers(group) <= MAX_SLOTS,
      words: (group) => mismatch(size(swapRoom(group)), `at most ${size(MAX_SLOTS * PAGE_SIZE)} of swap in all`)
    },
    {
      name: "zram leaves room to boot",
      path: ["zram", "size"],
      holds: (group) => group.zram === undefined || bootsWith(group),
      words: (group) => {
        const { devices, slots } = zramDevices(group)
        return tooMuch(group, `${size(devices * slots * PAGE_SIZE)} on ${plural(devices, "device")}`)
      }
    },
    {
      name: "zswap leaves room to boot",
      path: ["zswap"],
      holds: (group) => group.zswap === undefined || bootsWith(group),
      words: (group) => tooMuch(group, `compressors for ${plural(group.cpus, "CPU")}`)
    },
    {
      name: "zswap is not put before zram",
      path: ["zswap"],
      holds: ({ zram, zswap }) => zram === undefined || zswap === undefined,
      words: () =>
        "expected either zram or zswap: zswap stands before every swap area, so that zram would only get what does not compress"
    },
    {
      name: "zswap stands before a device",
      path: ["zswap"],
      holds: ({ swap, zswap }) => zswap === undefined || swap > 0,
      words: () => "expected a swap export (swap), which zswap writes back to"
    }
  ])
)

/** Settings that the others leave without effect. */
export const IDLE_COMPRESSED_SWAP: ReadonlyArray<IdleRow<ClientGroup>> = [
  {
    path: ["encryptSwap"],
    idle: ({ encryptSwap, swap }) => encryptSwap && swap === 0,
    reason: "swap is 0 B: nothing goes to the server"
  }
]

/** CPU costs of what no client does. */
export const IDLE_CRYPT_COSTS: ReadonlyArray<IdleRow<Scenario>> = ["encryptPage", "decryptPage"].map((key) => ({
  path: ["costs", key],
  idle: ({ clients }) => clients.every(({ encryptSwap }) => !encryptSwap),
  reason: "no client has encryptSwap"
}))

export const COMPRESSED_SWAP_ADVICE: Advice = {
  name: "a zram of more than twice RAM",
  of: ({ scenario }) =>
    groupsOf(scenario).flatMap(([at, group]) => {
      const { devices, slots } = zramDevices(group)
      const bytes = devices * slots * PAGE_SIZE
      return bytes <= 2 * group.ram ? [] : [{
        path: [...at, "zram", "size"],
        text: `${
          size(bytes)
        } is more than twice RAM: what it holds takes memory, too, so that it will not be full before RAM is`
      }]
    })
}
