// The row of swaplab worker.
import { file, one, text } from "@swaplab/command"
import { workers } from "../option-rows.ts"

export const WORKER = {
  meaning: "Makes runs for commands elsewhere that have the same --cluster.",
  arguments: {},
  options: {
    cluster: one(
      text("URL", "postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
      "The Postgres that workers and commands meet in: postgres://USER:PASSWORD@HOST:PORT/DATABASE, with ?sslmode=verify-full for TLS."
    ),
    tokenFile: one(
      file("FILE", "a file with a token"),
      "Lets in only who has the token of this file; who comes first to a database decides.",
      { without: "Without it: who can connect to the database may join." }
    ),
    workers
  },
  examples: [
    ["worker --cluster postgres://me@db/swaplab", "all cores of this machine"],
    ["worker --cluster postgres://me@db/swaplab --workers 4", "four of them"]
  ]
} as const
