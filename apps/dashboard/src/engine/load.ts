// A run from the text of a scenario.
import type { LoadedScenario } from "@swaplab/cluster"
import { asFile, type Opened, withActs } from "@swaplab/live"
import { Either } from "effect"
import { loadFromTexts, type Texts } from "./memory-files.ts"
import type { Source } from "./messages.ts"

const opened = (source: Source, loaded: LoadedScenario): Either.Either<Opened, string> => {
  const { scenario } = loaded
  const kernels = Object.keys(scenario.kernels)
  const kernel = source.kernel ?? kernels[0]
  return kernels.includes(kernel)
    ? Either.right({ scenario, kernel, seed: source.seed, yaml: asFile(loaded) })
    : Either.left(`${source.file}: has no kernel ${kernel}, expected ${kernels.join(", ")}`)
}

/** The run, or what is wrong with it. `texts` are the scenarios that it may include. */
export const openSource = (source: Source, texts: Texts): Either.Either<Opened, string> =>
  loadFromTexts(source.file, new Map([...texts, [source.file, source.text]])).pipe(
    Either.flatMap((loaded) => withActs(loaded, source.acts)),
    Either.mapLeft(({ message }) => message),
    Either.flatMap((loaded) => opened(source, loaded))
  )
