// Reading a file of a thousand entries: parsed, with the place of every value, decoded and held against a rule; against
// JSON.parse of the same data.
import { decodeTree, field, parseYaml, type Rule, Size, text, Time, toYaml, whole } from "@swaplab/config"
import { Either, Schema } from "effect"

const ENTRIES = 1000
const ROUNDS = 10

const Machine = Schema.Struct({
  name: text,
  ram: field(Size, 0, "Memory."),
  cpus: field(whole(1, 64), 2, "CPUs."),
  start: field(Time, 0, "When it is switched on.")
})
const Machines = Schema.Struct({ machines: Schema.Array(Machine) })

const named: Rule<typeof Machines.Type> = {
  name: "machines have names of their own",
  broken: ({ machines }) =>
    new Set(machines.map(({ name }) => name)).size === machines.length ? [] : [{ path: ["machines"], text: "twice" }]
}

const data = {
  machines: Array.from({ length: ENTRIES }, (_, i) => ({ name: `m${i}`, ram: "2 GiB", cpus: 4, start: `${i} ms` }))
}
const yaml = toYaml(data)
const json = JSON.stringify(data)

const cpuSeconds = (run: () => void): number => {
  const before = process.cpuUsage()
  for (let i = 0; i < ROUNDS; i++) run()
  const used = process.cpuUsage(before)
  return (used.user + used.system) / 1e6
}

const read = (): void => {
  const tree = Either.getOrThrow(parseYaml("bench.yaml", yaml, { what: "machines", top: "machines" }))
  Either.getOrThrow(decodeTree(Machines, [named], tree))
}

read()
const seconds = cpuSeconds(read)
const jsonSeconds = cpuSeconds(() => void JSON.parse(json))
console.log(JSON.stringify({
  bench: "config read",
  opsPerCpuSecond: Math.round(ENTRIES * ROUNDS / seconds),
  msAFile: Math.round(seconds * 1000 / ROUNDS),
  ratioToJson: Math.round(seconds / jsonSeconds)
}))
