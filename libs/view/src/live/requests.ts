// Requests to the server as boxes: sent and not answered, and those that wait to be sent.
import { type ComponentChild, h } from "preact"

/** More boxes than these are told in words only. */
const BOXES = 140

export const Requests = (
  { sent, waiting }: { readonly sent: number; readonly waiting: number }
): ComponentChild => {
  const boxes = (count: number, kind: string): ReadonlyArray<ComponentChild> =>
    Array.from({ length: count }, () => h("i", { class: kind }))
  const shown = Math.min(sent, BOXES)
  const words = sent + waiting === 0
    ? "No request is under way."
    : `${sent} sent, no answer read yet (filled); ${waiting} ${waiting === 1 ? "waits" : "wait"} to be sent (hollow).`
  return h(
    "div",
    { class: "requests" },
    h(
      "div",
      { class: "boxes", "aria-hidden": "true" },
      boxes(shown, "sent"),
      boxes(Math.min(waiting, BOXES - shown), "waiting")
    ),
    h("p", null, words)
  )
}
