// Sysctls of a machine in a scenario: a key for each row of the table, by its Linux name and in Linux's own unit.
import { choice, maybe, whole } from "@swaplab/config"
import { SYSCTLS, type Sysctls } from "@swaplab/kernel"
import type { SysctlRow } from "@swaplab/net-skb"
import { Schema } from "effect"

/** What may stand there. */
const valueOf = (row: SysctlRow): Schema.Schema<never> => {
  switch (row.kind) {
    case "name":
      return choice(...row.names) as unknown as Schema.Schema<never>
    case "whole":
      return whole(row.min, row.max) as unknown as Schema.Schema<never>
    case "triple": {
      const one = whole(row.min, row.max)
      return Schema.Tuple(one, one, one).pipe(
        Schema.filter(([least, standard, most]) => least <= standard && standard <= most, {
          title: `three whole numbers from ${row.min} to ${row.max}, none smaller than the one before`
        })
      ) as unknown as Schema.Schema<never>
    }
  }
}

/** What the reference says of it: meaning, unit, default where the meaning does not give it, and the place in the kernel. */
const wordsOf = (row: SysctlRow): string => {
  const { meaning, source, standard, unit } = row
  const measure = unit === "" ? "" : ` In ${unit}.`
  return `${meaning}${measure}${standard === null ? "" : ` Default: ${standard}.`} (${source})`
}

/** The mapping `sysctl`. What is not given has Linux's default. */
export const SysctlsConfig = Schema.Struct(
  Object.fromEntries(Object.entries<SysctlRow>(SYSCTLS).map(([name, row]) => [name, maybe(valueOf(row), wordsOf(row))]))
) as unknown as Schema.Schema<Sysctls>
