// Sessions of clients that keep to the rules, as bytes: every option and every command, in each kind of reply. What changes
// an export comes before what looks at it, so that all sessions find the same however often they are repeated.
import {
  Command,
  CommandFlag,
  encodeClientFlags,
  encodeInfoRequest,
  encodeMetaContextRequest,
  encodeOption,
  encodeRequestHeader,
  exportInfo,
  MemoryStore,
  Option,
  Request,
  ServerSession
} from "@swaplab/nbd"
import { goOption } from "./client.ts"

/** The export that the sessions are about: so many bytes of memory. */
export const SESSION_EXPORT = { name: "cut", size: 1 << 20 }

/** A request of any kind, with 64-bit numbers. */
export const requestBytes = (
  of: { readonly type: number; readonly offset: bigint; readonly length: bigint; readonly flags?: number },
  cookie: number,
  extended: boolean,
  payload: Uint8Array = new Uint8Array(0)
): Buffer => {
  const request = Object.assign(new Request(), {
    extended,
    type: of.type,
    flags: of.flags ?? 0,
    cookieLo: cookie,
    offsetHi: Number(of.offset >> 32n),
    offsetLo: Number(of.offset & 0xffffffffn),
    lengthHi: Number(of.length >> 32n),
    lengthLo: Number(of.length & 0xffffffffn)
  })
  const header = new Uint8Array(32)
  return Buffer.concat([header.subarray(0, encodeRequestHeader(header, 0, request)), payload])
}

const { Fua, NoHole, Df, ReqOne, PayloadLen } = CommandFlag

/** Every command, and the wrong ones that are answered by an error. */
const transmission = (extended: boolean, chunked: boolean): Buffer => {
  const data = new Uint8Array(64).fill(7)
  const payload = extended ? PayloadLen : 0
  let cookie = 0
  const ask = (type: number, offset: number, length: number, flags = 0, bytes?: Uint8Array) =>
    requestBytes({ type, offset: BigInt(offset), length: BigInt(length), flags }, ++cookie, extended, bytes)
  return Buffer.concat([
    ask(Command.Write, 512, 64, payload | Fua, data),
    ask(Command.WriteZeroes, 131_072, 4096, Fua | NoHole),
    ask(Command.WriteZeroes, 262_144, 65_536),
    ask(Command.Trim, 393_216, 65_536),
    ask(Command.Read, 512, 64),
    ask(Command.Flush, 0, 0),
    ask(Command.Cache, 0, 4096),
    ask(Command.Read, 500_000, 300),
    ask(Command.Read, SESSION_EXPORT.size - 8, 16),
    ask(Command.Write, SESSION_EXPORT.size - 8, 64, payload, data),
    ask(9, 0, 0),
    ...(chunked
      ? [
        ask(Command.Read, 512, 300, Df),
        ask(Command.BlockStatus, 0, 524_288, ReqOne),
        ask(Command.BlockStatus, 262_144, 524_288)
      ]
      : []),
    ask(Command.Disc, 0, 0)
  ])
}

const contexts = encodeOption(
  Option.SetMetaContext,
  encodeMetaContextRequest({ name: SESSION_EXPORT.name, queries: ["base:allocation"] })
)

/** By what they negotiate. */
export const sessions: Readonly<Record<string, Buffer>> = {
  "EXPORT_NAME with zeroes, simple replies": Buffer.concat([
    encodeClientFlags(1),
    encodeOption(Option.ExportName, Buffer.from(SESSION_EXPORT.name)),
    transmission(false, false)
  ]),
  "every option, structured replies": Buffer.concat([
    encodeClientFlags(3),
    encodeOption(Option.List),
    encodeOption(Option.StartTls),
    encodeOption(0x07654321, Buffer.from("what?")),
    encodeOption(Option.Info, encodeInfoRequest({ name: SESSION_EXPORT.name, infos: [0, 1, 2, 3] })),
    encodeOption(Option.StructuredReply),
    contexts,
    goOption(SESSION_EXPORT.name),
    transmission(false, true)
  ]),
  "extended headers": Buffer.concat([
    encodeClientFlags(3),
    encodeOption(Option.ExtendedHeaders),
    contexts,
    goOption(SESSION_EXPORT.name),
    transmission(true, true)
  ]),
  "ABORT": Buffer.concat([encodeClientFlags(3), encodeOption(Option.List), encodeOption(Option.Abort)])
}

/** What the engine of the emulator answers to such bytes, behind the greeting. */
export const expectedAnswer = (bytes: Uint8Array): Buffer => {
  const store = new MemoryStore(SESSION_EXPORT.size)
  const session = new ServerSession([{ info: exportInfo(SESSION_EXPORT), store, extents: store }])
  session.greeting()
  return Buffer.from(session.push(bytes))
}
