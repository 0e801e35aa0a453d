// Reading a command line of six options, against splitting one into words.
import { file, flag, many, one, parse, required, text, wholeNumber } from "@swaplab/command"

const RUNS = 5000
const LINE = "run a.yaml --seed 7 --kernel slab --kernel slub --set a=1 --json --out results"

const PROGRAM = {
  name: "lab",
  meaning: "A lab.",
  commands: {
    run: {
      meaning: "Runs.",
      arguments: { file: required(file("FILE", "a file"), "A file.") },
      options: {
        seed: one(wholeNumber(0), "A seed."),
        kernel: many(text("NAME", "a kernel"), "Kernels."),
        set: many(text("PATH=VALUE", "a value"), "Values."),
        json: flag("JSON."),
        out: one(text("DIR", "a directory"), "Files.")
      },
      examples: []
    }
  },
  exitCodes: [[0, "done"]]
} as const

const cpuSeconds = (run: () => void): number => {
  const before = process.cpuUsage()
  run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

const style = { columns: 80, title: (title: string): string => title }
const read = (): void => {
  const called = parse(PROGRAM, "1.0.0", LINE.split(" "), style)
  if ("said" in called) throw new Error(called.said)
}
let words = 0
const split = (): void => {
  words += LINE.split(" ").length
}
const repeat = (run: () => void): void => {
  for (let i = 0; i < RUNS; i++) run()
}

repeat(read)
repeat(split)
const seconds = cpuSeconds(() => repeat(read))
const splitSeconds = cpuSeconds(() => repeat(split))
console.log(JSON.stringify({
  bench: "command parse",
  opsPerCpuSecond: Math.round(RUNS / seconds),
  usPerLine: Number((seconds * 1e6 / RUNS).toFixed(1)),
  usPerSplit: Number((splitSeconds * 1e6 / RUNS).toFixed(2)),
  words: words / (2 * RUNS)
}))
