// Times and amounts in words.

/** A simulated time with the unit that suits it: `1.9 ms`, `6.00 s`. */
export const timeWords = (ns: number): string =>
  ns < 1e9 ? `${(ns / 1e6).toFixed(ns < 1e8 ? 1 : 0)} ms` : `${(ns / 1e9).toFixed(2)} s`

/** How much slower or faster than the clock on the wall: `1,000 times slower`. */
export const speedWords = (speed: number): string => {
  if (!Number.isFinite(speed)) return "as fast as it goes"
  if (Math.abs(speed - 1) < 0.1) return "as fast as in reality"
  const factor = speed < 1 ? 1 / speed : speed
  const rounded = factor < 10
    ? factor.toFixed(1).replace(/\.0$/, "")
    : String(Math.round(factor / 10 ** Math.floor(Math.log10(factor))) * 10 ** Math.floor(Math.log10(factor)))
  return `${rounded.replace(/\B(?=(\d{3})+$)/g, ",")} times ${speed < 1 ? "slower" : "faster"} than in reality`
}
