// Commands that make many runs and ask something of all of them.
import { flag, type Kind, many, one, oneOf, text, wholeNumber } from "@swaplab/command"
import {
  fresh,
  json,
  manyMachines,
  MAX_MAP_SEEDS,
  out,
  report,
  scenario,
  seed,
  seeds,
  set,
  time,
  workers
} from "./option-rows.ts"
import { server } from "./real-server/options.ts"

const sweptPath = text(
  "PATH=RANGE",
  "PATH=a,b,c, PATH=from..to/steps, PATH=from..to step size or PATH=uniform(from, to)"
)
const percentage: Kind<number> = {
  placeholder: "N%",
  expected: "a percentage above 0 % and at most 100 %, such as 5%",
  read: (value) => {
    const share = /^\d{1,3}(\.\d{1,3})? ?%$/.test(value) ? Number.parseFloat(value) / 100 : Number.NaN
    return share > 0 && share <= 1 ? share : undefined
  }
}

/** `swaplab ablate`. */
export const ABLATE = {
  meaning: "Takes each patch out of a kernel: which does a load need, and which do nothing?",
  arguments: scenario,
  options: {
    seed,
    seeds,
    allocator: many(oneOf("NAME", ["slab", "slub"]), "Kernels with this allocator, slab or slub.", {
      without: "Without it: those of the scenario's kernels."
    }),
    patch: many(text("NAME", "a patch, see swaplab patches"), "Only this patch.", {
      without: "Without it: the sixteen of the series."
    }),
    base: one(text("BASE", "a base, see swaplab patches"), "What each patch is taken out of.", {
      without: "Without it: v3.6."
    }),
    vanilla: one(text("BASE", "a base, see swaplab patches"), "The kernel without the patches.", {
      without: "Without it: v3.5."
    }),
    plus: flag("Also puts each patch alone on the vanilla kernel."),
    set,
    json,
    out: out("Writes ablation.json, ablation.csv and report.txt to this directory, and each run at once."),
    fresh,
    workers,
    ...manyMachines
  },
  examples: [
    ["ablate scenarios/ablation.yaml --out ablation", "the whole series"],
    ["ablate scenarios/ablation.yaml --patch throttle --plus", "one patch, taken out and put in"]
  ]
} as const

/** `swaplab map`. */
export const MAP = {
  meaning: "Maps the outcome of a scenario over one or two of its parameters.",
  arguments: scenario,
  options: {
    x: one(
      text("PATH=RANGE", "PATH=a,b,c, PATH=from..to/steps or PATH=log:from..to/steps"),
      "The parameter across: PATH=a,b,c or PATH=from..to/steps or PATH=log:from..to/steps.",
      { letter: "x", without: "Without it: the map of the scenario." }
    ),
    y: one(
      text("PATH=RANGE", "PATH=a,b,c, PATH=from..to/steps or PATH=log:from..to/steps"),
      "The parameter down, likewise.",
      { letter: "y" }
    ),
    seeds: one(wholeNumber(1, MAX_MAP_SEEDS), "The seeds 1 to N in each field.", { without: "Without it: 3." }),
    kernel: many(text("NAME", "a kernel of the scenario"), "Maps this kernel of the scenario only.", {
      without: "Without it: those of the scenario's map, or all."
    }),
    set,
    json,
    out: out("Writes map.json, map.csv, map.svg and report.txt to this directory, and each run at once."),
    fresh,
    workers
  },
  examples: [
    ["map scenarios/map-card.yaml", "the map that the scenario describes"],
    ["map scenarios/quick.yaml -x clients.0.cpus=1,2,4 --seeds 5", "the outcome by CPUs, five seeds each"]
  ]
} as const

