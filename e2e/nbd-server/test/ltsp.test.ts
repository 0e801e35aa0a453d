// docs/nbd-server/ltsp.md, word for word: each block of the guide is run on a server and a client that are namespaces of this
// machine, with a network between them that has the guide's addresses, and copies of /etc, /usr, /var and /root that vanish
// afterwards. Root alone can make them.
//
// Not run, because this needs a kernel with nbd: modprobe, swapon, swapoff and `nbd-client -d`. nbd-client itself goes as far as
// the kernel; libnbd moves pages as thirty clients would. src/systemctl.py stands in for systemctl.
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { aWhile } from "../src/a-while.ts"
import { type Ended, execute, has, root, scratch, stopAll } from "../src/server.ts"

const PROGRAMS = ["unshare", "nsenter", "ip", "nbd-client", "nbdsh", "nbdcopy", "runuser", "curl", "blkid", "swaplabel"]
const missing = [
  ...PROGRAMS.filter((program) => !has(program)),
  ...(process.getuid?.() === 0 ? [] : ["the rights of root"]),
  ...(existsSync("/proc/filesystems") && readFileSync("/proc/filesystems", "utf8").includes("overlay")
    ? []
    : ["overlayfs"])
]

/** Not that of npx, which has a command of this clone. */
const PATH_OF_A_SERVER = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** A machine: a process in namespaces of its own, which vanish with it, and all that runs in them too. */
class Machine {
  readonly #holder = spawn("unshare", ["--mount", "--net", "--pid", "--fork", "--mount-proc", "cat"], {
    stdio: ["pipe", "ignore", "inherit"]
  })
  /** Its first process; 0 before it is prepared. */
  pid = 0

  /** How `nsenter` enters it. */
  get inside(): ReadonlyArray<string> {
    return [`--target=${this.pid}`, "--mount", "--net", "--pid", "--"]
  }

  run(script: string): Promise<Ended> {
    return execute("nsenter", [
      ...this.inside,
      "env",
      `PATH=${PATH_OF_A_SERVER}`,
      "npm_config_prefix=/usr/local",
      "npm_config_offline=true",
      "bash",
      "-euo",
      "pipefail",
      "-c",
      script
    ])
  }

  async ok(script: string): Promise<string> {
    const { code, output } = await this.run(script)
    expect(code, `${script}\n${output}`).toBe(0)
    return output
  }

  /** Folders that may be changed as if they were the machine's own, and an empty /run. */
  async prepare(folder: string): Promise<void> {
    const children = `/proc/${this.#holder.pid}/task/${this.#holder.pid}/children`
    while (this.pid === 0) {
      this.pid = Number.parseInt(readFileSync(children, "utf8")) || 0
      await aWhile()
    }
    await this.ok(`mount -t tmpfs none ${folder}
for top in etc usr var root; do
  mkdir -p ${folder}/$top/upper ${folder}/$top/work
  mount -t overlay -o lowerdir=/$top,upperdir=${folder}/$top/upper,workdir=${folder}/$top/work none /$top
done
mount -t tmpfs none /run
ip link set lo up`)
  }

  /** Everything in it is over. */
  async end(): Promise<void> {
    this.#holder.stdin.end()
    await new Promise((resolve) => this.#holder.once("close", resolve))
  }
}

interface Block {
  readonly language: string
  readonly text: string
  /** Where it is run: server, client, or nowhere. */
  readonly where: string | null
  /** The file that it is. */
  readonly file: string | null
}

