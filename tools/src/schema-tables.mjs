// @ts-check
// Tables of a page of reference, from a JSON Schema: a section for each mapping, a row for each of its keys.

/** @typedef {{ [key: string]: any }} Json */

/** Units by their names in the schema. @type {Readonly<Record<string, string>>} */
export const TYPES = {
  Size: "size",
  Time: "time",
  Rate: "rate",
  ByteRate: "bytes a second",
  Share: "percentage",
  TimeOfDay: "time of day",
  TimeDistribution: "time or distribution of times",
  MomentDistribution: "time or distribution of times",
  WorkloadSize: "size, or `4x RAM`"
}

const code = (/** @type {unknown} */ value) =>
  `\`${typeof value === "string" ? (value === "" ? "\"\"" : value) : JSON.stringify(value)}\``

/** Not the null of a key that may be left out. @type {(property: Json) => boolean} */
const isSomething = ({ type }) => type !== "null"

/** The type of a property in a few words. @type {(property: Json) => string} */
const typeOf = (property) => {
  if (property["$ref"] !== undefined) return TYPES[property["$ref"].split("/").pop()] ?? "text"
  if (Array.isArray(property.enum)) return property.enum.map(code).join(", ")
  if (property.allOf !== undefined) {
    const range = /, (at (?:least|most) .*)$/.exec(property.title ?? "")
    return typeOf(property.allOf[0]) + (range === null ? "" : `, ${range[1]}`)
  }
  if (property.anyOf !== undefined) return [...new Set(property.anyOf.filter(isSomething).map(typeOf))].join(" or ")
  switch (property.type) {
    case "integer":
      return `${property.minimum} to ${property.maximum === 2 ** 53 - 1 ? "2^53 - 1" : property.maximum}`
    case "number":
      return property.title?.replace(/^a number/, "number") ?? "number"
    case "boolean":
      return "`true`, `false`"
    case "array":
      if (Array.isArray(property.items)) return `list of ${property.items.length}: ${typeOf(property.items[0])}`
      return `list of ${typeOf(property.items)}`
    case "object":
      return "mapping"
    default:
      return /^an? ((?:path|address|size).*)$/.exec(property.title ?? "")?.[1] ?? "text"
  }
}

/** Where a default is from, and its range. @type {(property: Json) => string} */
const sourceOf = (property) => {
  const source = property["x-source"]
  return source === undefined ? "" : ` _${source.basis}, ${source.low} to ${source.high}_`
}

const cell = (/** @type {string} */ text) => text.replaceAll("|", "\\|")

/** A table in dprint's format. @type {(head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) => string} */
export const table = (head, rows) => {
  const all = [head, ...rows.map((row) => row.map(cell))]
  const width = head.map((_, i) => Math.max(3, ...all.map((row) => row[i].length)))
  const line = (/** @type {ReadonlyArray<string>} */ row) =>
    `| ${row.map((text, i) => text.padEnd(width[i])).join(" | ")} |`
  return [line(head), line(width.map((n) => "-".repeat(n))), ...all.slice(1).map(line)].join("\n")
}

/**
 * The mapping inside a property, if there is one, and how its path goes on.
 * @type {(property: Json) => [Json, string] | null}
 */
const inner = (property) => {
  if (property.type === "object" && Object.keys(property.properties ?? {}).length > 0) return [property, ""]
  if (property.type === "array" && property.items.type === "object") return [property.items, "[]"]
  if (property.type === "object" && property.additionalProperties?.type === "object") {
    return [property.additionalProperties, ".<name>"]
  }
  const list = property.anyOf?.find((/** @type {Json} */ part) => part.type === "array" && part.items.type === "object")
  if (list !== undefined) return [list.items, "[]"]
  const mapping = property.anyOf?.find((/** @type {Json} */ part) =>
    part.type === "object" && part.properties !== undefined
  )
  return mapping === undefined ? null : [mapping, ""]
}

/** The shapes of the items of a list, told apart by what stands under `what`; none: a list of something else. */
const shapesOf = (/** @type {Json} */ property) => {
  const shapes = property.type === "array" ? property.items.anyOf ?? [] : []
  return shapes.every((/** @type {Json} */ shape) => shape.properties?.what?.enum?.length === 1) ? shapes : []
}

/**
 * Sections of a list whose items have several shapes: what all shapes have, then what each has of its own.
 * @type {(shapes: ReadonlyArray<Json>, path: string, optional: ReadonlyArray<string>) => ReturnType<typeof sections>}
 */
const shapeSections = (shapes, path, optional) => {
  const [first] = shapes
  const isCommon = (/** @type {string} */ key) => shapes.every(({ properties }) => properties[key] !== undefined)
  const part = (/** @type {Json} */ shape, /** @type {(key: string) => boolean} */ wanted) => ({
    properties: Object.fromEntries(Object.entries(shape.properties).filter(([key]) => key !== "what" && wanted(key)))
  })
  return [
    ...sections(part(first, isCommon), `${path}[]`, first.required, optional),
    ...shapes.flatMap((shape) => {
      const own = part(shape, (key) => !isCommon(key))
      const at = `${path}[] what: ${shape.properties.what.enum[0]}`
      return Object.keys(own.properties).length === 0 ? [] : sections(own, at, shape.required, optional)
    })
  ]
}

/**
 * Rows of one mapping and of those inside it. `required` are the keys that must be there, `optional` the mappings and lists
 * that are absent unless given; all others have a default in each of their keys.
 * @type {(schema: Json, path: string, required: ReadonlyArray<string>, optional: ReadonlyArray<string>) => ReadonlyArray<{
 *   path: string, rows: ReadonlyArray<ReadonlyArray<string>>, missing: ReadonlyArray<string>
 * }>}
 */
export const sections = (schema, path, required, optional) => {
  /** @type {Array<ReadonlyArray<string>>} */
  const rows = []
  /** @type {Array<string>} */
  const missing = []
  const below = []
  for (const [key, property] of Object.entries(/** @type {Record<string, Json>} */ (schema.properties))) {
    const full = path === "" ? key : `${path}.${key}`
    const shapes = shapesOf(property)
    const into = full.endsWith(".patches") || shapes.length > 0 ? null : inner(property)
    const words = `${property.description ?? ""}${sourceOf(property)}`
    if (words === "") missing.push(full)
    const fallback = property.default !== undefined
      ? code(property.default)
      : required.includes(key)
      ? "required"
      : into === null || optional.includes(full) ||
          property.anyOf?.some((/** @type {Json} */ part) => !isSomething(part))
      ? "-"
      : "below"
    const others = property.anyOf?.filter((/** @type {Json} */ part) => into !== null && part.enum !== undefined) ?? []
    const type = into === null
      ? typeOf(property)
      : [...others.map(typeOf), `mapping \`${full}${into[1]}\``].join(" or ")
    rows.push([`\`${key}\``, type, fallback, words])
    if (shapes.length > 0) below.push(...shapeSections(shapes, full, optional))
    if (into !== null) below.push(...sections(into[0], full + into[1], into[0].required ?? [], optional))
  }
  return [{ path, rows, missing }, ...below]
}
