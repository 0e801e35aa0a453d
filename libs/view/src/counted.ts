/** A number and what it counts: `1 request`, `2 requests`. */
export const counted = (n: number, one: string): string => `${n} ${n === 1 ? one : `${one}s`}`
