// Numbers in sentences.

/** `1 page`, `2 pages`; `many` where the plural is no plain s. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** `once`, `3 times`. */
export const times = (n: number): string => (n === 1 ? "once" : `${n} times`)
