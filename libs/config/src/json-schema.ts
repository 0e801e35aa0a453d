// The JSON Schema of files, with defaults as a file writes them. Effect's own has them decoded (67108864), or not at all.
import { JSONSchema, type Schema, SchemaAST as AST } from "effect"
import { isMapping, type Mapping } from "./tree.ts"

/** A field's default as a file writes it: "64 MiB" and not 67108864. */
export const WrittenId: unique symbol = Symbol.for("@swaplab/config/Written")

/** Where a field's default is from and how far it may be off, as a file writes it. In a JSON Schema it is `x-source`. */
export const SourceId: unique symbol = Symbol.for("@swaplab/config/Source")

/** Writes the defaults of the fields of a mapping, and of those inside it. */
const withFields = (ast: AST.TypeLiteral, decoded: AST.TypeLiteral, json: Mapping): Mapping => {
  const properties = isMapping(json.properties) ? json.properties : {}
  const written = Object.entries(properties).map(([key, property]): readonly [string, unknown] => {
    const type = ast.propertySignatures.find(({ name }) => name === key)?.type
    if (!isMapping(property) || type === undefined) return [key, property]
    const annotations = decoded.propertySignatures.find(({ name }) => name === key)?.annotations ?? {}
    const own = WrittenId in annotations
      ? {
        ...property,
        default: annotations[WrittenId],
        ...(SourceId in annotations && { "x-source": annotations[SourceId] })
      }
      : property
    return [key, withDefaults(type, own)]
  })
  const [values] = ast.indexSignatures
  const { additionalProperties } = json
  return {
    ...json,
    properties: Object.fromEntries(written),
    ...(values !== undefined && isMapping(additionalProperties) && {
      additionalProperties: withDefaults(values.type, additionalProperties)
    })
  }
}

const withDefaults = (ast: AST.AST, json: Mapping): Mapping => {
  switch (ast._tag) {
    case "Transformation":
      return AST.isTypeLiteral(ast.from) && AST.isTypeLiteral(ast.to)
        ? withFields(ast.from, ast.to, json)
        : withDefaults(ast.from, json)
    case "Refinement":
      return withDefaults(ast.from, json)
    case "TypeLiteral":
      return withFields(ast, ast, json)
    case "TupleType": {
      const [rest] = ast.rest
      return rest !== undefined && isMapping(json.items)
        ? { ...json, items: withDefaults(rest.type, json.items) }
        : json
    }
    case "Union": {
      const { anyOf } = json
      if (!Array.isArray(anyOf)) return json
      // choices of words, which stand in front, become one part
      const types = ast.types.slice(ast.types.length - anyOf.length)
      return {
        ...json,
        anyOf: anyOf.map((part: unknown, i) => (isMapping(part) ? withDefaults(types[i], part) : part))
      }
    }
    default:
      return json
  }
}

/** The JSON Schema of files, for editors. */
export const jsonSchemaOf = <A, I>(schema: Schema.Schema<A, I>, title: string, description: string): Mapping => ({
  ...withDefaults(schema.ast, JSONSchema.make(schema) as unknown as Mapping),
  title,
  description
})
