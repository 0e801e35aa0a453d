// What a server counts of its requests.
import { assert, keepAsDoubles, type Nanoseconds, WIDE } from "@swaplab/sim"

/** Requests inside the server: arrivals, departures, and the two sides of Little's law. */
export class ServerStats {
  arrivals = 0
  departures = 0
  reads = 0
  writes = 0
  errors = 0
  /** Of them: writes that found no room on the disk. */
  noSpace = 0
  /** Times that a connection had to wait for its rate, and how long in all. */
  rateWaits = 0
  rateWaitedNs: Nanoseconds = 0
  pagesRead = 0
  pagesWritten = 0
  /** Requests inside: their header has been read, their answer is not with the socket yet. */
  resident = 0
  /** Sum of the time that each departed request was inside. */
  residenceNs = 0
  /** Integral of `resident` over time, up to the last change. Equal to the sum when nobody is inside. */
  residentAreaNs = 0
  #changedAt = WIDE
  /** Sum of the arrival times of those inside. */
  #insideSince = WIDE

  constructor() {
    this.#changedAt = 0
    this.#insideSince = 0
    keepAsDoubles<ServerStats>(this, "residenceNs", "residentAreaNs", "pagesRead", "pagesWritten", "rateWaitedNs")
  }

  arrive(now: Nanoseconds): void {
    this.#advance(now)
    this.arrivals++
    this.resident++
    this.#insideSince += now
  }

  depart(now: Nanoseconds, arrivedAt: Nanoseconds): void {
    this.#advance(now)
    assert(this.resident > 0, "a request left the server that was not inside")
    this.departures++
    this.resident--
    this.residenceNs += now - arrivedAt
    this.#insideSince -= arrivedAt
  }

  /** Requests inside on average until now: L of Little's law, from the integral over time. */
  meanResident(now: Nanoseconds): number {
    return now === 0 ? 0 : (this.residentAreaNs + this.resident * (now - this.#changedAt)) / now
  }

  /** Time inside per arrival until now, of those still inside too: W of Little's law, from the requests one by one. Null: there was no arrival. */
  meanResidenceNs(now: Nanoseconds): Nanoseconds | null {
    if (this.arrivals === 0) return null
    return (this.residenceNs + this.resident * now - this.#insideSince) / this.arrivals
  }

  #advance(now: Nanoseconds): void {
    this.residentAreaNs += this.resident * (now - this.#changedAt)
    this.#changedAt = now
  }
}
