// The table of sysctls: Linux's defaults, and what a machine takes from it by itself.
import { HostMemory, NET_SYSCTLS, NetStack, netSysctls, Packets, Softirq, tcpMem } from "@swaplab/net-skb"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

describe("the table of sysctls", () => {
  it("has the defaults of 3.5 and 3.6", () =>
    expect(netSysctls()).toEqual({
      "net.ipv4.tcp_congestion_control": "cubic",
      "net.ipv4.tcp_keepalive_time": 7200,
      "net.ipv4.tcp_keepalive_intvl": 75,
      "net.ipv4.tcp_keepalive_probes": 9,
      "net.ipv4.tcp_ecn": 2,
      "net.ipv4.tcp_timestamps": 1,
      "net.ipv4.tcp_window_scaling": 1,
      "net.ipv4.tcp_challenge_ack_limit": 100,
      "net.ipv4.tcp_sack": 1,
      "net.ipv4.tcp_dsack": 1,
      "net.ipv4.tcp_fack": 1,
      "net.ipv4.tcp_reordering": 3,
      "net.ipv4.tcp_frto": 2,
      "net.ipv4.tcp_frto_response": 0,
      "net.ipv4.tcp_early_retrans": 2,
      "net.ipv4.tcp_abc": 0,
      "net.ipv4.tcp_max_ssthresh": 0,
      "net.ipv4.tcp_syn_retries": 5,
      "net.ipv4.tcp_synack_retries": 5,
      "net.ipv4.tcp_retries2": 15,
      "net.ipv4.tcp_orphan_retries": 0,
      "net.ipv4.tcp_fin_timeout": 60,
      "net.ipv4.tcp_slow_start_after_idle": 1,
      "net.ipv4.tcp_moderate_rcvbuf": 1,
      "net.ipv4.tcp_tso_win_divisor": 3,
      "net.ipv4.tcp_limit_output_bytes": 131_072,
      "net.ipv4.tcp_mem": null,
      "net.ipv4.tcp_rmem": null,
      "net.ipv4.tcp_wmem": null,
      "net.core.netdev_budget": 300,
      "net.core.netdev_max_backlog": 1000,
      "tcp_cubic.fast_convergence": 1,
      "tcp_cubic.beta": 717,
      "tcp_cubic.initial_ssthresh": 0,
      "tcp_cubic.bic_scale": 41,
      "tcp_cubic.tcp_friendliness": 1,
      "tcp_cubic.hystart": 1,
      "tcp_cubic.hystart_detect": 3,
      "tcp_cubic.hystart_low_window": 16,
      "tcp_cubic.hystart_ack_delta": 2
    }))

  it.each(Object.entries(NET_SYSCTLS))("%s says what it does, and its default is one of its values", (_, row) => {
    expect(row.meaning).toMatch(/\.$/)
    expect(row.source).toMatch(/^net\/.*\.c:\w+$/)
    if (row.kind === "name") {
      expect(row.names).toContain(row.standard)
    } else if (row.kind === "whole") {
      expect(row.standard).toBeGreaterThanOrEqual(row.min)
      expect(row.standard).toBeLessThanOrEqual(row.max)
    }
  })
})

describe("a machine", () => {
  const stack = (sysctls: Parameters<typeof netSysctls>[0]): NetStack =>
    new NetStack(new Sim({ seed: 1 }), {
      host: 0,
      memory: new HostMemory(),
      packets: new Packets(),
      tcpMem: tcpMem(1000),
      ...(sysctls !== undefined && { sysctls })
    })

  it("has what was set, and the defaults of the rest", () => {
    const { sysctls } = stack({ "net.ipv4.tcp_retries2": 8 })
    expect(sysctls).toEqual({ ...netSysctls(), "net.ipv4.tcp_retries2": 8 })
  })

  it("takes the limits of TCP's memory from tcp_mem, and the least that a socket gets from tcp_rmem and tcp_wmem", () => {
    expect(stack({}).tcpMemory).toMatchObject({ limit: tcpMem(1000), rmemMinimum: 4096, wmemMinimum: 4096 })
    const own = stack({
      "net.ipv4.tcp_mem": [1, 2, 3],
      "net.ipv4.tcp_rmem": [5000, 6000, 7000],
      "net.ipv4.tcp_wmem": [8000, 9000, 10_000]
    })
    expect(own.tcpMemory).toMatchObject({ limit: [1, 2, 3], rmemMinimum: 5000, wmemMinimum: 8000 })
  })

  it.each([[undefined, 320], [64, 64], [65, 128], [1000, 1024]])(
    "with a budget of %s polls %i packets a round",
    (budget, polled) => {
      const sim = new Sim({ seed: 1 })
      let done = 0
      let atSqueeze = -1
      const softirq = new Softirq(sim, { stealCpu: () => {}, wakeKsoftirqd: () => {} }, 0, 0, budget)
      softirq.raise({
        weight: 64,
        poll: (_ctx, weight) => {
          if (softirq.timeSqueeze === 1 && atSqueeze < 0) atSqueeze = done
          done += weight
          return done > 2000 ? 0 : weight
        },
        complete: () => {}
      })
      sim.run()
      expect(atSqueeze).toBe(polled)
    }
  )
})
