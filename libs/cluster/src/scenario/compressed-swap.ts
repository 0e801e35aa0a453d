// What a client group swaps to beside its export on the server: compressed memory, and encryption on the way.
import {
  assumed,
  field,
  formatQuantity,
  maybe,
  Percentage,
  plural,
  SHARE,
  SIZE,
  Size,
  TIME,
  Time,
  whole,
  within
} from "@swaplab/config"
import type { CompressionSpec, SwapExtras, SwapSizes } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { ParseResult, Schema } from "effect"
import { US } from "./fields.ts"

const WORDS = "a share of RAM from 0 % to 100 %, such as 50 %, or a size such as 256 MiB"

const RamSizeValue = Schema.Union(
  Schema.Struct({ share: Schema.Number }),
  Schema.Struct({ bytes: Schema.Number })
)
type RamSize = Schema.Schema.Type<typeof RamSizeValue>

/** A share of the client's RAM, or a size in bytes. */
const RamSize: Schema.Schema<RamSize, string> = Schema.transformOrFail(
  Schema.String.annotations({ jsonSchema: { type: "string", description: WORDS } }),
  RamSizeValue,
  {
    strict: true,
    decode: (value, _options, ast) => {
      const share = ParseResult.decodeUnknownOption(Percentage)(value)
      if (share._tag === "Some") return ParseResult.succeed({ share: share.value })
      const bytes = ParseResult.decodeUnknownOption(Size)(value)
      return bytes._tag === "Some"
        ? ParseResult.succeed({ bytes: bytes.value })
        : ParseResult.fail(new ParseResult.Type(ast, value))
    },
    encode: (value) =>
      "share" in value ? ParseResult.encode(Percentage)(value.share) : ParseResult.encode(Size)(value.bytes)
  }
).annotations({ identifier: "RamSize", title: WORDS })

/** A time of at most a second: what a page costs. */
const perPage = within(Time, TIME, { max: 1e9 })

const Ratio = Schema.Number.pipe(
  Schema.filter((value) => value > 1 && value <= 1000, {
    title: "a number above 1, at most 1000",
    jsonSchema: { type: "number", exclusiveMinimum: 1, maximum: 1000 }
  })
)

const compression = {
  ratio: field(
    Ratio,
    2.75,
    "Size of a page to its compressed size, on average. Assumed: 2.5 to 3 are usually quoted for desktops.",
    assumed(2, 3.5)
  ),
  spread: field(
    Percentage,
    0.4,
    "Standard deviation of the compressed size, as a share of its mean. Assumed: no source was found.",
    assumed(0.2, 0.6)
  ),
  zeroPages: field(
    Percentage,
    0,
    "Pages that contain only zeros. Assumed: none, since the programs here write every page that they touch.",
    assumed(0, 0.1)
  ),
  compress: field(
    perPage,
    10 * US,
    "CPU time to compress a page. Assumed: the lzo of 2012 at 400 MB/s on one core.",
    assumed(5 * US, 20 * US)
  ),
  decompress: field(
    perPage,
    5 * US,
    "CPU time to decompress a page. Assumed: twice as fast as to compress one.",
    assumed(2500, 10 * US)
  )
}

const ZramConfig = Schema.Struct({
  size: field(
    RamSize,
    { share: 0.5 },
    "Size of all devices together, before compression: a share of RAM, or a size. Puavo takes half of RAM."
  ),
  devices: maybe(whole(1, 32), "Devices; pages go to them in turn. Without it: one for each CPU, as Puavo has it."),
  priority: field(
    whole(0, 32_767),
    5,
    "Priority of swapon. The export on the server has −1: it is used when all devices are full. Puavo has 5."
  ),
  ...compression
})

const ZswapConfig = Schema.Struct({
  maxPool: field(
    Percentage,
    0.2,
    "Most that the pool may take, as a share of RAM (max_pool_percent). 20 % is Linux's default."
  ),
  ...compression
})

