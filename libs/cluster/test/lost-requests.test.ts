// Three writes in flight to a server that something happens to, counted exactly.
import { buildCluster, type Cluster, type ScenarioEncoded } from "@swaplab/cluster"
import { GFP_KERNEL } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const S = 1e9

type Policy = NonNullable<NonNullable<ScenarioEncoded["clients"][number]["nbd"]>["whenLost"]>

/** A client that does nothing by itself: what its disk has ended, and when. */
class Rig {
  readonly cluster: Cluster
  readonly ended: Array<{ readonly at: number; readonly error: number }> = []

  constructor(whenLost: Policy, more: Partial<ScenarioEncoded> = {}) {
    this.cluster = buildCluster(scenario([{ ...SMALL, nbd: { whenLost } }], more), "slab-series", 1)
    const { disk, sim } = this.machine
    disk.onBioEnd = (_ctx, _pfn, _write, error) => this.ended.push({ at: sim.now / S, error })
  }

  get machine() {
    return this.cluster.clients[0].machine
  }

  get server() {
    return this.cluster.servers[0].machine
  }

  get connection() {
    return this.cluster.clients[0].connection
  }

  at(seconds: number, what: () => void): void {
    const { queue } = this.cluster.sim
    queue.at(Math.round(seconds * S), queue.register(what), 0)
  }

  /** TCP has measured a round trip before anything happens. */
  warmUp(): void {
    this.write()
    this.cluster.sim.run(0.9 * S)
    expect(this.ended.splice(0).length).toBe(3)
  }

  /** Three writes, far apart, so that each is a request of its own. */
  write(): void {
    const { machine } = this
    const task = machine.task("writes")
    machine.cpus.start(task, function*() {
      for (let slot = 1; slot <= 3; slot++) {
        const pfn = yield* machine.pages.alloc(task, GFP_KERNEL, 0)
        machine.disk.trySubmitPage(task, true, slot * 800, pfn, false)
      }
    })
  }

  run(seconds: number) {
    this.cluster.sim.run(seconds * S)
    const { nbd, nbdLink } = this.machine
    if (nbd === null || nbdLink === null) throw new Error("no device")
    const { disconnects, failed, reconnects, refused, timedOut } = nbdLink
    return {
      errors: this.ended.map(({ error }) => error),
      sent: nbd.counters.sentWrites,
      errno: this.connection.swap.clientEnd.sockets[0].error,
      link: { disconnects, reconnects, refused, timedOut, failed },
      down: Math.round(nbdLink.downNs / S)
    }
  }
}

const [EIO, EPIPE, ECONNRESET, ETIMEDOUT] = [5, 32, 104, 110]

describe("nbd-server, which reads nothing, is killed and started again 2.5 s later", () => {
  it.each(
    [
      {
        whenLost: "exit",
        errors: [EIO, EIO, EIO],
        sent: 3,
        down: 8,
        link: { disconnects: 1, reconnects: 0, refused: 0, timedOut: 0, failed: 0 }
      },
      {
        whenLost: "persist",
        errors: [EIO, EIO, EIO],
        sent: 3,
        down: 3,
        link: { disconnects: 1, reconnects: 1, refused: 3, timedOut: 0, failed: 0 }
      },
      {
        whenLost: "reconnect",
        errors: [0, 0, 0],
        sent: 6,
        down: 3,
        link: { disconnects: 1, reconnects: 1, refused: 3, timedOut: 0, failed: 0 }
      }
    ] as const
  )("$whenLost: $errors, $sent requests sent, $link", ({ whenLost, ...expected }) => {
    const rig = new Rig(whenLost)
    rig.at(1, () => rig.server.pause())
    rig.at(1.1, () => rig.write())
    rig.at(2, () => rig.server.stop())
    rig.at(4.5, () => rig.server.start())
    // a RST, because data was unread
    expect(rig.run(10)).toEqual({ ...expected, errno: ECONNRESET })
    expect(rig.server.life).toMatchObject({ connectionsKilled: 1, unanswered: 0 })
    expect(rig.server.faultCounts().connectsRefused).toBe(expected.link.refused)
  })

  it("an idle client gets a FIN", () => {
    const rig = new Rig("exit")
    rig.at(2, () => rig.server.stop())
    expect(rig.run(3)).toMatchObject({ errno: 0, link: { disconnects: 1 }, errors: [] })
    expect(rig.connection.clientSocket.finReceived).toBe(true)
    expect(rig.machine.nbd?.harderror).toBe(-EPIPE)
    rig.write()
    expect(rig.run(4).errors).toEqual([EIO, EIO, EIO])
    expect(rig.machine.nbd?.counters.refused).toBe(3)
  })
})

