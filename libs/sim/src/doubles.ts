// Fields that hold wide numbers from the start.

/** The fields of T that hold numbers. */
type NumberField<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T]

/**
 * Tells V8 that these fields of a class hold wide numbers: times in nanoseconds, sequence numbers, sums of bytes. Called at the end
 * of a constructor; the fields keep their values. Without it a field that starts at 0 counts as a small integer, and the first value
 * beyond 2³¹ changes the hidden class of all instances: seconds into a run all compiled code that touches one is thrown away.
 */
export const keepAsDoubles = <T extends object>(object: T, ...fields: ReadonlyArray<NumberField<T>>): void => {
  const numbers = object as Record<NumberField<T>, number>
  for (const field of fields) {
    const value = numbers[field]
    numbers[field] = 0.5
    numbers[field] = value
  }
}

/** The same for a private field: `#sum = WIDE` where it is declared, and `this.#sum = 0` in the constructor. */
export const WIDE = 0.5
