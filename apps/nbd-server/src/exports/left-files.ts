// Which stores an earlier server left in the directories of templates.
import { Effect } from "effect"
import type { Config } from "../config/schema.ts"
import { listFiles } from "./files.ts"
import { type FromTemplate, fromTemplate, templateOf } from "./naming.ts"
import { AttachError } from "./open-store.ts"

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}

/** Files of clients that an earlier server left, or one with another configuration. */
export const leftFiles = (config: Config): Effect.Effect<ReadonlyArray<FromTemplate>, AttachError> => {
  const templates = Object.values(config.swap).filter(({ store }) => store === "file")
  const directories = [...new Set(templates.map(({ directory }) => directory ?? "."))]
  return Effect.forEach(directories, (directory) =>
    listFiles(directory).pipe(
      Effect.mapError((message) => new AttachError({ reason: "failed", message })),
      Effect.map((files) =>
        files.flatMap((file) => {
          const [, name, owner] = /^(.*)@([^@]*)$/.exec(decoded(file)) ?? []
          const rule = name === undefined ? null : templateOf(config, name)
          return name === undefined || owner === undefined || rule?.directory !== directory
            ? []
            : [fromTemplate(name, rule, owner)]
        })
      )
    )).pipe(Effect.map((found) => found.flat()))
}
