// A network that carries nothing: a link on the way between a client and the server that has lost every frame since the
// client's last completion.
import { DropReason, dropReasonNames, type Link } from "@swaplab/lan"

/** A link that delivers nothing. */
export interface DeadLink {
  readonly link: string
  /** Frames that were to pass it since the last completion. */
  readonly frames: number
  /** `loss` or `link down`. */
  readonly reason: string
}

/** Frames of one link when the client last made progress. */
interface Mark {
  readonly link: Link
  readonly delivered: number
  readonly dropped: ReadonlyArray<number>
}

/** Causes that lie in the link itself. A full buffer empties again; these do not go by themselves. */
const CAUSES = [DropReason.Loss, DropReason.LinkDown]

/** So many frames must have been lost in a row: what TCP sent, and what it sent again after a time-out. */
const FRAMES = 2

/** The state of links at this moment. */
export const markLinks = (links: ReadonlyArray<Link>): ReadonlyArray<Mark> =>
  links.map((link) => ({ link, delivered: link.deliveredFrames, dropped: [...link.dropped] }))

/** The first link that has lost all that was sent since the marks, or null. */
export const deadLink = (marks: ReadonlyArray<Mark>): DeadLink | null => {
  for (const { delivered, dropped, link } of marks) {
    if (link.deliveredFrames !== delivered) continue
    for (const reason of CAUSES) {
      const frames = link.dropped[reason] - dropped[reason]
      if (frames >= FRAMES) return { link: link.name, frames, reason: dropReasonNames[reason] }
    }
  }
  return null
}
