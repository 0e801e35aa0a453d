// How much memory a workload maps: a multiple of the client's RAM, or a size.
import { formatQuantity, SIZE, Size } from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { ParseResult, Schema } from "effect"

const TIMES_RAM = /^(\d{1,6}(?:\.\d{1,3})?)x RAM$/

const MemorySizeValue = Schema.Union(
  Schema.Struct({ timesRam: Schema.Number }),
  Schema.Struct({ bytes: Schema.Number })
)

/** A multiple of the client's RAM, or a size in bytes. */
export type MemorySize = Schema.Schema.Type<typeof MemorySizeValue>

const WORDS = "a size such as 256 MiB, or a multiple of RAM such as 4x RAM"

export const MemorySize: Schema.Schema<MemorySize, string> = Schema.transformOrFail(
  Schema.String.annotations({ jsonSchema: { type: "string", description: WORDS } }),
  MemorySizeValue,
  {
    strict: true,
    decode: (value, _options, ast) => {
      const times = TIMES_RAM.exec(value)
      if (times !== null && Number(times[1]) > 0) return ParseResult.succeed({ timesRam: Number(times[1]) })
      const bytes = ParseResult.decodeUnknownOption(Size)(value)
      return bytes._tag === "Some" && bytes.value >= PAGE_SIZE
        ? ParseResult.succeed({ bytes: bytes.value })
        : ParseResult.fail(new ParseResult.Type(ast, value))
    },
    encode: (value) =>
      "timesRam" in value ? ParseResult.succeed(`${value.timesRam}x RAM`) : ParseResult.encode(Size)(value.bytes)
  }
).annotations({ identifier: "WorkloadSize", title: WORDS })

/** Bytes on a client with so much RAM. */
export const bytesOf = (size: MemorySize, ramBytes: number): number =>
  "bytes" in size ? size.bytes : Math.round(size.timesRam * ramBytes)

/** As a file has it. */
export const formatMemorySize = (size: MemorySize): string =>
  "bytes" in size ? formatQuantity(SIZE, size.bytes) : `${size.timesRam}x RAM`
