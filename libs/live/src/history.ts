// Rows that an engine has sent, in columns that grow. Where there are too many, every second one goes: the whole run stays
// visible, more coarsely.
import { CLIENT_FIGURES, type ClientFigure, SERVER_FIGURES, type ServerFigure } from "@swaplab/cluster"
import type { Batch } from "./protocol.ts"

/** Rows at most; beyond that half of them go. */
export const MAX_ROWS = 4096

/** All rows of a run or of a stretch of it. */
export class History {
  readonly #clients: number
  readonly #servers: number
  #times = new Float64Array(256)
  #clientRows: Float32Array<ArrayBuffer>
  #serverRows: Float64Array<ArrayBuffer>
  #rows = 0

  constructor(clients: number, servers: number) {
    this.#clients = clients * CLIENT_FIGURES.length
    this.#servers = servers * SERVER_FIGURES.length
    this.#clientRows = new Float32Array(256 * this.#clients)
    this.#serverRows = new Float64Array(256 * this.#servers)
  }

  get rows(): number {
    return this.#rows
  }

  get timesNs(): Float64Array {
    return this.#times.subarray(0, this.#rows)
  }

  add({ clients, servers, timesNs }: Batch): void {
    // going back runs through the same times again: these rows are here already
    let first = 0
    const last = this.#rows === 0 ? -1 : this.#times[this.#rows - 1]
    while (first < timesNs.length && timesNs[first] <= last) first++
    const more = timesNs.length - first
    if (more === 0) return
    this.#room(this.#rows + more)
    this.#times.set(timesNs.subarray(first), this.#rows)
    this.#clientRows.set(clients.subarray(first * this.#clients), this.#rows * this.#clients)
    this.#serverRows.set(servers.subarray(first * this.#servers), this.#rows * this.#servers)
    this.#rows += more
    if (this.#rows > MAX_ROWS) this.#thin()
  }

  /** The rows after a time. */
  after(ns: number): Batch {
    const first = this.rowAt(ns) + 1
    return {
      timesNs: this.#times.slice(first, this.#rows),
      clients: this.#clientRows.slice(first * this.#clients, this.#rows * this.#clients),
      servers: this.#serverRows.slice(first * this.#servers, this.#rows * this.#servers)
    }
  }

  /** The last row at or before a time; −1: there is none. */
  rowAt(ns: number): number {
    let low = 0
    let high = this.#rows
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#times[middle] <= ns) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  client(row: number, client: number, figure: ClientFigure): number {
    return this.#clientRows[row * this.#clients + client * CLIENT_FIGURES.length + CLIENT_FIGURES.indexOf(figure)]
  }

  server(row: number, server: number, figure: ServerFigure): number {
    return this.#serverRows[row * this.#servers + server * SERVER_FIGURES.length + SERVER_FIGURES.indexOf(figure)]
  }

  /** One figure of a client over all rows. */
  clientColumn(client: number, figure: ClientFigure): Float32Array {
    const column = new Float32Array(this.#rows)
    const at = client * CLIENT_FIGURES.length + CLIENT_FIGURES.indexOf(figure)
    for (let row = 0; row < this.#rows; row++) column[row] = this.#clientRows[row * this.#clients + at]
    return column
  }

  #room(rows: number): void {
    if (rows <= this.#times.length) return
    const room = Math.max(rows, 2 * this.#times.length)
    this.#times = grown(this.#times, new Float64Array(room))
    this.#clientRows = grown(this.#clientRows, new Float32Array(room * this.#clients))
    this.#serverRows = grown(this.#serverRows, new Float64Array(room * this.#servers))
  }

  #thin(): void {
    const kept = this.#rows >> 1
    for (let row = 0; row < kept; row++) {
      const from = 2 * row + 1
      this.#times[row] = this.#times[from]
      this.#clientRows.copyWithin(row * this.#clients, from * this.#clients, (from + 1) * this.#clients)
      this.#serverRows.copyWithin(row * this.#servers, from * this.#servers, (from + 1) * this.#servers)
    }
    this.#rows = kept
  }
}

const grown = <Column extends Float32Array | Float64Array>(column: Column, wider: Column): Column => {
  wider.set(column)
  return wider
}
