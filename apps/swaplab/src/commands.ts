// The table of commands and options: what the command line takes, its help, its completions and the tables of
// docs/reference/command.md. It loads nothing of the emulator, so that help is there at once.
import {
  file,
  flag,
  type Kind,
  many,
  one,
  oneOf,
  optional,
  type Program,
  required,
  several,
  SHELLS,
  text,
  wholeNumber
} from "@swaplab/command"
import type { EXIT } from "@swaplab/experiment"
import { CHECK_DETERMINISM, REPLAY } from "./commands-again.ts"
import { EXPORT_FORMATS, EXPORT_NAMES } from "./export-formats.ts"
import { IMPORTED } from "./import-forms.ts"
import {
  json,
  lockup,
  MAX_MAP_SEEDS,
  out,
  PROC_FILES,
  PROC_NAME,
  scenario,
  seed,
  seeds,
  set,
  SHRINK,
  time,
  workers
} from "./option-rows.ts"
import { load, server, serverTrace } from "./real-server/options.ts"

/** Where a page is served without --port. */
export const SERVE_PORT = 8420

const port = one(wholeNumber(0, 65_535), "Serves at this port; 0: at any that is free.", {
  without: `Without it: ${SERVE_PORT}.`
})
const report = one(
  file("FILE", "a file"),
  "Writes the report as a page: one HTML file with its charts that loads nothing. Its directory is made where it is missing."
)
const fresh = flag("Drops the runs that DIR has, instead of going on from them.")

const choice = {
  kernel: one(text("NAME", "a kernel of the result"), "A lockup of this kernel.", {
    without: "Without it: of the first."
  }),
  seed: one(wholeNumber(0), "A lockup of this seed."),
  client: one(text("NAME", "a client of the result"), "The lockup of this client.", {
    without: "Without it: the client that locked up first."
  })
}

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

const comparable = file("RESULT", "a result")

