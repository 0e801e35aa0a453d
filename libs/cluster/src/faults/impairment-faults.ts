// Faults of cables that lose, delay or double frames by chance, as netem does.
// Modelled: see libs/lan (impairments.ts).
import { field, formatQuantity, Percentage, required, SHARE, TIME } from "@swaplab/config"
import { MS, positiveTime } from "../scenario/fields.ts"
import { direction, linksOf, onLinks, parts, towards } from "./cable-direction.ts"
import { faultKind } from "./fault-kind.ts"

export const loss = faultKind({
  on: "port",
  meaning: "frames are lost by chance, each by itself",
  sets: "loss",
  parts,
  cause: "network",
  hits: "frames lost",
  options: { ...required("probability", Percentage, "Of each frame."), direction },
  swarm: { probability: ["0.5 %", "5 %", "30 %"], direction: ["both", "to-switch", "from-switch"] },
  begin: (place, options) =>
    onLinks(
      linksOf(place, options),
      ({ impairments }) => impairments.setLoss(options.probability),
      ({ impairments }) => impairments.setLoss(0),
      { "frames lost": ({ impairments }) => impairments.faultLostFrames }
    ),
  describe: (options) => `loss ${formatQuantity(SHARE, options.probability)}${towards(options)}`
})

export const burstLoss = faultKind({
  on: "port",
  meaning: "frames are lost in bursts (Gilbert and Elliott, as netem's gemodel)",
  sets: "burst loss",
  parts,
  cause: "network",
  hits: "frames lost",
  options: {
    ...required("toBad", Percentage, "p: from the good state to the bad one, before each frame."),
    ...required("toGood", Percentage, "r: back again. A burst is 1 / r frames long on average."),
    lossBad: field(Percentage, 1, "1 - h: a frame is lost in the bad state. All, in Gilbert's simplest model."),
    lossGood: field(Percentage, 0, "1 - k: a frame is lost in the good state."),
    direction
  },
  swarm: { toBad: ["0.5 %", "5 %"], toGood: ["10 %", "50 %"], direction: ["both", "to-switch", "from-switch"] },
  rules: [{
    path: ["toBad"],
    holds: (options) => options.toBad > 0 || options.lossGood > 0,
    words: () => `got "0 %", expected more than 0 %, or lossGood above 0 %: else nothing is ever lost`
  }],
  begin: (place, options) =>
    onLinks(
      linksOf(place, options),
      ({ impairments }) => impairments.setBurstLoss(options),
      ({ impairments }) => impairments.setBurstLoss(null),
      {
        "frames lost": ({ impairments }) => impairments.burstLostFrames,
        bursts: ({ impairments }) => impairments.bursts
      }
    ),
  describe: (options) =>
    `bursts of loss, p ${formatQuantity(SHARE, options.toBad)}, r ${formatQuantity(SHARE, options.toGood)}${
      towards(options)
    }`
})

export const reorder = faultKind({
  on: "port",
  meaning: "a share of the frames arrives late, so that others overtake them",
  sets: "order",
  parts,
  cause: "network",
  hits: "frames overtaken",
  options: {
    ...required("probability", Percentage, "Of each frame."),
    delay: field(positiveTime, MS, "How late they are. Assumed: as over two paths of different length."),
    direction
  },
  swarm: { probability: ["1 %", "20 %"], delay: ["50 us", "1 ms", "10 ms"] },
  begin: (place, options) =>
    onLinks(
      linksOf(place, options),
      ({ impairments }) => impairments.setReordering({ probability: options.probability, delayNs: options.delay }),
      ({ impairments }) => impairments.setReordering(null),
      {
        "frames overtaken": ({ impairments }) => impairments.reorderedFrames,
        "frames late": ({ impairments }) => impairments.lateFrames
      }
    ),
  describe: (options) =>
    `${formatQuantity(SHARE, options.probability)} late by ${formatQuantity(TIME, options.delay)}${towards(options)}`
})

export const duplicate = faultKind({
  on: "port",
  meaning: "a share of the frames arrives twice",
  sets: "duplicates",
  parts,
  cause: "network",
  hits: "frames twice",
  options: { ...required("probability", Percentage, "Of each frame."), direction },
  swarm: { probability: ["1 %", "20 %"] },
  begin: (place, options) =>
    onLinks(
      linksOf(place, options),
      ({ impairments }) => impairments.setDuplication(options.probability),
      ({ impairments }) => impairments.setDuplication(0),
      { "frames twice": (link) => link.duplicatedFrames }
    ),
  describe: (options) => `${formatQuantity(SHARE, options.probability)} twice${towards(options)}`
})
