/**
 * {@include ../README.md}
 *
 * @module @swaplab/config
 */
export { type Choices } from "./choices.ts"
export { decodeTree, forEach, mistakeAt, type Rule, type RuleRow, rulesOf } from "./decode.ts"
export {
  type Distribution,
  drawTime,
  firstMoment,
  formatDistribution,
  meanTime,
  mistakeIn,
  MomentDistribution,
  TimeDistribution
} from "./distribution.ts"
export { type Chance } from "./distributions.ts"
export {
  assumed,
  choice,
  documented,
  field,
  maybe,
  meanings,
  measured,
  number,
  orNull,
  required,
  section,
  type Source,
  text,
  whole,
  yesNo
} from "./fields.ts"
export { type FileKind, Files, readYaml } from "./files.ts"
export { type IncludeOptions, readWithIncludes } from "./include.ts"
export { jsonSchemaOf } from "./json-schema.ts"
export { parsePath } from "./merge.ts"
export { compareNatural } from "./natural.ts"
export { didYouMean, nearest, orList } from "./nearest.ts"
export { type FileCalls, layerFiles, type PathCalls } from "./node-files.ts"
export { applyOverrides, type Override, overrideOf, parseOverride } from "./override.ts"
export {
  ConfigError,
  type Finding,
  formatFinding,
  formatPath,
  formatProblem,
  mismatch,
  mistake,
  type Path,
  type Place,
  type Problem,
  wholeOf
} from "./problem.ts"
export {
  type BitsPerSecond,
  ByteRate,
  type Bytes,
  type Nanoseconds,
  Percentage,
  Rate,
  type Share,
  Size,
  Time,
  within
} from "./quantity.ts"
export { formatTimeOfDay, TimeOfDay } from "./time-of-day.ts"
export {
  emptyMapping,
  isMapping,
  type Mapping,
  type MappingNode,
  nodeAt,
  placeAt,
  plainOf,
  quote,
  quoteValue,
  type Tree,
  treeOf
} from "./tree.ts"
export {
  BYTE_RATE,
  formatQuantity,
  parseQuantity,
  RATE,
  roundQuantity,
  SHARE,
  SIZE,
  TIME,
  type UnitKind
} from "./units.ts"
export { plural, times } from "./words.ts"
export { toYaml } from "./write.ts"
export { type Expected, parseValue, parseYaml } from "./yaml.ts"