/** The table. */
export const SWAPLAB = {
  name: "swaplab",
  meaning: "Emulates clusters of diskless Linux machines that swap over NBD to a shared server.",
  commands: {
    run: {
      meaning: "Runs a scenario: each of its kernels with each of its seeds.",
      arguments: scenario,
      options: {
        seed,
        seeds,
        kernel: many(text("NAME", "a kernel of the scenario"), "Runs this kernel of the scenario only."),
        set,
        json,
        out: out(
          "Writes result.json, series.msgpack, series.csv, report.txt and room.svg (the first run as a chart) to this directory, "
            + "and each run at once."
        ),
        report,
        fresh,
        workers,
        server,
        serverTrace,
        watch: flag("Makes the runs one after the other, and serves a page on this machine that shows them meanwhile."),
        port,
        noMap: flag("Leaves out the map of outcomes, where the scenario has one.")
      },
      examples: [
        ["run scenarios/quick.yaml", "one small run"],
        ["run scenarios/quick.yaml --seeds 20 --out results", "twenty runs, kept as they end; the same again goes on"],
        ["run scenarios/quick.yaml --report quick.html", "the report as a page for a browser"],
        ["run scenarios/quick.yaml --set clients.0.ram=64MiB --json", "with more memory, for another program"],
        ["run scenarios/seed-2012.yaml --watch", "the same result, and a page that shows how it comes about"]
      ]
    },
    serve: {
      meaning: "Serves a page that shows a run while it goes on, with hands on.",
      arguments: scenario,
      options: {
        kernel: one(text("NAME", "a kernel of the scenario"), "With this kernel.", {
          without: "Without it: with the first of the scenario."
        }),
        seed,
        set,
        port,
        address: one(
          text("ADDRESS", "an address of this machine"),
          "Serves at this address. One that others reach needs --token-file.",
          { without: "Without it: 127.0.0.1, which nobody else reaches." }
        ),
        tokenFile: one(
          file("FILE", "a file with a token"),
          "Lets in only who has the token of this file: by ?token=… in the address, or as Authorization: Bearer."
        )
      },
      examples: [
        ["serve scenarios/quick.yaml", "then open the address that it prints"],
        [
          "serve scenarios/quick.yaml --address 0.0.0.0 --token-file token",
          "for others, too; openssl rand -hex 16 > token makes one"
        ]
      ]
    },
    ablate: {
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
        workers
      },
      examples: [
        ["ablate scenarios/ablation.yaml --out ablation", "the whole series"],
        ["ablate scenarios/ablation.yaml --patch throttle --plus", "one patch, taken out and put in"]
      ]
    },
    map: {
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
    },
    sweep: {
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
        workers
      },
      examples: [
        ["sweep scenarios/quick.yaml -x clients.0.ram=32..64MiB/3", "time and page-ins over memory, five seeds each"],
        [
          "sweep scenarios/quick.yaml -x clients.0.count=1..4step1 --precision 5%",
          "as many seeds as 5 % needs"
        ]
      ]
    },
    capacity: {
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
        workers
      },
      examples: [
        ["capacity scenarios/capacity-quick.yaml", "a small one, in less than a minute"],
        [
          "capacity scenarios/class-start.yaml --budget 10min --out room",
          "as far as ten minutes go; the same again goes on"
        ],
        ["capacity my.yaml --least --over server.link.rate=100Mbit,1Gbit", "the slowest link that does"]
      ]
    },
    soak: {
      meaning: "Runs one troubled classroom after the other, drawn from seeds, and groups what goes wrong.",
      more: [
        "Each run has two halves: trouble, then all faults end and progress is demanded. Laws and invariants are checked throughout; "
        + "docs/reference/soak.md says what is drawn."
      ],
      arguments: {
        file: optional(
          file("FILE", "a soak test or a scenario (YAML)"),
          "What the swarm is narrowed to, and which findings are expected; or a scenario with one kernel, run with one seed after the "
            + "other. Without it: everything."
        )
      },
      options: {
        for: one(time, "Goes on for this much time of the clock, such as 1h."),
        runs: one(wholeNumber(1), "So many runs.", { without: "Without it, and without the others: 100." }),
        clientHours: one(wholeNumber(1), "So many client-hours of a scenario, over as many seeds as that takes."),
        untilFailure: flag("Ends with the first unexpected finding."),
        canary: flag("One run in a hundred fails by design: shows that the alarm works."),
        seed: one(wholeNumber(0), "The first seed; the others follow.", { without: "Without it: 1." }),
        shrink: SHRINK,
        draw: flag("Prints the scenario of the first seed instead of running anything."),
        json,
        out: out(
          "Writes soak.json, report.txt and failures/, a folder for each signature, to this directory, and each run at once."
        ),
        fresh,
        workers
      },
      examples: [
        ["soak --runs 200", "two hundred runs of everything"],
        ["soak --for 1h --out soak", "an hour; the same again goes on"],
        ["soak --draw --seed 17 > 17.yaml", "a drawn scenario, for swaplab run"]
      ]
    },
    load,
    compare: {
      meaning: "Puts two results side by side, seed by seed: every metric, with both meanings of faster.",
      arguments: {
        a: required(
          comparable,
          "A result.json, sweep.json or map.json, or its directory; #kernel=NAME,PATH=VALUE behind it chooses."
        ),
        b: required(comparable, "What is compared with it, likewise.")
      },
      options: {
        all: flag("Shows every metric, not only those that differ."),
        guard: many(
          text("METRIC", "a metric such as elapsed"),
          "Exit code 99 where this metric is significantly worse in the second."
        ),
        json
      },
      examples: [
        ["compare out/old out/new", "two results, kernel by kernel"],
        ["compare out#kernel=slab-vanilla out#kernel=slab-series --guard elapsed", "two kernels of one result"]
      ]
    },
    sensitivity: {
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
    },
    "check-determinism": CHECK_DETERMINISM,
    replay: REPLAY,
    why: {
      meaning:
        "Explains a lockup of a result: who waits for whom, and which patch would have saved the client; or a time-out.",
      more: ["The run is made once more and looked at closely, then with one patch after the other switched on."],
      arguments: lockup,
      options: {
        ...choice,
        before: one(time, "How long before the last progress a patch is switched on, in simulated time.", {
          without: "Without it: 100 ms."
        }),
        limit: one(time, "How long a replay goes on after that, at most, in simulated time.", {
          without: "Without it: to the scenario's duration."
        }),
        noPatches: flag("Leaves out the replays with other patches: graph and timeline only."),
        out: out("Writes graph.svg, timeline.svg, timeline.csv and why.txt to this directory."),
        workers
      },
      examples: [["why results --out why", "the first lockup of results/result.json, with pictures"]]
    },
    shrink: {
      meaning: "Makes the scenario of a lockup as small as it can be while its class of lockup stays.",
      arguments: lockup,
      options: {
        ...choice,
        runs: one(wholeNumber(1), "Most simulations that the search may take.", { without: "Without it: 200." }),
        out: out("Writes scenario.yaml to this directory instead of printing it."),
        workers
      },
      examples: [["shrink results > small.yaml", "the first lockup of results/result.json"]]
    },
    proc: {
      meaning: "Prints a file of /proc of a client at a time of its run, as its kernel would.",
      arguments: {
        ...scenario,
        name: optional(
          PROC_NAME,
          `The file: ${PROC_FILES}.`
        )
      },
      options: {
        client: one(text("NAME", "a client of the scenario"), "Of this client.", { without: "Without it: the first." }),
        at: one(time, "At this simulated time.", { without: "Without it: at the end of the run." }),
        kernel: one(text("NAME", "a kernel of the scenario"), "With this kernel.", {
          without: "Without it: with the first of the scenario."
        }),
        seed,
        set,
        out: out("Writes all of them to this directory, for tools that read /proc.")
      },
      examples: [
        ["proc scenarios/quick.yaml zoneinfo --at 100ms", "zones and watermarks while memory is short"],
        ["proc scenarios/quick.yaml --at 100ms --out proc", "everything, as files"]
      ]
    },
    import: {
      meaning: "Makes a scenario of files that people have: dumps of a machine, a room's configuration, traces.",
      more: [
        `Reads ${IMPORTED}. Several files make one scenario: the memory of a machine is that of the clients of a room, or of the `
        + "client of a trace. What was assumed, and every line that was not understood, is listed."
      ],
      arguments: { files: several(file("FILE", "a file"), "A file; which form it has is seen from its content.") },
      options: {
        as: one(
          oneOf("WHAT", ["scenario", "nbd-server"]),
          "scenario, or nbd-server: of a config of nbd-server, a configuration of swaplab-nbd-server.",
          { without: "Without it: scenario." }
        ),
        out: one(file("FILE", "a file"), "Writes it to this file, and the report on standard output.", {
          without: "Without it: on standard output, and the report on standard error."
        })
      },
      examples: [
        ["import dmesg.txt --out my-client.yaml", "the machine of a page allocation failure, beside ours"],
        ["import /proc/zoneinfo /proc/meminfo --out here.yaml", "this machine"],
        ["import capture.pcapng --out replayed.yaml", "the swap of real clients, replayed"],
        ["import nbd-server.conf --as nbd-server --out swaplab.yaml", "for swaplab-nbd-server"]
      ]
    },
    export: {
      meaning: "Prints a run or a result in a form that other tools open.",
      arguments: {
        file: required(file("FILE", "a scenario or a result"), "A scenario (YAML), which is run; for junit a result.")
      },
      options: {
        as: one(
          oneOf("FORMAT", EXPORT_NAMES),
          Object.entries(EXPORT_FORMATS).map(([name, { meaning }]) => `${name}: ${meaning}`).join(" ")
        ),
        link: one(
          text("CABLE", "a cable such as client-1/eth0"),
          "The cable that pcapng and iolog record: MACHINE/eth0 as that machine sees it, or the name of an uplink."
        ),
        until: one(time, "Runs to this simulated time.", { without: "Without it: to the end of the run." }),
        kernel: one(text("NAME", "a kernel of the scenario"), "With this kernel.", {
          without: "Without it: with the first of the scenario."
        }),
        seed,
        set
      },
      examples: [
        ["export scenarios/quick.yaml --as trace --until 200ms > quick.json", "who slept on what, for Perfetto"],
        ["export scenarios/quick.yaml --as pcapng --link server/eth0 > q.pcapng", "its traffic, for Wireshark"],
        ["export results --as junit > junit.xml", "a result as tests of a build"]
      ]
    },
    validate: {
      meaning: "Checks a scenario without running it.",
      arguments: scenario,
      options: { set },
      examples: [["validate my.yaml", "says what it consists of and which settings have no effect"]]
    },
    patches: {
      meaning: "Lists the patches and bases that kernels are made of, and what is not verified.",
      arguments: {
        kernel: optional(
          text("KERNEL", "a kernel such as v3.6"),
          "Only the patches of this kernel: v3.6, or \"v3.6 - nbd-memalloc + readahead-plug\"."
        )
      },
      options: {
        scenario: one(
          file("FILE", "a scenario (YAML)"),
          "Which patches in the kernels of this scenario change nothing there, and why."
        ),
        json: flag("Prints JSON and nothing else.")
      },
      examples: [
        ["patches v9", "the patches of one base"],
        ["patches --scenario scenarios/quick.yaml", "which of them do nothing with its cards"]
      ]
    },
    schema: {
      meaning: "Prints the JSON Schema of scenario files, for editors.",
      arguments: {},
      options: {},
      examples: [["schema > scenario.schema.json", "for the first line of a file, $schema: ./scenario.schema.json"]]
    },
    completions: {
      meaning: "Prints a script that makes a shell complete commands, options and files.",
      arguments: { shell: required(oneOf("SHELL", SHELLS), "bash, zsh or fish.") },
      options: {},
      examples: [["completions bash >> ~/.bashrc", "in bash; docs/reference/command.md says how in zsh and fish"]]
    }
  },
  exitCodes: [
    [0 satisfies typeof EXIT.ok, "everything went as the scenario expects"],
    [1 satisfies typeof EXIT.ourFault, "a fault of swaplab: an assertion, a broken law, a lost run"],
    [2 satisfies typeof EXIT.userError, "a mistake in a scenario, an option or a path"],
    [97 satisfies typeof EXIT.behind, "not judged: the host could not keep up with a run in real time"],
    [98 satisfies typeof EXIT.lockup, "a lockup where the scenario expects none"],
    [99 satisfies typeof EXIT.threshold, "a threshold missed, or another outcome than the expected one"],
    [130 satisfies typeof EXIT.interrupted, "interrupted; what was measured until then is shown and written"]
  ]
} as const satisfies Program

/** The commands by name. */
export type Commands = typeof SWAPLAB.commands