describe("nbd-server is stopped for 5 s", () => {
  it("nothing fails and nothing is sent twice, because its kernel acknowledges", () => {
    const rig = new Rig("exit")
    rig.at(1, () => rig.server.pause())
    rig.at(1.1, () => rig.write())
    rig.at(6, () => rig.server.resume())
    const { errors, link } = rig.run(10)
    expect([errors, link.disconnects]).toEqual([[0, 0, 0], 0])
    expect(rig.ended.every(({ at }) => at > 6 && at < 6.01)).toBe(true)
    const { clientSocket, serverSocket } = rig.connection
    expect([clientSocket.retransmitted, serverSocket.retransmitted, clientSocket.timeouts]).toEqual([0, 0, 0])
  })
})

describe("how a server is", () => {
  it("is so since it came to be so, whatever happens meanwhile", () => {
    const rig = new Rig("persist", { server: { swapFiles: "fresh" } })
    const away = (): string | null => rig.connection.serverAway
    const seen: Array<string | null> = []
    rig.at(1, () => rig.server.stop())
    rig.at(1.2, () => seen.push(away()))
    rig.at(1.5, () => rig.server.start())
    rig.at(1.6, () => seen.push(away()))
    rig.at(1.7, () => rig.server.pause())
    // nbd-client comes meanwhile
    rig.at(3, () => seen.push(away()))
    rig.at(4, () => rig.server.powerOff())
    rig.at(5, () => rig.server.stop())
    rig.at(6, () => seen.push(away()))
    rig.cluster.sim.run(7 * S)
    expect(rig.server.life.events.map(({ what }) => what)).toEqual([
      "server stopped",
      "server started",
      "server paused",
      "fresh swap file for client-1",
      "power lost",
      "server stopped"
    ])
    expect(seen).toEqual([
      "the server is stopped, since 1.000 s",
      null,
      "the server is paused, since 1.700 s",
      "the server is off, since 4.000 s"
    ])
  })
})

describe("the server's machine loses its power", () => {
  it("requests wait until TCP tries again and meets a machine that knows nothing: RST", () => {
    const rig = new Rig("persist")
    rig.warmUp()
    rig.at(1, () => rig.server.powerOff())
    rig.at(1.1, () => rig.write())
    rig.at(11, () => rig.server.powerOn())
    const { errno, errors, link } = rig.run(30)
    // a time-out of 204 ms (a tick of 4 ms above the least), doubled each time: the sixth try comes after 12.9 s
    expect(rig.ended.map(({ at }) => Math.round(at * 10) / 10)).toEqual([14, 14, 14])
    expect([errors, errno]).toEqual([[EIO, EIO, EIO], ECONNRESET])
    expect(link).toEqual({ disconnects: 1, reconnects: 1, refused: 0, timedOut: 0, failed: 0 })
  })

  it("nbd-client's SYNs are not answered for 63 s; then it tries again", () => {
    const rig = new Rig("persist")
    rig.at(1, () => rig.server.stop())
    rig.at(1.5, () => {
      rig.server.powerOff()
      rig.server.start()
    })
    rig.at(70, () => rig.server.powerOn())
    const { link, down } = rig.run(100)
    expect(link).toEqual({ disconnects: 1, reconnects: 1, refused: 1, timedOut: 1, failed: 0 })
    // SYNs at 2, 3, 5, 9, 17 and 33 s, the end at 65; then at 66, 67, 69 and 73 s
    expect(down).toBe(72)
  })

  it("a client with nothing on its way learns of it with its next request only", () => {
    const rig = new Rig("exit")
    rig.at(1, () => rig.server.powerOff())
    rig.at(2, () => rig.server.powerOn())
    expect(rig.run(500).link.disconnects).toBe(0)
    rig.write()
    const { errors, link } = rig.run(501)
    expect([errors, link.disconnects]).toEqual([[EIO, EIO, EIO], 1])
  })
})

