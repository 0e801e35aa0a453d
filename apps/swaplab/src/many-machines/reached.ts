// What is said where Postgres cannot be reached, or does not do what it is asked.
import type { SqlError } from "@effect/sql/SqlError"
import { UsageError } from "../exit.ts"
import type { ClusterUrl } from "./url.ts"

const textOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return textOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** What Postgres, or the way to it, says. */
const reasonOfSql = ({ cause, message }: SqlError): string => cause === undefined ? message : textOf(cause)

/** A mistake in the URL, or a Postgres that is not there. */
export const notReached = ({ shown }: ClusterUrl) => (error: SqlError): UsageError =>
  new UsageError({ message: `--cluster ${shown}: cannot be used: ${reasonOfSql(error)}` })
