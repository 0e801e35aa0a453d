// Hears of every request that a modelled server takes and answers: what a load generator then sends to real ones.

export interface RequestTap {
  /** A request of a client for its swap has come. Type is one of `Command`, offset and length are bytes of its export. */
  taken(client: string, type: number, offset: number, length: number): void
  /** A request was answered after so long in the server. */
  answered(type: number, residenceNs: number): void
}
