// What limits a capacity, what comes next, and what to change: sentences for the first screen, then the table of all that was tried.
import { plural } from "@swaplab/config"
import { type Advice, type Bottleneck, type Limit, nextOf, PROVING_SEEDS, type Situation } from "@swaplab/experiment"
import { percentOf, unitOf, valueOf } from "./capacity-words.ts"
import { type Block, key, paragraph, right, table } from "./document.ts"

const wholePercent = (use: number): string => percentOf(Math.round(use * 100) / 100)

const useText = ({ name, use }: Limit): string => use === null ? name : `${name}, used by ${wholePercent(use)}`

/** "19", or "18 to 20". */
const spanText = (situation: Situation, { least, most }: Advice["before"]): string =>
  least === most ? valueOf(situation, least) : `${valueOf(situation, least)} to ${valueOf(situation, most)}`

/** How many times as much the next resource stands, by the bottleneck law: until it is as busy as the one that limits is now. */
const headroom = (limiting: Limit, { name, use }: Limit): string => {
  if (use === null) return ""
  const words = `Next: ${name}, used by ${wholePercent(use)}`
  const times = use === 0 ? Number.POSITIVE_INFINITY : (limiting.use ?? 1) / use
  if (times >= 100) return `${words}: head-room for more than 100 times as much.`
  return times <= 1
    ? `${words}: as busy as the one that limits.`
    : `${words}: head-room for ${Number(times.toPrecision(2))} times as much.`
}

/** At most so many keys are named. */
const SHOWN_KEYS = 2

const changeText = ({ changes }: Advice): string => {
  const shown = changes.slice(0, SHOWN_KEYS).map(({ from, path, to }) => `${path} ${to} instead of ${from}`)
  const rest = changes.length - shown.length
  return `${shown.join(", ")}${rest === 0 ? "" : ` and ${rest} more such keys`}`
}

/** What to change, and what it gives. */
const adviceText = (situation: Situation, advice: Advice): string => {
  const { after, before, expected, ladder, runs, seeds } = advice
  const there = { ...situation, ladder }
  const law = expected === null ? "" : ` The bottleneck law expects ${spanText(there, expected)}.`
  const open = after.most >= ladder.values.length ? " or more" : ""
  return `With twice of it (${changeText(advice)}): ${spanText(there, after)}${open} ${unitOf(situation)}, instead of ${
    spanText(situation, before)
  } of the same ${plural(seeds, "seed")}.${law} Checked by ${
    plural(runs, "run")
  }; it has not the confidence of the number.`
}

/** The first screen: what limits, what comes next, what to change. */
export const limitSentences = (situation: Situation, bottleneck: Bottleneck): ReadonlyArray<Block> => {
  const { advice, limits, seeds, state } = bottleneck
  const proved = limits.filter((each) => each.limits)
  const next = nextOf(limits)
  const cut = state === "time is up"
    ? [paragraph("The time of --budget is up: not all of what may limit it was tried.", "warn")]
    : state === "interrupted"
    ? [paragraph("Interrupted: not all of what may limit it was tried.", "warn")]
    : []
  if (proved.length === 0) {
    const words = seeds < PROVING_SEEDS && state === "finished"
      ? `What limits it is not known: ${plural(seeds, "seed")} ${
        seeds === 1 ? "fails" : "fail"
      } a tenth beyond what they carry, ${PROVING_SEEDS} at least are needed.`
      : "No resource limits it by itself: a fifth more of none is enough."
    return cut.length > 0 ? cut : [paragraph(words)]
  }
  const [first] = proved
  return [
    paragraph(
      `Limited by: ${proved.map(useText).join("; ")}. ${next === null ? "" : headroom(first, next)}`.trim()
    ),
    ...(advice === null ? [] : [paragraph(adviceText(situation, advice))]),
    ...cut
  ]
}

/** The resources: their use, and whether a fifth more of each makes seeds hold that failed. */
export const limitBlocks = ({ leftOut, limits, seeds }: Bottleneck): ReadonlyArray<Block> => {
  if (seeds < PROVING_SEEDS) {
    return [
      paragraph(
        `Not known: ${plural(seeds, "seed")} ${
          seeds === 1 ? "fails" : "fail"
        } a tenth beyond what they carry, ${PROVING_SEEDS} at least are needed.`
      )
    ]
  }
  const proved = limits.filter((each) => each.limits).map(({ name }) => name)
  return [
    paragraph(
      proved.length > 0
        ? `${proved.join(", ")}: proved by runs.`
        : "No resource by itself: a fifth more of none is enough.",
      "strong"
    ),
    table(
      [key("resource"), right("use"), right("hold with a fifth more")],
      limits.map((
        { name, raised, tried, use }
      ) => [name, use === null ? "-" : wholePercent(use), `${raised} of ${tried}`])
    ),
    paragraph(
      "Seeds with a tenth more than they carry, which fail as they are. use: mean of the runs that hold at the number above. Four "
        + "seeds of five prove it; where two fail, no more are tried."
    ),
    ...(leftOut.length === 0 ? [] : [paragraph(`Not in this scenario, so not tried: ${leftOut.join(", ")}.`)])
  ]
}
