// What a bad cable, card or path does to the frames of one link: loss, bursts of loss, reordering, duplicates.
//
// The fate of a frame is drawn when the link takes it, so frames under way keep the fate that they left with. Each kind draws
// one stream of its own per link, for every frame, so switching one kind never changes what another one does. While nothing
// is set, a frame costs one comparison.
// Modelled: independent loss; bursty loss by Gilbert and Elliott, with the order of draws of netem's `gemodel` (the state
// changes first, then the frame is lost with the probability of the state before); reordering by an extra delay at the far
// end: frames behind the late one overtake it; duplicates: the copy arrives at once behind its original.
// Not modelled: netem's gap and correlation of draws; damage that a check sum misses. A copy takes no time on the wire, and
// a late frame none beyond its own: both are made at the far end. What that costs: a link of which a share d is duplicated
// carries up to d more here.
// source: net/sched/sch_netem.c (loss_gilb_ell, netem_enqueue)
import { assert, type Nanoseconds, type Random, type Sim } from "@swaplab/sim"

/** Two states with a loss each. In netem's terms p, r, 1-h and 1-k, as probabilities. */
export interface GilbertElliott {
  /** p: from good to bad, per frame. */
  readonly toBad: number
  /** r: from bad to good, per frame: a burst has 1/r frames on average. */
  readonly toGood: number
  /** 1-h: a frame is lost in the bad state. */
  readonly lossBad: number
  /** 1-k: a frame is lost in the good state. */
  readonly lossGood: number
}

/** A share of frames arrives later than it should. */
export interface Reordering {
  readonly probability: number
  /** How much later, at least 1 ns. Frames that arrive within this time overtake. */
  readonly delayNs: Nanoseconds
}

/** What is to become of a frame: bits. 0: it arrives, once and in time. */
export const Fate = { Lost: 1, FaultLost: 2, BurstLost: 4, Late: 8, Twice: 16 } as const

/** Any bit of these: the frame does not arrive. */
export const LOST_BITS = Fate.Lost | Fate.FaultLost | Fate.BurstLost

const probability = (value: number): number => {
  assert(value >= 0 && value <= 1, "a probability lies between 0 and 1")
  return value
}

/** The kinds of damage of one link, what is set of them, and what each has done. */
export class Impairments {
  /** Anything at all is set: frames have a fate to be drawn. */
  active: boolean
  /** Frames that arrive damaged because of `setLoss`, and of `setBurstLoss`. */
  faultLostFrames = 0
  burstLostFrames = 0
  /** Frames that were late, and those of them that another frame has overtaken. */
  lateFrames = 0
  reorderedFrames = 0
  /** Copies that arrived. */
  duplicatedFrames = 0
  /** Times that the burst model went from good to bad. */
  bursts = 0
  readonly #sim: Sim
  readonly #name: string
  readonly #baseLoss: number
  readonly #base: Random
  readonly #streams = new Map<string, Random>()
  #loss = 0
  #burst: GilbertElliott | null = null
  #bad = false
  #reordering: Reordering | null = null
  #duplication = 0

  constructor(sim: Sim, link: string, loss: number) {
    this.#sim = sim
    this.#name = link
    this.#baseLoss = probability(loss)
    this.#base = sim.stream("lan", link, "loss")
    this.active = loss > 0
  }

  /** Extra delay of frames that are late. */
  get delayNs(): Nanoseconds {
    return this.#reordering === null ? 0 : this.#reordering.delayNs
  }

  /** The burst model is in its bad state. */
  get bad(): boolean {
    return this.#bad
  }

  /** Independent loss beside that of the link's options; 0 ends it. */
  setLoss(loss: number): void {
    this.#loss = probability(loss)
    this.#refresh()
  }

  /** Loss in bursts, from the good state; null ends it. */
  setBurstLoss(model: GilbertElliott | null): void {
    if (model !== null) {
      probability(model.toBad)
      probability(model.toGood)
      probability(model.lossBad)
      probability(model.lossGood)
    }
    this.#burst = model
    this.#bad = false
    this.#refresh()
  }

  /** Late frames; null ends it. Frames that are late already stay so. */
  setReordering(reordering: Reordering | null): void {
    if (reordering !== null) {
      probability(reordering.probability)
      assert(Number.isInteger(reordering.delayNs) && reordering.delayNs >= 1, "a late frame is late by at least 1 ns")
    }
    this.#reordering = reordering
    this.#refresh()
  }

  /** Share of frames that arrive twice; 0 ends it. */
  setDuplication(share: number): void {
    this.#duplication = probability(share)
    this.#refresh()
  }

  /** Draws what becomes of the next frame: bits of `Fate`. */
  draw(): number {
    let fate = 0
    if (this.#baseLoss > 0 && this.#base.unit() < this.#baseLoss) fate |= Fate.Lost
    if (this.#loss > 0 && this.#stream("fault loss").unit() < this.#loss) fate |= Fate.FaultLost
    if (this.#burst !== null && this.#drawBurst(this.#burst)) fate |= Fate.BurstLost
    if (this.#reordering !== null && this.#stream("reordering").unit() < this.#reordering.probability) fate |= Fate.Late
    if (this.#duplication > 0 && this.#stream("duplication").unit() < this.#duplication) fate |= Fate.Twice
    return fate
  }

  /** Counts a lost frame for the kind that lost it. One that two kinds would have lost counts for the first. */
  countLost(fate: number): void {
    if ((fate & Fate.Lost) !== 0) return
    if ((fate & Fate.FaultLost) !== 0) this.faultLostFrames++
    else this.burstLostFrames++
  }

  #drawBurst(model: GilbertElliott): boolean {
    const random = this.#stream("burst loss")
    const loss = this.#bad ? model.lossBad : model.lossGood
    if (random.unit() < (this.#bad ? model.toGood : model.toBad)) {
      this.#bad = !this.#bad
      if (this.#bad) this.bursts++
    }
    return random.unit() < loss
  }

  #stream(kind: string): Random {
    let stream = this.#streams.get(kind)
    if (stream === undefined) {
      stream = this.#sim.stream("lan", this.#name, kind)
      this.#streams.set(kind, stream)
    }
    return stream
  }

  #refresh(): void {
    this.active = this.#baseLoss > 0 || this.#loss > 0 || this.#burst !== null || this.#reordering !== null ||
      this.#duplication > 0
  }
}