describe("a page cache of the server, with an image that clients have read", () => {
  it.each(
    [
      { what: "a power cut that keeps the swap", begin: "powerOff", store: "kept", cached: false },
      { what: "a power cut that loses the swap", begin: "powerOff", store: "lost", cached: false },
      { what: "a restart", begin: "stop", store: "kept", cached: true },
      { what: "a restart that loses the swap", begin: "stop", store: "lost", cached: true }
    ] as const
  )("is still warm after $what: $cached", ({ begin, cached, store }) => {
    const group = { ...SMALL, root: { size: "16 MiB", format: "ext4" } } as const
    const cluster = buildCluster(scenario([group], { server: { disk: "hdd" } }), "slab-series", 1)
    const { clients: [{ machine }], servers: [{ machine: server }], sim } = cluster
    const { cache } = server
    const { root } = machine
    if (root === null || cache === null) throw new Error("no root image, or no cache")
    root.addFile(0, 4096)
    const task = machine.task("reads")
    machine.cpus.start(task, function*() {
      yield* root.read(task, 0, 32)
    })
    sim.run(S)
    expect(cache.cachedPages).toBeGreaterThanOrEqual(32)
    server[begin](store)
    expect(cache.cachedPages > 0).toBe(cached)
  })
})

describe("a cable that is out", () => {
  it("for 10 s costs 12.6 s and nothing else", () => {
    const rig = new Rig("exit")
    const [{ down, up }] = rig.cluster.clients
    rig.warmUp()
    rig.at(1, () => [up, down].forEach((link) => link.setUp(false)))
    rig.at(1.1, () => rig.write())
    rig.at(11, () => [up, down].forEach((link) => link.setUp(true)))
    const { errors, link } = rig.run(30)
    expect([errors, link.disconnects]).toEqual([[0, 0, 0], 0])
    expect(rig.ended.every(({ at }) => at > 13.6 && at < 14.2)).toBe(true)
  })

  it("for ever ends the connection with ETIMEDOUT after 924.6 s", () => {
    const rig = new Rig("exit")
    const [{ down, up }] = rig.cluster.clients
    rig.warmUp()
    rig.at(1, () => [up, down].forEach((link) => link.setUp(false)))
    rig.at(1.1, () => rig.write())
    const { errno, errors } = rig.run(2000)
    expect([errors, errno]).toEqual([[EIO, EIO, EIO], ETIMEDOUT])
    expect(rig.ended[0].at).toBeGreaterThan(924)
    expect(rig.ended[0].at).toBeLessThan(1050)
  })
})

describe("a root image on the server that restarts", () => {
  it.each(
    [
      { whenLost: "exit", link: { disconnects: 1, reconnects: 0 }, during: false, after: false, errors: 50 },
      { whenLost: "persist", link: { disconnects: 1, reconnects: 1 }, during: false, after: true, errors: 33 },
      { whenLost: "reconnect", link: { disconnects: 1, reconnects: 1 }, during: true, after: true, errors: 0 }
    ] as const
  )(
    "$whenLost: files can be read meanwhile $during, and afterwards $after",
    ({ after, during, errors, link, whenLost }) => {
      const group = { ...SMALL, nbd: { whenLost }, root: { size: "16 MiB", format: "ext4" } } as const
      const cluster = buildCluster(scenario([group]), "slab-series", 1)
      const { clients: [{ machine }], servers: [{ machine: server }], sim } = cluster
      const at = (seconds: number, what: () => void): void => sim.queue.at(seconds * S, sim.queue.register(what), 0)
      const { root } = machine
      if (root === null) throw new Error("no root image")
      const read: Array<boolean> = []
      const reads = (from: number) => () => {
        const task = machine.task(`reads from ${from}`)
        machine.cpus.start(task, function*() {
          read.push(yield* root.read(task, from, from + 32))
        })
      }
      root.addFile(0, 4096)
      at(0.5, reads(0))
      at(1, () => server.stop())
      at(2, reads(1000))
      at(3.5, () => server.start())
      at(8, reads(2000))
      sim.run(20 * S)
      expect(read).toEqual([true, during, after])
      expect(machine.rootNbd?.link).toMatchObject(link)
      expect(machine.nbdLink).toMatchObject(link)
      expect(root.device.counters.readErrors).toBe(errors)
      machine.checkInvariants()
    }
  )
})
