// Thresholds: `client.faultLatency.p99 < 50 ms`. A metric, a comparison, a value in the metric's unit.
import { formatQuantity, nearest, parseQuantity, roundQuantity } from "@swaplab/config"
import { VMSTAT_NAMES } from "@swaplab/page-alloc"
import type { WorkloadTable } from "@swaplab/workload"
import { ParseResult, Schema } from "effect"
import { metricOf, metricsOf } from "../run/metrics.ts"

const COMPARISONS = ["<=", ">=", "<", ">"] as const
type Comparison = (typeof COMPARISONS)[number]

/** A limit that every run has to keep; a metric of clients has to keep it for every client, one of groups for every group. */
export interface Threshold {
  readonly metric: string
  readonly comparison: Comparison
  /** In base units of the metric. */
  readonly value: number
}

const GRAMMAR = /^([A-Za-z][\w.]*) *(<=|>=|<|>) *(\S.*)$/
const EXPECTED = "a threshold such as client.faultLatency.p99 < 50 ms"

/** Reads a threshold; a string says what is wrong with it. */
export const parseThreshold = (text: string, workloads?: WorkloadTable): Threshold | string => {
  const parts = GRAMMAR.exec(text.trim())
  if (parts === null) return EXPECTED
  const [, name, comparison, right] = parts
  const metric = metricOf(name, workloads)
  if (metric === null) {
    const names = Object.keys(metricsOf(workloads))
    const near = nearest(name, [...names, ...VMSTAT_NAMES.map((counter) => `client.vmstat.${counter}`)])
    return near === null
      ? `a metric, one of ${names.join(", ")}`
      : `a known metric, did you mean ${near}?`
  }
  const value = metric.unit === null
    ? (/^\d+(\.\d+)?$/.test(right) ? Number(right) : null)
    : parseQuantity(metric.unit, right)
  if (value === null) return `${metric.unit === null ? "a plain number" : metric.unit.expected} after ${comparison}`
  return { metric: name, comparison: comparison as Comparison, value }
}

/** Writes a threshold as it is read. */
export const formatThreshold = (threshold: Threshold, workloads?: WorkloadTable): string => {
  const unit = metricOf(threshold.metric, workloads)?.unit ?? null
  const value = unit === null ? String(threshold.value) : formatQuantity(unit, threshold.value)
  return `${threshold.metric} ${threshold.comparison} ${value}`
}

/** Whether a value keeps a threshold. */
export const keeps = (threshold: Threshold, value: number): boolean => {
  switch (threshold.comparison) {
    case "<":
      return value < threshold.value
    case "<=":
      return value <= threshold.value
    case ">":
      return value > threshold.value
    case ">=":
      return value >= threshold.value
  }
}

/** Writes a value that misses a threshold: three digits, and more where it would look like the limit. */
export const formatMiss = (threshold: Threshold, value: number, workloads?: WorkloadTable): string => {
  const unit = metricOf(threshold.metric, workloads)?.unit ?? null
  if (unit === null) return String(value)
  for (let digits = 3; digits <= 9; digits++) {
    const text = roundQuantity(unit, value, digits)
    const read = parseQuantity(unit, text)
    if (read !== null && !keeps(threshold, read) && (read === threshold.value) === (value === threshold.value)) {
      return text
    }
  }
  return formatQuantity(unit, value)
}

const ThresholdStruct = Schema.Struct({
  metric: Schema.String,
  comparison: Schema.Literal(...COMPARISONS),
  value: Schema.Number
})

/** A threshold as it stands in a scenario whose clients run workloads of a table. */
export const thresholdText = (workloads?: WorkloadTable): Schema.Schema<Threshold, string> =>
  Schema.transformOrFail(
    Schema.String.annotations({ jsonSchema: { type: "string", pattern: GRAMMAR.source } }),
    ThresholdStruct,
    {
      strict: true,
      decode: (text, _options, ast) => {
        const threshold = parseThreshold(text, workloads)
        return typeof threshold === "string"
          ? ParseResult.fail(new ParseResult.Type(ast, text, threshold))
          : ParseResult.succeed(threshold)
      },
      encode: (threshold) => ParseResult.succeed(formatThreshold(threshold, workloads))
    }
  ).annotations({ title: EXPECTED })
