// Clients that lose their power, or crash.
// Modelled: see run/power.ts.
// Not modelled: what differs between the two on the machine itself, such as the panic that is printed. To the rest of the world
// they look the same: neither says anything to the server. `for` stands for panic=N, or for the hand that switches it on.
import { type ActiveFault, type ClientPlace, faultKind } from "./fault-kind.ts"

const powerOff = ({ power }: ClientPlace): ActiveFault => {
  const ended = power.unplug()
  let back = 0
  return {
    end: () => {
      back = 1
      power.plugIn()
    },
    effects: () => [["machines off", 1], ["processes ended", ended], ["machines on again", back]]
  }
}

export const clientPowerOff = faultKind({
  on: "client",
  meaning: "somebody pulls the plug of the client; after `for`, if it is given, it boots again",
  sets: "power",
  cause: "network",
  hits: "machines off",
  options: {},
  swarm: {},
  begin: powerOff,
  describe: () => "without power"
})

export const crash = faultKind({
  on: "client",
  meaning: "the kernel of the client panics and stands still; after `for`, if it is given, it boots again (panic=N)",
  sets: "power",
  cause: "network",
  hits: "machines off",
  options: {},
  swarm: {},
  begin: powerOff,
  describe: () => "crashed"
})
