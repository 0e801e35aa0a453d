// Distributions of a parameter of a sweep: `--y clients.0.cpus=uniform(1, 4)`. Each run draws a value of its own from a
// stream that is named by the path, so that run n has the same value at every field of the grid and in every sweep of that
// path: differences between fields are then paired. It asks how sure a result is when a parameter is not known well.
import {
  type ConfigError,
  formatQuantity,
  mistake,
  parsePath,
  parseQuantity,
  SIZE,
  type UnitKind
} from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { exp, log, Random } from "@swaplab/sim"
import { Either } from "effect"
import { kindOf } from "../range.ts"

/** One distribution: what its parameters are, what is wrong with some, and how a value is drawn. */
interface DrawRow {
  readonly parameters: ReadonlyArray<string>
  readonly meaning: string
  readonly example: string
  readonly mistake: (values: ReadonlyArray<number>) => string | null
  readonly draw: (random: Random, values: ReadonlyArray<number>) => number
  /** The same of whole numbers, where rounding would make the ends half as likely. */
  readonly drawWhole?: (random: Random, values: ReadonlyArray<number>) => number
}

const ordered = (values: ReadonlyArray<number>): string | null =>
  values.every((value, i) => i === 0 || value >= values[i - 1])
    ? null
    : "its parameters go down, expected them to go up"

/** Every distribution by its name. */
const DRAWS = {
  uniform: {
    parameters: ["from", "to"],
    meaning: "all values between the two are equally likely",
    example: "uniform(1, 4)",
    mistake: ordered,
    draw: (random, [from, to]) => from + random.unit() * (to - from),
    drawWhole: (random, [from, to]) => from + random.below(to - from + 1)
  },
  loguniform: {
    parameters: ["from", "to"],
    meaning: "the same on a logarithmic axis: as often between 1 and 10 as between 10 and 100",
    example: "loguniform(1 ms, 100 ms)",
    mistake: (values) => values[0] === 0 ? "a logarithm cannot start at 0" : ordered(values),
    draw: (random, [from, to]) => from * exp(random.unit() * log(to / from))
  },
  triangular: {
    parameters: ["from", "mode", "to"],
    meaning: "most likely at the mode, never outside the ends",
    example: "triangular(100 Mbit, 1 Gbit, 1 Gbit)",
    mistake: ordered,
    draw: (random, [from, mode, to]) => {
      const u = random.unit()
      const range = to - from
      if (range === 0) return from
      return u < (mode - from) / range
        ? from + Math.sqrt(u * range * (mode - from))
        : to - Math.sqrt((1 - u) * range * (to - mode))
    }
  },
  normal: {
    parameters: ["mean", "sd"],
    meaning: "the normal distribution; a negative value is drawn again",
    example: "normal(20 us, 5 us)",
    mistake: () => null,
    draw: (random, [mean, sd]) => {
      // the mean is not negative, so every second draw at least is none
      for (;;) {
        const value = mean + sd * random.normal()
        if (value >= 0) return value
      }
    }
  }
} as const satisfies Record<string, DrawRow>

type DrawName = keyof typeof DRAWS

/** A path whose value every run draws for itself. */
export interface DrawnAxis {
  readonly path: string
  /** As it was typed: `uniform(1, 4)`. */
  readonly text: string
  readonly name: DrawName
  /** In base units. */
  readonly parameters: ReadonlyArray<number>
  /** Null: plain numbers. */
  readonly kind: UnitKind | null
  /** Whether values are whole numbers: where all parameters are. */
  readonly whole: boolean
}

const CALL = /^([a-z]+)\(([^)]*)\)$/
const NUMBER = /^(\d+(?:\.\d+)?) ?([A-Za-zµ%/]*)$/

const isDraw = (name: string): name is DrawName => Object.hasOwn(DRAWS, name)

const examples = (): string => Object.values(DRAWS).map(({ example }) => example).join(", ")

/** Whether a range is meant to be a distribution. */
export const looksDrawn = (range: string): boolean => CALL.test(range.trim())

/** Reads `path=distribution`; `flag` is for messages. */
export const parseDrawn = (flag: string, text: string): Either.Either<DrawnAxis, ConfigError> => {
  const fail = (reason: string) => Either.left(mistake(`${flag} ${text}`, reason))
  const equals = text.indexOf("=")
  const path = text.slice(0, Math.max(0, equals)).trim()
  const range = text.slice(equals + 1).trim()
  const [, name = "", inner = ""] = CALL.exec(range) ?? []
  if (parsePath(path) === null || !isDraw(name)) return fail(`expected PATH= and a distribution such as ${examples()}`)
  const row: DrawRow = DRAWS[name]
  const parts = inner.split(",").map((part) => NUMBER.exec(part.trim()))
  if (parts.length !== row.parameters.length || parts.includes(null)) {
    return fail(`expected ${name}(${row.parameters.join(", ")}), such as ${row.example}`)
  }
  const read = parts.flatMap((part) => (part === null ? [] : [{ number: part[1], unit: part[2] }]))
  const unit = read.findLast((part) => part.unit !== "")?.unit
  const kind = unit === undefined ? null : kindOf(unit)
  if (kind === undefined) return fail(`${unit} is no unit`)
  const parameters = read.map((part) =>
    kind === null ? Number(part.number) : parseQuantity(kind, `${part.number} ${part.unit === "" ? unit : part.unit}`)
  )
  const known = parameters.filter((value) => value !== null)
  if (known.length < parameters.length) return fail(`expected parameters such as ${kind?.expected}`)
  const wrong = row.mistake(known)
  if (wrong !== null) return fail(wrong)
  const whole = kind === null && read.every(({ number }) => !number.includes("."))
  return Either.right({ path, text: range, name, parameters: known, kind, whole })
}

/** The value of a run as a file has it: whole numbers stay whole, sizes are whole pages where all parameters are. */
export const drawnValue = ({ kind, name, parameters, path, whole }: DrawnAxis, seed: number): string | number => {
  const row: DrawRow = DRAWS[name]
  const draw = whole ? row.drawWhole ?? row.draw : row.draw
  const value = draw(new Random(seed, "sweep", path), parameters)
  if (kind === null) return whole ? Math.round(value) : Number(value.toPrecision(6))
  const pages = kind === SIZE && parameters.every((parameter) => parameter % PAGE_SIZE === 0)
  const rounded = pages
    ? Math.round(value / PAGE_SIZE) * PAGE_SIZE
    : kind.whole
    ? Math.round(value)
    : Number(value.toPrecision(6))
  return formatQuantity(kind, rounded)
}
