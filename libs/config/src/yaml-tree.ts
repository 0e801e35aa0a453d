// From yaml's document to a tree: keys that are texts, aliases, merge keys, and limits on what aliases multiply.
import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type Pair } from "yaml"
import type { ParsedNode, Scalar, YAMLMap, YAMLSeq } from "yaml"
import { type Place, type Problem, wholeOf } from "./problem.ts"
import type { Entry, MappingNode, Tree } from "./tree.ts"

/** Values in a file, those that aliases repeat included. A scenario of a thousand client groups has about 50,000. */
const MAX_VALUES = 250_000
/** Lists and mappings inside one another. */
export const MAX_DEPTH = 100

/** A tree with how many values and levels it has. */
interface Measured {
  readonly tree: Tree
  readonly values: number
  readonly depth: number
}

/** Builds the tree of a document in the order of its text; what cannot be taken goes to `problems`. */
export class TreeBuilder {
  readonly problems: Array<Problem> = []
  readonly #source: string
  readonly #lines: LineCounter | null
  /** Nodes by their anchors, of those that have been passed so far: an alias means the last one before it. */
  readonly #anchors = new Map<string, ParsedNode>()
  /** Null: under construction, so that an alias to it would be inside itself. */
  readonly #done = new Map<ParsedNode, Measured | null>()
  #tooLarge = false

  /** `lines` is null for a flag, whose places are the flag as a whole. */
  constructor(source: string, lines: LineCounter | null) {
    this.#source = source
    this.#lines = lines
  }

  place(offset: number): Place {
    if (this.#lines === null) return wholeOf(this.#source)
    const { col, line } = this.#lines.linePos(offset)
    return { source: this.#source, position: { line, column: col } }
  }

  complain(place: Place, text: string): void {
    this.problems.push({ place, path: [], text })
  }

  node(node: ParsedNode | null, fallback: Place): Measured {
    if (node === null) return this.#null(fallback)
    if (isAlias(node)) return this.#alias(node)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    this.#done.set(node, null)
    const built = this.#build(node)
    if (!this.#tooLarge && (built.values > MAX_VALUES || built.depth > MAX_DEPTH)) {
      this.#tooLarge = true
      this.complain(
        built.tree.place,
        built.depth > MAX_DEPTH
          ? `lists and mappings are nested more than ${MAX_DEPTH} deep`
          : `has more than ${MAX_VALUES} values, those that aliases repeat included`
      )
    }
    const kept = this.#tooLarge && built.tree.kind !== "scalar" ? this.#null(built.tree.place) : built
    this.#done.set(node, kept)
    return kept
  }

  #null(place: Place): Measured {
    return { tree: { kind: "scalar", place, value: null, text: "nothing" }, values: 1, depth: 0 }
  }

  #alias(alias: Alias.Parsed): Measured {
    const place = this.place(alias.range[0])
    const target = this.#anchors.get(alias.source)
    const built = target === undefined ? undefined : this.#done.get(target)
    if (built !== undefined && built !== null) return built
    this.complain(
      place,
      built === null
        ? `the alias *${alias.source} is inside of what it stands for`
        : `no &${alias.source} stands before the alias *${alias.source}`
    )
    return this.#null(place)
  }

  #build(node: Scalar.Parsed | YAMLMap.Parsed | YAMLSeq.Parsed): Measured {
    const place = this.place(node.range[0])
    if (isMap(node)) return this.#mapping(node, place)
    if (!isSeq(node)) return { tree: this.#scalar(node, place), values: 1, depth: 0 }
    const items = node.items.map((item) => this.node(item as ParsedNode | null, place))
    return {
      tree: { kind: "list", place, items: items.map(({ tree }) => tree) },
      values: items.reduce((sum, item) => sum + item.values, 1),
      depth: items.reduce((most, item) => Math.max(most, item.depth), 0) + 1
    }
  }

  #scalar({ source, value }: Scalar.Parsed, place: Place): Tree {
    const written = typeof value === "string" ? JSON.stringify(value) : source ?? ""
    return { kind: "scalar", place, value, text: written === "" ? "nothing" : written }
  }

  #keyOf(node: ParsedNode | null, place: Place): string | null {
    const inner = node === null ? this.#null(place).tree : this.node(node, place).tree
    if (inner.kind === "scalar") return typeof inner.value === "string" ? inner.value : inner.text
    this.complain(place, "expected a text as the key")
    return null
  }

  #mapping(node: YAMLMap.Parsed, place: Place): Measured {
    const entries = new Map<string, Entry>()
    const merged: Array<MappingNode> = []
    let values = 1
    let depth = 0
    for (const pair of node.items as ReadonlyArray<Pair<ParsedNode, ParsedNode | null>>) {
      const key: Place = pair.key === null ? place : this.place(pair.key.range[0])
      const name = this.#keyOf(pair.key, key)
      if (name === null) continue
      const value = this.node(pair.value, key)
      values += value.values
      depth = Math.max(depth, value.depth)
      if (isScalar(pair.key) && name === "<<" && pair.key.type === "PLAIN") {
        merged.push(...this.#merged(value.tree))
        continue
      }
      const first = entries.get(name)
      if (first === undefined) entries.set(name, { key, value: value.tree })
      else this.complain(key, `the key ${JSON.stringify(name)} was given in line ${first.key.position?.line} already`)
    }
    // own keys go before merged ones, and earlier merged mappings before later ones
    for (const { entries: more } of merged) {
      for (const [name, entry] of more) if (!entries.has(name)) entries.set(name, entry)
    }
    return { tree: { kind: "mapping", place, entries }, values, depth: depth + 1 }
  }

  #merged(value: Tree): ReadonlyArray<MappingNode> {
    const list = value.kind === "list" ? value.items : [value]
    return list.flatMap((item) => {
      if (item.kind === "mapping") return [item]
      this.complain(item.place, "expected a mapping, or a list of mappings, after <<")
      return []
    })
  }
}
