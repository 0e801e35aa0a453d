// A run that several look at: takes what an engine answers, keeps it, and tells each viewer what it lacks. A viewer that reads slowly
// gets fewer and larger updates; nothing is queued for it.
import type { ClientSnapshot, FaultMark } from "@swaplab/cluster"
import type { Act } from "./acts.ts"
import { History } from "./history.ts"
import type { Answer, Ended, Facts } from "./protocol.ts"
import { packBatch, type Update } from "./wire.ts"

/** What a viewer has. */
export interface Seen {
  readonly run: string
  /** Time of its last row; negative without one. */
  readonly afterNs: number
  /** The client that it looks at. */
  readonly client: string | null
}

/** The run. */
export class SharedRun {
  /** What has been done by hand; null: nothing can be. */
  acts: ReadonlyArray<Act> | null
  /** Which run of how many it is. */
  words = ""
  facts: Facts | null = null
  nowNs = 0
  ended: Ended | null = null
  still = true
  /** Changes of the run: a viewer that has seen this one lacks nothing. */
  version = 0
  readonly #name: string
  readonly #viewers = new Map<() => void, string | null>()
  readonly #look: (clients: ReadonlyArray<string>) => void
  #history = new History(0, 0)
  #snapshots: ReadonlyArray<ClientSnapshot> = []
  #faults: ReadonlyArray<FaultMark> = []
  #runs = 0

  /** `name` is unlike that of any other command. `look` tells the engine which clients to look at. */
  constructor(name: string, acts: ReadonlyArray<Act> | null, look: (clients: ReadonlyArray<string>) => void) {
    this.#name = name
    this.acts = acts
    this.#look = look
  }

  /** Viewers that are there. */
  get viewers(): number {
    return this.#viewers.size
  }

  /** A viewer comes, who is called at each change, or looks at another client. Returns what to call when it goes. */
  join(changed: () => void, client: string | null): () => void {
    this.#viewers.set(changed, client)
    this.#tellLooks()
    return () => {
      this.#viewers.delete(changed)
      this.#tellLooks()
    }
  }

  /** Takes what the engine answers. */
  hear(answer: Answer): void {
    switch (answer.kind) {
      case "loaded":
        this.facts = answer.facts
        this.nowNs = 0
        this.ended = null
        this.#faults = []
        this.#fresh()
        break
      case "fresh":
        this.#fresh()
        break
      case "rows":
        this.#history.add(answer.batch)
        this.#snapshots = answer.snapshots ?? this.#snapshots
        this.#faults = answer.faults ?? this.#faults
        this.nowNs = answer.nowNs
        this.ended = answer.ended
        this.still = answer.still
        break
      case "moments":
      case "mistake":
        return
    }
    this.changed()
  }

  /** Tells every viewer that there is something new. */
  changed(): void {
    this.version++
    for (const call of this.#viewers.keys()) call()
  }

  /** What a viewer lacks; null before there is a run. */
  update({ afterNs, client, run }: Seen): Update | null {
    const { acts, ended, facts, nowNs, still, words } = this
    if (facts === null) return null
    const name = `${this.#name}.${this.#runs}`
    const known = run === name
    const wanted = client ?? facts.clients[0].name
    return {
      run: name,
      facts: known ? null : facts,
      acts,
      words,
      nowNs,
      batch: packBatch(this.#history.after(known ? afterNs : -1)),
      snapshot: this.#snapshots.find((snapshot) => snapshot.client === wanted) ?? null,
      faults: this.#faults,
      ended,
      still
    }
  }

  #fresh(): void {
    this.#runs++
    this.#history = new History(this.facts?.clients.length ?? 0, this.facts?.servers.length ?? 0)
    this.#tellLooks()
  }

  #tellLooks(): void {
    const [first] = this.facts?.clients ?? []
    if (first === undefined) return
    this.#look([...new Set([...this.#viewers.values()].map((client) => client ?? first.name))])
  }
}
