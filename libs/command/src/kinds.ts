// What options and arguments take: how a value is read, what a wrong one is told, what a shell completes.

/** The kind of a value. */
export interface Kind<A> {
  /** Stands for the value in help: `N`, `FILE`, `PATH=VALUE`. */
  readonly placeholder: string
  /** Ends the message of a wrong value: `a whole number from 1 to 256`. */
  readonly expected: string
  /** The value of a text; undefined for a wrong one. */
  readonly read: (text: string) => A | undefined
  /** What a shell proposes: words, names of files, or names of directories. Nothing without it. */
  readonly completes?: ReadonlyArray<string> | "file" | "directory"
}

/** Any text but the empty one. `expected` is for help and messages. */
export const text = (placeholder: string, expected: string): Kind<string> => ({
  placeholder,
  expected,
  read: (value) => (value === "" ? undefined : value)
})

/** The path of a file. */
export const file = (placeholder: string, expected: string): Kind<string> => ({
  ...text(placeholder, expected),
  completes: "file"
})

/** The path of a directory. */
export const directory = (placeholder: string, expected: string): Kind<string> => ({
  ...text(placeholder, expected),
  completes: "directory"
})

/** A whole number from `min` to `max`, in digits. */
export const wholeNumber = (min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> => ({
  placeholder: "N",
  expected: `a whole number from ${min} to ${max}`,
  read: (value) => {
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
    return number >= min && number <= max ? number : undefined
  }
})

/** One of some words. */
export const oneOf = <const A extends string>(placeholder: string, words: ReadonlyArray<A>): Kind<A> => ({
  placeholder,
  expected: words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
  read: (value) => words.find((word) => word === value),
  completes: words
})