/** `swaplab sweep`. */
export const SWEEP = {
  meaning: "Runs a scenario over the values of any of its parameters and shows any metric of the runs.",
  arguments: scenario,
  options: {
    x: one(sweptPath, "The parameter across: the axis of the charts.", { letter: "x" }),
    y: one(
      sweptPath,
      "A second parameter: a line of the charts for each value, and the other axis of the heat map.",
      {
        letter: "y"
      }
    ),
    z: one(sweptPath, "A third parameter.", { letter: "z" }),
    over: many(sweptPath, "One more parameter."),
    metric: many(
      text("METRIC", "a metric such as client.faultLatency.p99.max"),
      "What is shown: a metric of thresholds, one of clients with .min, .mean or .max, completed, or steady.*. The files have all.",
      {
        without:
          "Without it: the scenario's thresholds, or elapsed, client.faultLatency.p99 and steady.throughputPerSecond."
      }
    ),
    seeds: one(wholeNumber(1, MAX_MAP_SEEDS), "The seeds 1 to N at each place; with --precision the first N.", {
      without: "Without it: 5."
    }),
    precision: one(
      percentage,
      "More seeds at each place until the 95 % interval of each shown metric is its mean plus or minus so much."
    ),
    mostSeeds: one(wholeNumber(1, MAX_MAP_SEEDS), "The most seeds at a place with --precision.", {
      without: "Without it: 50."
    }),
    usl: flag("Insists on a fit of the Universal Scalability Law: a sweep that cannot have one is a mistake."),
    kernel: many(text("NAME", "a kernel of the scenario"), "Runs this kernel of the scenario only."),
    set,
    json,
    out: out(
      "Writes sweep.json, sweep.csv, curves.svg, heat maps, pareto.svg where there are prices, and report.txt to this "
        + "directory, and each run at once."
    ),
    report,
    fresh,
    workers,
    ...manyMachines
  },
  examples: [
    ["sweep scenarios/quick.yaml -x clients.0.ram=32..64MiB/3", "time and page-ins over memory, five seeds each"],
    [
      "sweep scenarios/quick.yaml -x clients.0.count=1..4step1 --precision 5%",
      "as many seeds as 5 % needs"
    ]
  ]
} as const

/** `swaplab capacity`. */
export const CAPACITY = {
  meaning: "Finds how many clients a server carries: the most for which a run keeps its SLOs, with its confidence.",
  more: [
    "Each run has to keep the slo and the thresholds of the scenario. The answer holds in 4 of 5 mornings, and is right with 80 % "
    + "probability; docs/reference/capacity.md says how it is found."
  ],
  arguments: scenario,
  options: {
    over: one(
      text("PATH", "a path such as clients.0.count, or PATH=a,b,c"),
      "What is searched, instead of the number of clients: a path of the file with whole numbers, or PATH=a,b,c with values that "
        + "have an order, such as server.link.rate=100 Mbit,1 Gbit.",
      { without: "Without it: clients.0.count." }
    ),
    from: one(wholeNumber(0), "The least value.", { without: "Without it: 1." }),
    to: one(wholeNumber(0), "The greatest value.", { without: "Without it: four times what the scenario has." }),
    step: one(wholeNumber(1), "Between two values.", { without: "Without it: 1." }),
    least: flag("Searches the least value that holds: of what helps, such as a link rate."),
    holds: one(text("SHARE", "a percentage such as 95%"), "How often a run has to hold.", {
      without: "Without it: 80%."
    }),
    sure: one(text("SHARE", "a percentage such as 95%"), "How sure the answer has to be.", {
      without: "Without it: 80%."
    }),
    within: one(
      text("SHARE", "a percentage such as 10%"),
      "How wide the interval of the answer may be, as a share of it.",
      { without: "Without it: 15%." }
    ),
    budget: one(time, "Ends after this much time of the clock, such as 10min, with the best answer so far."),
    kernel: one(text("NAME", "a kernel of the scenario"), "Searches with this kernel of the scenario.", {
      without: "Without it: the only one."
    }),
    seed: one(wholeNumber(0), "The first seed; the others follow.", { without: "Without it: 1." }),
    set,
    json,
    out: out(
      "Writes capacity.json, capacity.csv, capacity.svg and report.txt to this directory, and each run at once."
    ),
    report,
    fresh,
    server,
    workers,
    ...manyMachines
  },
  examples: [
    ["capacity scenarios/capacity-quick.yaml", "a small one, in less than a minute"],
    [
      "capacity scenarios/class-start.yaml --budget 10min --out room",
      "as far as ten minutes go; the same again goes on"
    ],
    ["capacity my.yaml --least --over server.link.rate=100Mbit,1Gbit", "the slowest link that does"]
  ]
} as const

/** `swaplab sensitivity`. */
export const SENSITIVITY = {
  meaning: "Says which assumption matters: every estimate of a scenario goes to both ends of its range.",
  arguments: scenario,
  options: {
    metric: one(text("METRIC", "a metric such as elapsed"), "What is looked at.", {
      without: "Without it: the first of the scenario's thresholds, or elapsed."
    }),
    vary: many(
      text("PATH=LOW,HIGH", "PATH=low,high"),
      "Another parameter, or one whose value the scenario gives, with the two ends of its range."
    ),
    seeds: one(wholeNumber(1, MAX_MAP_SEEDS), "The seeds 1 to N for each.", { without: "Without it: 5." }),
    kernel: one(text("NAME", "a kernel of the scenario"), "The kernel that runs.", {
      without: "Without it: the first of the scenario."
    }),
    set,
    json,
    out: out("Writes sensitivity.json, tornado.svg and report.txt to this directory, and each run at once."),
    fresh,
    workers
  },
  examples: [["sensitivity scenarios/quick.yaml --seeds 3", "what the time of a run hangs on"]]
} as const
