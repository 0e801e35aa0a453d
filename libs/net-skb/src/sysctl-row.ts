// What a row of a table of sysctls says, and the types that follow from it. Values are in Linux's own units, as in /proc/sys.

/** Minimum, default and maximum, as tcp_mem, tcp_rmem and tcp_wmem have them. */
type Triple = readonly [number, number, number]

interface Row {
  /** What the value counts; empty for a switch or a name. */
  readonly unit: string
  /** What it does, and what its default is where that depends. */
  readonly meaning: string
  /** Where the kernel has it. */
  readonly source: string
}

/** A whole number in a range. Null: its default follows from the size of memory. */
interface WholeSysctl extends Row {
  readonly kind: "whole"
  readonly min: number
  readonly max: number
  readonly standard: number | null
}

/** Three whole numbers, none smaller than the one before. Without them: what follows from the size of memory. */
interface TripleSysctl extends Row {
  readonly kind: "triple"
  readonly min: number
  readonly max: number
  readonly standard: null
}

/** One of a few names. */
interface NameSysctl extends Row {
  readonly kind: "name"
  readonly names: ReadonlyArray<string>
  readonly standard: string
}

/** A row of a table of sysctls. */
export type SysctlRow = WholeSysctl | TripleSysctl | NameSysctl

type ValueOf<R> = R extends { readonly kind: "name"; readonly names: ReadonlyArray<infer N> } ? N
  : R extends { readonly kind: "triple" } ? Triple | null
  : R extends { readonly standard: null } ? number | null
  : number

/** A value for each row of a table. */
export type SysctlValues<T extends Readonly<Record<string, SysctlRow>>> = { readonly [K in keyof T]: ValueOf<T[K]> }

/** Every default of a table. */
export const standardsOf = <T extends Readonly<Record<string, SysctlRow>>>(table: T): SysctlValues<T> =>
  Object.fromEntries(Object.entries(table).map(([name, { standard }]) => [name, standard])) as SysctlValues<T>
