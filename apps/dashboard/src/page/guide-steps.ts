// "The lockup in two minutes": what each step says, and which stretch of the run it plays. The times are the run's own
// (engine/moments.ts); no figure stands here that the run does not give.
import type { Moments } from "@swaplab/live"
import { timeWords } from "./words.ts"

/** One step. */
export interface GuideStep {
  readonly title: string
  readonly text: ReadonlyArray<string>
  /** Where to look. */
  readonly watch: string
  readonly fromNs: number
  readonly toNs: number
  /** Seconds of the reader that the stretch takes. */
  readonly seconds: number
  /** The circle is drawn. */
  readonly graph: boolean
  /** The chart shows the amounts around the watermarks only: later there are never more. */
  readonly closeUp: boolean
}

/** The steps, in order. Before the moments are known only the first one is there. */
export const guideSteps = (moments: Moments | null): ReadonlyArray<GuideStep> => {
  const first: GuideStep = {
    title: "A computer without a disk",
    text: [
      "Some computers have no disk: in class rooms, in libraries, in racks. When their memory is full they put what they do not "
      + "need just now into the memory of a server, over the network. That is called swapping.",
      "Below is one such computer, twice. It is emulated in this page, with all that its kernel does. Left: Linux 3.5. Right: "
      + "Linux 3.6, with sixteen patches that were written because of what you will see. Everything else is the same."
    ],
    watch: "Nothing runs yet. The blue bar is free memory. Press Next.",
    fromNs: 0,
    toNs: 0,
    seconds: 0,
    graph: false,
    closeUp: false
  }
  if (moments === null) return [first]
  const { answeredNs, fullNs, haltNs, provenNs, refusedNs } = moments
  const { tasks } = moments.lockup
  const asleep = tasks.filter(({ state }) => state === "uninterruptible").length
  return [
    first,
    {
      title: "Memory fills up",
      text: [
        `Programs start and take memory, page by page. (A page is 4 KiB.) After ${
          timeWords(fullNs)
        } nearly all of it is taken.`,
        "Three marks tell the kernel how bad it is. Below low it begins to free pages. Below min nobody gets a page any more, "
        + "except for the most urgent work: what is left there is the reserve."
      ],
      watch: "The bar shrinks until it is near the hatched part, the reserve.",
      fromNs: 0,
      toNs: fullNs,
      seconds: 6,
      graph: false,
      closeUp: false
    },
    {
      title: "To free a page, send a page",
      text: [
        "To get a free page the kernel takes an old one and sends it to the server. When the server has answered, the old page "
        + "is free.",
        "Now think of what sending takes. The page goes into packets, and packets need memory of their own. So do the answers. "
        + "To free memory, memory is needed."
      ],
      watch: "Boxes are requests to the server. A filled one is sent, a hollow one waits for its turn.",
      fromNs: fullNs,
      toNs: 2 * answeredNs,
      seconds: 8,
      graph: false,
      closeUp: true
    },
    {
      title: "The sender gets no page",
      text: [
        "One task of the kernel sends all these pages: nbd0. It, too, has to ask for memory, and memory is at the mark.",
        "Left: nbd0 is treated like everybody else. It has to wait until a page is free. But pages become free only when it "
        + "sends. Right: nbd0 is marked as a task that frees memory (the mark is called PF_MEMALLOC), and may take from the reserve."
      ],
      watch: "Look for nbd0 in the list. Left: it needs a page. Right: it goes on, and the bar dips into the reserve.",
      fromNs: 2 * answeredNs,
      toNs: haltNs + 5e6,
      seconds: 10,
      graph: false,
      closeUp: true
    },
    {
      title: "Left limps, right works",
      text: [
        "Left, the kernel looks again from time to time, and now and then a page turns up by chance: work goes on for an instant. "
        + `At ${timeWords(refusedNs)} nbd0 is refused a page once more.`,
        "Right, the same programs with the same memory have finished by then."
      ],
      watch: "Left: the line is level for seconds. Right: it never stands still.",
      fromNs: haltNs + 5e6,
      toNs: refusedNs + 1e6,
      seconds: 9,
      graph: false,
      closeUp: true
    },
    {
      title: "Nothing moves any more",
      text: [
        "From now on nothing happens on the left, for ever. The server is idle. The network works. There even are free pages, but "
        + "nobody may have them.",
        `${asleep} tasks sleep in a way that no signal can end. A person sees a frozen screen, and finds no message. Only the power `
        + "button helps."
      ],
      watch: "Left: simulated seconds pass, and no figure changes.",
      fromNs: refusedNs + 1e6,
      toNs: provenNs,
      seconds: 5,
      graph: false,
      closeUp: true
    },
    {
      title: "The circle",
      text: [
        "Why can it never go on? Follow the red arrows below. nbd0 needs a free page. A page becomes free when an answer of the "
        + "server is read. Answers have arrived: they lie at the socket, which nbd0 holds while it sends. It lets go of it when "
        + "it has its page.",
        "Everybody in the circle waits for the next one, and the last one waits for the first. The emulator has drawn this from "
        + "its own state, and has checked that no way leads out."
      ],
      watch: "The drawing: an arrow leads from who waits to what it needs.",
      fromNs: 0,
      toNs: provenNs,
      seconds: 0,
      graph: true,
      closeUp: true
    },
    {
      title: "What the patches changed",
      text: [
        "Linux 3.6 lets the tasks that free memory use the reserve, on the whole way: for the packets that are sent, for "
        + "the answers that arrive, and for nothing else. And it holds other tasks back before they eat the reserve up.",
        "That is all. The same machine, the same programs: left frozen, right finished. Would your machines freeze? That is "
        + "what swaplab is for."
      ],
      watch: "Replay any step, or look at a whole room of such computers.",
      fromNs: 0,
      toNs: provenNs,
      seconds: 0,
      graph: false,
      closeUp: true
    }
  ]
}
