// Colours of a heat map: from pale, where all is well, to dark, where nothing gets through. The scale differs in lightness
// from end to end, so that it is told apart by people who see few colours, and on paper.

import { exp, log } from "@swaplab/sim"

/** BuPu of ColorBrewer 2.0 (Apache 2.0), by share of completed runs: 100 %, 75 %, 50 %, 25 %, 0 %. */
const STOPS = [[0xed, 0xf8, 0xfb], [0xb3, 0xcd, 0xe3], [0x8c, 0x96, 0xc6], [0x88, 0x56, 0xa7], [0x81, 0x0f, 0x7c]]

const rgb = (share: number): ReadonlyArray<number> => {
  const at = (1 - Math.min(1, Math.max(0, share))) * (STOPS.length - 1)
  const below = Math.min(Math.floor(at), STOPS.length - 2)
  return STOPS[below].map((value, i) => Math.round(value + (STOPS[below + 1][i] - value) * (at - below)))
}

/** Relative luminance of WCAG 2.1. */
const luminance = (channels: ReadonlyArray<number>): number => {
  const [r, g, b] = channels.map((channel) => {
    const c = channel / 255
    return c <= 0.03928 ? c / 12.92 : exp(2.4 * log((c + 0.055) / 1.055))
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Fill of a field with a share of completed runs. */
export const shareColour = (share: number): string =>
  `#${rgb(share).map((channel) => channel.toString(16).padStart(2, "0")).join("")}`

/** Contrast of black and of white text on that fill, by WCAG 2.1. */
export const contrasts = (share: number): { readonly black: number; readonly white: number } => {
  const light = luminance(rgb(share))
  return { black: (light + 0.05) / 0.05, white: 1.05 / (light + 0.05) }
}

/** Text colour with the higher contrast on that fill. */
export const inkOn = (share: number): string => {
  const { black, white } = contrasts(share)
  return black >= white ? "#000000" : "#ffffff"
}
