// sendmsg where memory is refused: the head of a segment, its page, and the grant of the protocol.
import { HostMemory, NO_SKB } from "@swaplab/net-skb"
import { type Context, PAGE_SIZE, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { MS, PROMPT, Script } from "./script.ts"
import { ToyNetwork } from "./toy.ts"

const LINEAR = 1456

type Verdict = "ok" | "none" | "sleep" | "sleep, none"

/** A machine that answers the first requests of its tasks as it was told, later ones well. */
class Told extends HostMemory {
  toldHeads: Array<Verdict> = []
  toldPages: Array<Verdict> = []

  /** The first verdict, which is over with it unless the caller has to sleep for it. */
  #verdict(list: Array<Verdict>, ctx: Context): number {
    if (ctx.inInterrupt || ctx.servingSoftirq) return 0
    const [verdict = "ok"] = list
    if (verdict.startsWith("sleep")) return WOULD_SLEEP
    list.shift()
    return verdict === "ok" ? 0 : -1
  }

  override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    const verdict = fclone ? this.#verdict(this.toldHeads, ctx) : 0
    return verdict < 0 ? verdict : super.tryHead(ctx, gfp, fclone)
  }

  override tryPage(ctx: Context, gfp: number): number {
    const verdict = this.#verdict(this.toldPages, ctx)
    return verdict < 0 ? verdict : super.tryPage(ctx, gfp)
  }

  override *head(task: Task, gfp: number, fclone: boolean): Sleeps<number> {
    yield* task.process.hold(7 * MS)
    return this.toldHeads.shift() === "sleep, none" ? -1 : super.tryHead(task, gfp, fclone)
  }

  override *page(task: Task, gfp: number): Sleeps<number> {
    yield* task.process.hold(7 * MS)
    return this.toldPages.shift() === "sleep, none" ? -1 : super.tryPage(task, gfp)
  }
}

describe("a sender without memory", () => {
  // hz / 5 + 1 ticks at most, 2 at least
  const VM = [2, 201]
  it.each<{
    heads: Array<Verdict>
    pages: Array<Verdict>
    failures: number
    waits: readonly [memory: number, room: number]
    between: ReadonlyArray<number>
  }>([
    { heads: [], pages: [], failures: 0, waits: [0, 0], between: [0, 0] },
    { heads: ["none"], pages: [], failures: 1, waits: [1, 0], between: VM },
    { heads: ["sleep"], pages: [], failures: 0, waits: [0, 0], between: [7, 7] },
    { heads: ["sleep, none"], pages: [], failures: 1, waits: [1, 0], between: [9, 208] },
    // what is queued exceeds the buffer that the failure has cut: the wait is for room, until the linear part is acknowledged
    { heads: [], pages: ["none"], failures: 1, waits: [0, 1], between: [0.01, 41] },
    { heads: [], pages: ["sleep"], failures: 0, waits: [0, 0], between: [7, 7] },
    { heads: [], pages: ["sleep, none"], failures: 1, waits: [0, 1], between: [7.01, 48] },
    { heads: ["sleep"], pages: ["sleep"], failures: 0, waits: [0, 0], between: [14, 14] },
    { heads: ["none", "none"], pages: ["none"], failures: 3, waits: [2, 1], between: [4, 443] }
  ])("heads $heads, pages $pages: $failures failures, $waits waits", ({ between, failures, heads, pages, waits }) => {
    const memory = new Told()
    const net = new ToyNetwork({ memory })
    memory.toldHeads = [...heads]
    memory.toldPages = [...pages]
    let [sent, at, owned] = [0, 0, false]
    net.spawn("sender", function*(task) {
      sent = yield* net.client.sendPage(task, 5, 6, false)
      at = net.sim.now / MS
    })
    net.sim.run(1)
    owned = net.client.owned
    const out = { tokenWriter: 0, tokenVersion: 0 }
    net.spawn("reader", function*(task) {
      expect(yield* net.server.recvPage(task, out)).toBe(PAGE_SIZE)
    })
    net.sim.run(2000 * MS)
    expect([sent, out]).toEqual([PAGE_SIZE, { tokenWriter: 5, tokenVersion: 6 }])
    expect(net.client).toMatchObject({ txFailures: failures, owned: false, spareSkb: NO_SKB, sparePage: -1 })
    expect([net.client.vmWaits, net.client.sendSpaceWaits]).toEqual(waits)
    expect([at >= between[0], at <= between[1] + 0.1]).toEqual([true, true])
    expect(owned).toBe([heads[0], pages[0]].some((verdict) => verdict?.startsWith("sleep")))
    net.client.checkInvariants()
    net.close()
    expect([memory.heads, memory.pages, memory.dataBytes]).toEqual([0, 0, 0])
  })

  it("of the protocol waits like one without memory", () => {
    const script = new Script({ nic: PROMPT })
    const { client } = script
    let asked = 0
    const schedule = client.wmemSchedule.bind(client)
    // the segment, its fragment, then again
    client.wmemSchedule = (size) => ++asked !== 1 && asked !== 3 && schedule(size)
    let result = 0
    script.net.spawn("sender", function*(task) {
      result = yield* client.sendBytes(task, new Uint8Array(LINEAR + 500), false)
    })
    script.pass(500 * MS)
    expect([result, client.vmWaits, client.txFailures, client.spareSkb]).toEqual([LINEAR + 500, 2, 0, NO_SKB])
    script.close()
  })
})
