// What stands on the page of a report, in reading order: the same sections as on a terminal, with drawings between them.
import type { Section } from "./document.ts"
import type { Drawing } from "./run-drawings.ts"

/** One figure that answers the question, with what it means. */
export interface Headline {
  /** The figure, as it is read: `48`. */
  readonly value: string
  /** What it counts: `clients`. */
  readonly unit: string
  /** What stands under it: the interval, and how sure it is. */
  readonly sentences: ReadonlyArray<string>
}

/** A section, with drawings under its title. */
export interface PageSection extends Section {
  readonly drawings?: ReadonlyArray<Drawing>
}

/** All that a command says on a page. */
export interface PageContent {
  readonly title: string
  /** What was asked, in a sentence; empty for none. */
  readonly subtitle: string
  readonly headline: Headline | null
  readonly sections: ReadonlyArray<PageSection>
}

/** A section of drawings alone; without drawings there is none. */
export const drawn = (title: string | null, drawings: ReadonlyArray<Drawing>): ReadonlyArray<PageSection> =>
  drawings.length === 0 ? [] : [{ title, blocks: [], drawings }]
