// Scenarios that are texts in memory: the page reads no other files. An include is found among the scenarios that ship.
import { type LoadedScenario, loadScenario } from "@swaplab/cluster"
import { ConfigError, Files } from "@swaplab/config"
import { Effect, Either } from "effect"

/** Files by their paths. */
export type Texts = ReadonlyMap<string, string>

/** `relative` as seen from `from`, without "." and "..". */
const resolve = (from: string, relative: string): string => {
  if (relative === "") return from
  const parts = relative.startsWith("/") ? [] : from.split("/").slice(0, -1)
  for (const part of relative.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== "." && part !== "") parts.push(part)
  }
  return parts.join("/")
}

const layerOf = (texts: Texts): typeof Files.Service => ({
  look: (path) => {
    const text = texts.get(path)
    return Effect.succeed(
      text === undefined ? { kind: "missing" } : { kind: "file", bytes: new TextEncoder().encode(text).length }
    )
  },
  read: (path, limit) => {
    const text = texts.get(path)
    return text === undefined
      ? Effect.fail("no such file")
      : Effect.succeed(new TextEncoder().encode(text).slice(0, limit))
  },
  resolve
})

/** Loads a scenario from texts. */
export const loadFromTexts = (file: string, texts: Texts): Either.Either<LoadedScenario, ConfigError> =>
  Effect.runSync(loadScenario(file).pipe(Effect.provideService(Files, layerOf(texts)), Effect.either))
