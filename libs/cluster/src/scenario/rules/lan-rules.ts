// Rules about the switch.
import { formatQuantity, plural, type Rule, rulesOf, SIZE } from "@swaplab/config"
import { clientsOf } from "../clients.ts"
import type { Scenario } from "../scenario.ts"
import { serversOf } from "../servers.ts"

/** Ports that are certainly in use: of servers and clients. */
const ports = (scenario: Scenario): number => serversOf(scenario).length + clientsOf(scenario, "").length

export const LAN_RULES: ReadonlyArray<Rule<Scenario>> = rulesOf<Scenario>([
  {
    name: "the reserves of all ports fit into the switch",
    path: ["lan", "switch", "portReserve"],
    holds: (scenario) => scenario.lan.switch.portReserve * ports(scenario) <= scenario.lan.switch.buffer,
    words: (scenario) =>
      `expected at most ${formatQuantity(SIZE, Math.floor(scenario.lan.switch.buffer / ports(scenario)))}: ` +
      `${plural(ports(scenario), "port")} share a buffer of ${formatQuantity(SIZE, scenario.lan.switch.buffer)}`
  },
  {
    name: "a port may hold its reserve",
    path: ["lan", "switch", "portLimit"],
    holds: ({ lan }) => lan.switch.portLimit === undefined || lan.switch.portLimit >= lan.switch.portReserve,
    words: ({ lan }) => `expected at least lan.switch.portReserve, ${formatQuantity(SIZE, lan.switch.portReserve)}`
  }
])
