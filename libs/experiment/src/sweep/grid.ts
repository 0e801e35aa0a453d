// A grid: every combination of the values of some paths of a scenario. Maps of outcomes and sweeps are made on one.
import { type LoadedScenario, withOverrides } from "@swaplab/cluster"
import { type ConfigError, type Override, overrideOf, parsePath } from "@swaplab/config"
import type { Either } from "effect"

/** A value as a file has it. */
export type AxisValue = string | number | boolean

/** An axis of a map or of a sweep: a path of the scenario, and the values it takes. */
export interface Axis {
  readonly path: string
  readonly values: ReadonlyArray<AxisValue>
}

/** A place of a grid: for each axis the index of its value. */
export type Field = ReadonlyArray<number>

/** Every field; the first axis changes fastest. Without an axis there is one field. */
export const fieldsOf = (axes: ReadonlyArray<Axis>): ReadonlyArray<Field> =>
  axes.reduce<ReadonlyArray<Field>>(
    (fields, { values }) => values.flatMap((_, i) => fields.map((field) => [...field, i])),
    [[]]
  )

/** The values of a field, by axis. */
export const valuesAt = (axes: ReadonlyArray<Axis>, field: Field): ReadonlyArray<AxisValue> =>
  axes.map(({ values }, i) => values[field[i]])

/** A value put at a path that was checked before; `flag` is what the user has typed it with. */
export const valueOverride = (flag: string, path: string, value: AxisValue): Override =>
  overrideOf(`${flag} ${path}=${value}`, parsePath(path) ?? [], value)

/** The scenario at a field. Values that make no valid scenario are the user's mistake; `flag` says where they are from. */
export const atField = (
  loaded: LoadedScenario,
  axes: ReadonlyArray<Axis>,
  field: Field,
  flag: string
): Either.Either<LoadedScenario, ConfigError> =>
  withOverrides(loaded, axes.map(({ path, values }, i) => valueOverride(flag, path, values[field[i]])))
