// Figures of two boots of a client, added up.

/** Every figure that is a number, added; the rest is that of the second. */
export const addFigures = <A extends object>(first: A, second: A): A =>
  Object.fromEntries(
    Object.entries(second).map(([name, value]) => [
      name,
      typeof value === "number" ? value + ((first as Record<string, number | undefined>)[name] ?? 0) : value
    ])
  ) as A

/** What both have is added, what one has is taken. */
export const addBoth = <A>(first: A | null, second: A | null, add: (first: A, second: A) => A): A | null =>
  first === null || second === null ? first ?? second : add(first, second)
