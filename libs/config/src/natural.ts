// Natural order of names: client-2 before client-10. Independent of the host's locale.

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Cuts a name into runs of digits and runs of anything else. */
const chunks = (name: string): ReadonlyArray<string> => name.match(/\d+|\D+/g) ?? []

/** Compares two names, runs of digits by their value. Negative: `a` comes first. */
export const compareNatural = (a: string, b: string): number => {
  const left = chunks(a)
  const right = chunks(b)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i]
    const y = right[i]
    if (isDigit(x.charCodeAt(0)) && isDigit(y.charCodeAt(0))) {
      const difference = BigInt(x) - BigInt(y)
      if (difference !== 0n) return difference < 0n ? -1 : 1
    }
    if (x !== y) return x < y ? -1 : 1
  }
  return left.length - right.length
}
