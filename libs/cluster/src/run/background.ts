// Starts what a client does besides its workload, at the time its workload starts.
import type { Machine } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { type Load, startHackbench, startIozone, startKernelBuild, startSysbench } from "@swaplab/workload"
import { type BackgroundConfig } from "../scenario/background.ts"
import { LatencyHistogram } from "./latency.ts"
import type { BackgroundResult } from "./result.ts"

/** The log of sysbench: it is written over and over. */
const LOG_PAGES = 4096

const pagesOf = (bytes: number): number => Math.max(1, Math.floor(bytes / PAGE_SIZE))

/** Mappings, in pages, of the processes that the background loads of a client need beside those of its workload. */
export const backgroundProcesses = ({ kernelBuild, sysbench }: BackgroundConfig): ReadonlyArray<number> => [
  ...Array.from({ length: kernelBuild.jobs }, () => pagesOf(kernelBuild.memory)),
  ...Array.from({ length: sysbench.threads }, () => pagesOf(sysbench.memory / sysbench.threads))
]

/** The background loads of one client while they run. */
export class Background {
  readonly #latencies = new Map<Load, LatencyHistogram>()

  /** Adds a load that runs already. */
  add(load: Load): void {
    const histogram = new LatencyHistogram()
    load.onLatency = (ns) => histogram.record(ns)
    this.#latencies.set(load, histogram)
  }

  /** Starts the loads of the client's own; `processes` is the number of processes of its workload. */
  start(machine: Machine, config: BackgroundConfig, processes: number): void {
    const { kernelBuild, hackbench, iozone, sysbench, disk } = config
    const filePages = iozone.file > 0 ? pagesOf(iozone.file) : 0
    if (filePages > 0 || sysbench.threads > 0) {
      machine.addFiles(filePages + LOG_PAGES, { bytesPerSecond: disk.bytesPerSecond, latencyNs: disk.latency })
    }
    const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)
    if (kernelBuild.jobs > 0) {
      const { cpu, files } = kernelBuild
      this.add(startKernelBuild(machine, { slots: range(processes, kernelBuild.jobs), cpuNs: cpu, files }))
    }
    if (hackbench.groups > 0) this.add(startHackbench(machine, hackbench))
    if (filePages > 0) this.add(startIozone(machine, { from: 0, to: filePages }))
    if (sysbench.threads > 0) {
      this.add(startSysbench(machine, {
        threads: range(processes + kernelBuild.jobs, sysbench.threads),
        cpuNs: sysbench.cpu,
        thinkNs: sysbench.think,
        from: filePages,
        to: filePages + LOG_PAGES
      }))
    }
  }

  results(): ReadonlyArray<BackgroundResult> {
    return [...this.#latencies].map(([{ name, unit, done, failed }, latency]) => ({
      name,
      unit,
      done,
      failed,
      latency: latency.count === 0 ? null : latency.summary()
    }))
  }
}