const guide = readFileSync(join(root, "docs/nbd-server/ltsp.md"), "utf8")
const blocks: ReadonlyArray<Block> = [
  ...guide.matchAll(/(?:^`(\/[^`]+)`:\n\n|^<!-- (server|client) -->\n\n)?^```(\w+)\n([^]*?)^```$/gm)
].map(([, file = null, where = null, language, text]) => ({ file, where, language, text }))

/** What only a kernel with nbd can run. */
const KERNEL = /^(modprobe nbd|swapon .*|swapoff .*|nbd-client -nonetlink -d .*)$/

const title = `the guide for LTSP${missing.length > 0 ? ` (left out, missing: ${missing.join(", ")})` : ""}`
describe.skipIf(missing.length > 0)(title, () => {
  const [server, client] = [new Machine(), new Machine()]
  const packages = scratch()

  beforeAll(async () => {
    const packed = await execute(process.execPath, [join(root, "tools/pack.mjs"), packages, "nbd-server"])
    expect(packed.code, packed.output).toBe(0)
    await Promise.all([server, client].map((machine) => machine.prepare(scratch())))
    const [here, there] = [`netns ${server.pid}`, `netns ${client.pid}`]
    const link = await execute("sh", ["-c", `ip link add name lan ${here} type veth peer name lan ${there}`])
    expect(link.code, link.output).toBe(0)
    await server.ok(`ip addr add 192.168.67.1/24 dev lan
ip link set lan up
cp ${join(root, "e2e/nbd-server/src/systemctl.py")} /usr/local/bin/systemctl
chmod 755 /usr/local/bin/systemctl`)
    await client.ok(`for i in $(seq 20 49); do ip addr add 192.168.67.$i/24 dev lan; done
ip link set lan up
mount -t tmpfs none /dev
for device in null:3 zero:5 random:8 urandom:9 nbd0:3; do mknod -m 666 /dev/\${device%:*} c 1 \${device#*:}; done
ln -s /proc/self/fd /dev/fd`)
  })
  afterAll(async () => {
    await Promise.all([server.end(), client.end()])
    await stopAll()
  })

  it("says where each block is run", () => {
    const nowhere = blocks.filter(({ file, where }) => file === null && where === null)
    expect(nowhere.map(({ text }) => text)).toEqual(["npm ci\nnpm run pack -- out/packages nbd-server\n"])
  })

  it("works as it is written", async () => {
    const crowd = spawn("nsenter", [
      ...client.inside,
      "/usr/bin/python3",
      join(root, "e2e/nbd-server/src/thirty-clients.py")
    ], { stdio: ["pipe", "pipe", "inherit"] })
    const answers = createInterface({ input: crowd.stdout })[Symbol.asyncIterator]()
    const say = async (word: string): Promise<void> => {
      crowd.stdin.write(`${word}\n`)
      expect(await answers.next()).toEqual({ done: false, value: `${word} done` })
    }
    expect(await answers.next()).toEqual({ done: false, value: "ready" })
    const log = (): Promise<string> => server.ok("cat /run/log/swaplab-nbd-server.service 2>/dev/null || true")
    const starts = async (): Promise<number> =>
      (await log()).split("\n").filter((line) => line.endsWith(" ready")).length
    const started = async (times: number): Promise<void> => {
      while (await starts() < times) {
        expect(await log()).not.toMatch(/^swaplab-nbd-server: /m)
        await aWhile()
      }
    }

    const outputs = new Map<string, string>()
    for (const { file, text, where } of blocks) {
      if (file !== null) {
        await server.ok(`mkdir -p $(dirname ${file})\ncat > ${file} <<'END'\n${text}END`)
      } else if (where === "server") {
        if (text.includes("swaplab-nbd-server status")) await say("write")
        outputs.set(text, await server.ok(`cd ${packages}\n${text}`))
        if (text.includes("enable --now swaplab-nbd-server.service")) await started(1)
        if (text.includes("enable --now swaplab-nbd-server.socket")) await started(2)
      } else if (where === "client") {
        for (const line of text.trimEnd().split("\n")) {
          if (!KERNEL.test(line)) outputs.set(line, (await client.run(line)).output)
        }
      }
    }
    const outputOf = (part: string): string => {
      const found = [...outputs].filter(([text]) => text.includes(part)).map(([, output]) => output)
      expect(found.length, part).toBeGreaterThan(0)
      return found.join("\n")
    }

    // the disk of the test may be small
    const checked = outputOf("swaplab-nbd-server check").replaceAll(/^warning: .* quota: .*\n/gm, "")
    expect(checked).toBe(
      "valid; exports: 0, templates: 1\n\nvalid; exports: 0, templates: 1\n"
    )
    expect(outputOf("/dev/nbd0")).toMatch(/size = 512MB[^]*Ioctl\/1\.1a failed/)
    expect(outputOf("nbd-client -l")).toMatch(/\nswap: swap of 512 MiB, for each address\n$/)
    const addresses = Array.from({ length: 30 }, (_, i) => `192.168.67.${20 + i}`)
    const watched = outputOf("swaplab-nbd-server status")
    for (const address of addresses) {
      expect(watched).toMatch(new RegExp(`^swap@${address} +512 MiB +\\d+ KiB +1\\b`, "m"))
    }
    expect(Number(/^nbd_swap_used_bytes (\d+)$/m.exec(watched)?.[1])).toBeGreaterThanOrEqual(30 * 3 * 4096)

    // the guide restarted it once more, and told it to read its file again
    await started(3)
    expect(await log()).toMatch(/ reloaded$/m)
    await say("verify")
    const user = await server.ok(
      "stat -c %U /proc/$(cat /run/swaplab-nbd-server.pid); ls /var/lib/swaplab-nbd-server | wc -l"
    )
    expect(user).toBe("swaplab-nbd\n30\n")
    // what the first start compiled serves the next ones
    expect(await server.ok("stat -c '%a %U %n' /var/cache/swaplab-nbd-server/*")).toBe(
      "600 swaplab-nbd /var/cache/swaplab-nbd-server/run-command.code\n"
    )

    const copy = join(scratch(), "swap")
    const header = await client.ok(`nbdcopy nbd://192.168.67.1/swap ${copy}
blkid -p ${copy}
swaplabel ${copy}`)
    expect(header).toMatch(/TYPE="swap"/)
    expect(header).toMatch(/UUID: +[0-9a-f-]{36}/)

    await say("leave")
    while (await server.ok("ls /var/lib/swaplab-nbd-server") !== "") await aWhile()
    crowd.stdin.end()
    expect(await log()).not.toMatch(/ (fault|refused|handshake failed|not reloaded) /)
  })

  it("a mistake in the file ends the service for good, anything else does not", async () => {
    const before = await server.ok("wc -l < /run/log/swaplab-nbd-server.ends")
    await server.ok(
      "sed -i 's/512 MiB/512 MB/' /etc/swaplab-nbd-server.yaml; kill -9 $(cat /run/swaplab-nbd-server.pid)"
    )
    const ends = async (): Promise<ReadonlyArray<string>> =>
      (await server.ok("cat /run/log/swaplab-nbd-server.ends")).trimEnd().split("\n").slice(Number(before))
    while ((await ends()).length < 2) await aWhile()
    // killed and started again, which found the mistake
    expect(await ends()).toEqual(["ended -9", "ended 2"])
    expect(await server.ok("tail -n 1 /run/log/swaplab-nbd-server.service")).toMatch(
      /^\/etc\/swaplab-nbd-server\.yaml:8:11: swap\.swap\.size: got "512 MB", expected a size/
    )
    expect(await server.ok("ls /run/swaplab-nbd-server.pid || true")).toMatch(/No such file/)
  })
})