/** The keys of a client group. */
export const compressedSwapFields = {
  zram: maybe(
    ZramConfig,
    "Swap areas in compressed memory of the client (drivers/staging/zram), used before its export on the server. Without it: none. "
      + "LTSP has no variable for it; Puavo switches it on for fat clients."
  ),
  zswap: maybe(
    ZswapConfig,
    "A compressed pool in memory of the client, in front of its export on the server. Younger than the kernels here: Linux 3.11. "
      + "Without it: none."
  ),
  encryptSwap: field(
    Schema.Boolean.annotations({ title: "true or false" }),
    false,
    "Encrypts what goes to the server (dm-crypt). LTSP5 does, where cryptsetup is in its image (ENCRYPT_SWAP)."
  )
}

/** CPU time of encryption, a key of costs. */
export const cryptCostFields = {
  encryptPage: field(
    perPage,
    40 * US,
    "Encrypting a page (encryptSwap). Assumed: aes-cbc-essiv at 100 MB/s, on a core without AES instructions.",
    assumed(20 * US, 80 * US)
  ),
  decryptPage: field(perPage, 40 * US, "Decrypting a page. Assumed like encryptPage.", assumed(20 * US, 80 * US))
}

/** What these functions look at in a client group. */
export interface CompressedSwap {
  readonly ram: number
  readonly cpus: number
  readonly swap: number
  readonly zram?: Schema.Schema.Type<typeof ZramConfig> | undefined
  readonly zswap?: Schema.Schema.Type<typeof ZswapConfig> | undefined
  readonly encryptSwap: boolean
}

/** Devices of zram, and whole pages of each. */
export const zramDevices = (
  { cpus, ram, zram }: CompressedSwap
): { readonly devices: number; readonly slots: number } => {
  if (zram === undefined) return { devices: 0, slots: 0 }
  const bytes = "share" in zram.size ? zram.size.share * ram : zram.size.bytes
  const devices = zram.devices ?? cpus
  return { devices, slots: Math.floor(bytes / devices / PAGE_SIZE) }
}

/** Anything but plain swap over NBD. */
export const hasSwapLayers = ({ encryptSwap, zram, zswap }: CompressedSwap): boolean =>
  encryptSwap || zram !== undefined || zswap !== undefined

/** Bytes of pages that a client can swap out: to its export and to zram. */
export const swapRoom = (group: CompressedSwap): number => {
  const { devices, slots } = zramDevices(group)
  return group.swap + devices * slots * PAGE_SIZE
}

/** What a report says of it, in phrases: `16 MiB of zram on 2 devices`, `zswap of 20 % of RAM`, `encrypted`. */
export const describeSwapLayers = (group: CompressedSwap): ReadonlyArray<string> => {
  const { encryptSwap, zram, zswap } = group
  const { devices, slots } = zramDevices(group)
  const size = formatQuantity(SIZE, devices * slots * PAGE_SIZE)
  return [
    ...(encryptSwap ? ["encrypted"] : []),
    ...(zram === undefined ? [] : [`${size} of zram on ${plural(devices, "device")}`]),
    ...(zswap === undefined ? [] : [`zswap of ${formatQuantity(SHARE, zswap.maxPool)} of RAM`])
  ]
}

const compressionOf = (of: {
  readonly ratio: number
  readonly spread: number
  readonly zeroPages: number
  readonly compress: number
  readonly decompress: number
}): CompressionSpec => ({
  ratio: of.ratio,
  spread: of.spread,
  zeroPages: of.zeroPages,
  compressNs: of.compress,
  decompressNs: of.decompress
})

/** The same in terms of the kernel. */
export const swapExtrasOf = (
  group: CompressedSwap,
  { decryptPage, encryptPage }: { readonly encryptPage: number; readonly decryptPage: number }
): SwapExtras => {
  const { encryptSwap, zram, zswap } = group
  return {
    ...(zram !== undefined &&
      { zram: { ...compressionOf(zram), ...zramDevices(group), priority: zram.priority } }),
    ...(zswap !== undefined && { zswap: { ...compressionOf(zswap), maxPool: zswap.maxPool } }),
    ...(encryptSwap && { crypt: { encryptNs: encryptPage, decryptNs: decryptPage } })
  }
}

/** What of it decides how much is taken at boot. */
export const swapSizesOf = (group: CompressedSwap): SwapSizes => ({
  ...(group.zram !== undefined && { zram: zramDevices(group) }),
  ...(group.zswap !== undefined && { zswap: group.zswap })
})

/** Least of an area: its header and a page. */
export const SMALLEST_AREA = 2 * PAGE_SIZE
