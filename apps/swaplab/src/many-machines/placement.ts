// Which worker gets a job. An entity belongs to the worker that has its shard, and its name decides on the shard. So a job gets a
// name of which the shard is one of the worker with the fewest jobs for its cores: a machine that is slow, or busy for others, gets
// fewer. Where the list of workers is out of date the job runs all the same, only elsewhere.
import type { Runner as Member } from "@effect/cluster/Runner"
import { HashRing } from "effect"
import { SHARDS } from "./settings.ts"

/** Names that are tried: with so many every worker of a hundred has one, but for one case in ten thousand. */
const TRIES = 1000

/** Jobs under way by worker. */
export class Placement {
  #members: ReadonlyArray<Member> = []
  /** Of each shard. */
  #owners: ReadonlyArray<string> = []
  readonly #jobs = new Map<string, number>()
  readonly #shardOf: (entity: string) => number

  /** `shardOf` is the shard of an entity, counted from 1. */
  constructor(shardOf: (entity: string) => number) {
    this.#shardOf = shardOf
  }

  /** The workers that there are now. */
  set members(members: ReadonlyArray<Member>) {
    this.#members = members
    const ring = HashRing.make<Member["address"]>()
    for (const { address, weight } of members) HashRing.add(ring, address, { weight })
    this.#owners = (HashRing.getShards(ring, SHARDS) ?? []).map(String)
  }

  get workers(): number {
    return this.#members.length
  }

  get cores(): number {
    return this.#members.reduce((sum, { weight }) => sum + weight, 0)
  }

  /** How many jobs a worker has been given. */
  jobsOf(address: Member["address"]): number {
    return this.#jobs.get(String(address)) ?? 0
  }

  /** The name of the entity for a job. */
  entityFor(key: string): string {
    const load = ({ address, weight }: Member): number => this.jobsOf(address) / weight
    const [first, ...rest] = this.#members
    if (first === undefined) return `${key}.0`
    const least = String(rest.reduce((a, b) => load(b) < load(a) ? b : a, first).address)
    for (let i = 0; i < TRIES; i++) if (this.#ownerOf(`${key}.${i}`) === least) return `${key}.${i}`
    return `${key}.0`
  }

  /** A job of this entity has been given out; the result takes that back. */
  begin(entity: string): () => void {
    const owner = this.#ownerOf(entity)
    this.#count(owner, 1)
    return () => this.#count(owner, -1)
  }

  #ownerOf(entity: string): string {
    return this.#owners[this.#shardOf(entity) - 1] ?? ""
  }

  #count(owner: string, by: number): void {
    this.#jobs.set(owner, (this.#jobs.get(owner) ?? 0) + by)
  }
}
