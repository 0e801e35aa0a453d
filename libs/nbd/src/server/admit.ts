// May this request be performed? Pure: the same answer for an emulated server and for a real one.
// source: doc/proto.md "Request types", "Error values"
import { Command, CommandFlag, NbdError, TransmissionFlag } from "../wire/constants.ts"
import type { Request } from "../wire/request.ts"
import { type ExportInfo, modeFlags, type TransmissionMode } from "./export.ts"

interface CommandRule {
  /** Command flags that the command knows. */
  readonly flags: number
  /** Transmission flag without which the server does not do it; 0: always done. */
  readonly needs: number
  /** It changes the export. */
  readonly changes: boolean
  /** The error when it reaches past the end. */
  readonly pastEnd: number
  /** It has an offset and a length in bytes. */
  readonly ranged: boolean
  /** Its data is limited by the maximum payload. */
  readonly payload: boolean
}

const { Fua, NoHole, Df, ReqOne, FastZero, PayloadLen } = CommandFlag
const { EINVAL, ENOSPC } = NbdError
const T = TransmissionFlag
const read = { changes: false, pastEnd: EINVAL, ranged: true, payload: false }
const write = { changes: true, pastEnd: ENOSPC, ranged: true, payload: false }

/** By command code. DISC is no request: it is never answered, and never comes here. */
const rules: Readonly<Record<number, CommandRule>> = {
  [Command.Read]: { ...read, flags: Fua | Df, needs: 0, payload: true },
  [Command.Write]: { ...write, flags: Fua | PayloadLen, needs: 0, payload: true },
  [Command.Flush]: { ...read, flags: Fua, needs: T.SendFlush, ranged: false },
  [Command.Trim]: { ...write, flags: Fua, needs: T.SendTrim, pastEnd: EINVAL },
  [Command.Cache]: { ...read, flags: Fua, needs: T.SendCache },
  [Command.WriteZeroes]: { ...write, flags: Fua | NoHole | FastZero, needs: T.SendWriteZeroes },
  [Command.BlockStatus]: { ...read, flags: Fua | ReqOne | PayloadLen, needs: 0 }
}

/** Command flags that need a transmission flag. */
const flagNeeds: ReadonlyArray<readonly [flag: number, needs: number]> = [
  [Fua, T.SendFua],
  [Df, T.SendDf],
  [FastZero, T.SendFastZero]
]

/**
 * 0 when the request may be performed, else the error to answer with (its payload has been consumed all the same).
 * `effectBytes` is the range that it is about: the length, but for the payload form of BLOCK_STATUS.
 */
export const admit = (
  info: ExportInfo,
  mode: TransmissionMode,
  request: Request,
  effectBytes: number = request.length
): number => {
  const rule = rules[request.type]
  if (rule === undefined || (request.flags & ~rule.flags) !== 0) return NbdError.EINVAL
  const offered = modeFlags(info, mode)
  if (rule.needs !== 0 && (offered & rule.needs) === 0) return NbdError.EINVAL
  for (const [flag, needs] of flagNeeds) {
    if ((request.flags & flag) !== 0 && (offered & needs) === 0) return NbdError.EINVAL
  }
  const hasPayload = (request.flags & CommandFlag.PayloadLen) !== 0
  if (hasPayload && !mode.extended) return NbdError.EINVAL
  if (request.type === Command.BlockStatus) {
    if (mode.contextIds.length === 0) return NbdError.EINVAL
    if (hasPayload && (offered & T.BlockStatusPayload) === 0) return NbdError.EINVAL
  }
  if (rule.changes && (info.flags & T.ReadOnly) !== 0) return NbdError.EPERM
  if (!rule.ranged) return NbdError.Ok
  const { offset } = request
  // rounding of a float64 beyond 2^53 cannot bring the sum below the size of an export (see toNumber)
  if (offset + effectBytes > info.size) return rule.pastEnd
  if (rule.payload && effectBytes > info.maximumPayload) return NbdError.EINVAL
  if (offset % info.minimumBlock !== 0 || effectBytes % info.minimumBlock !== 0) return NbdError.EINVAL
  return NbdError.Ok
}
