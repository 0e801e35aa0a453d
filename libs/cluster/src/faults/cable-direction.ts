// What faults of cables share: the direction that they are about, and figures of links that grow.
import { choice, field } from "@swaplab/config"
import type { Link } from "@swaplab/lan"
import type { ActiveFault, PortPlace } from "./fault-kind.ts"

/** The ends of a cable that a direction is about, and how it is said. */
const DIRECTIONS = {
  both: { ends: ["up", "down"], words: "" },
  "to-switch": { ends: ["up"], words: ", to the switch" },
  "from-switch": { ends: ["down"], words: ", from the switch" }
} as const

/** Options with a direction. */
export interface Directed {
  readonly direction: keyof typeof DIRECTIONS
}

/** The key of that name. */
export const direction = field(
  choice("both", "to-switch", "from-switch"),
  "both",
  "Which direction: both, to-switch (from the machine), or from-switch (to the machine)."
)

/** What of a cable such a fault sets. */
export const parts = (options: Directed): ReadonlyArray<string> => DIRECTIONS[options.direction].ends

/** The links of a direction. */
export const linksOf = (place: PortPlace, options: Directed): ReadonlyArray<Link> =>
  DIRECTIONS[options.direction].ends.map((end) => place[end])

/** Behind what happens, in words. */
export const towards = (options: Directed): string => DIRECTIONS[options.direction].words

const sumOf = (links: ReadonlyArray<Link>, of: (link: Link) => number): number =>
  links.reduce((sum, link) => sum + of(link), 0)

/** Counts what has been added to a figure of some links since now. */
export const since = (links: ReadonlyArray<Link>, of: (link: Link) => number): () => number => {
  const before = sumOf(links, of)
  return () => sumOf(links, of) - before
}

/** Does something to links, and undoes it in the end. What it did: the growth of these figures of theirs. */
export const onLinks = (
  links: ReadonlyArray<Link>,
  begin: (link: Link) => void,
  end: (link: Link) => void,
  figures: Readonly<Record<string, (link: Link) => number>>
): ActiveFault => {
  const grown = Object.entries(figures).map(([what, of]) => [what, since(links, of)] as const)
  links.forEach(begin)
  return {
    end: () => links.forEach(end),
    effects: () => grown.map(([what, count]) => [what, count()])
  }
}
