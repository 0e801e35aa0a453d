// The server's side of the handshake, option by option, in each state.
import { utf8 } from "#src/wire/bytes.ts"
import { type ExportTable, MAX_OPTIONS, Negotiation, Option, type TlsMode } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { ask, at, go, meta, READY, replies, T, table, text, types } from "./asking.ts"
import { toHex } from "./golden.ts"

const {
  Abort,
  ExportName,
  ExtendedHeaders,
  Go,
  Info,
  List,
  ListMetaContext,
  SetMetaContext,
  StartTls,
  StructuredReply
} = Option

describe("client flags", () => {
  it.each([
    { flags: 0, next: "options", fixedNewstyle: false, noZeroes: false },
    { flags: 1, next: "options", fixedNewstyle: true, noZeroes: false },
    { flags: 2, next: "options", fixedNewstyle: false, noZeroes: true },
    { flags: 3, next: "options", fixedNewstyle: true, noZeroes: true },
    { flags: 4, next: "close", fixedNewstyle: false, noZeroes: false }
  ])("$flags: $next", ({ flags, next, ...agreed }) => {
    const negotiation = new Negotiation(table)
    const step = negotiation.step({ kind: "clientFlags", flags })
    expect([step.next, step.reply.length]).toEqual([next, 0])
    expect(negotiation.state).toEqual({ ...READY, ...agreed })
  })

  it("of a client that does not know fixed newstyle: EXPORT_NAME and ABORT are all it may say", () => {
    expect(types(ask(at({ fixedNewstyle: false }), List))).toEqual([T.ErrInvalid])
    expect(ask(at({ fixedNewstyle: false }), ExportName, utf8("disk")).next).toBe("transmission")
    expect(ask(at({ fixedNewstyle: false }), Abort).next).toBe("close")
  })
})

it("a negotiation goes on where another one has come to", () => {
  const state = {
    secure: true,
    fixedNewstyle: true,
    noZeroes: false,
    structured: true,
    extended: true,
    options: 7,
    contextExport: "disk"
  }
  const negotiation = at(state)
  expect(negotiation.state).toEqual(state)
  ask(negotiation, 99)
  expect(negotiation.state).toEqual({ ...state, options: 8 })
  negotiation.tlsStarted()
  expect(negotiation.state).toEqual({ ...state, options: 8, structured: false, extended: false, contextExport: null })
})

it.each([{ options: MAX_OPTIONS - 1, next: "options" }, { options: MAX_OPTIONS, next: "close" }])(
  "after $options options the next one: $next",
  ({ next, options }) => expect(ask(at({ options }), 99).next).toBe(next)
)

describe("an option", () => {
  const NONE = new Uint8Array(0)
  const SOME = Uint8Array.of(0)
  it.each([
    { what: "unknown", option: 99, data: NONE, answer: [T.ErrUnsup] },
    { what: "ABORT", option: Abort, data: NONE, answer: [T.Ack], next: "close" },
    { what: "ABORT with data", option: Abort, data: SOME, answer: [T.Ack], next: "close" },
    { what: "LIST with data", option: List, data: SOME, answer: [T.ErrInvalid] },
    { what: "LIST without TLS", option: List, data: NONE, answer: [T.Server, T.Ack] },
    { what: "LIST with TLS", option: List, data: NONE, state: { secure: true }, answer: [T.Server, T.Server, T.Ack] },
    { what: "STARTTLS where there is none", option: StartTls, data: NONE, answer: [T.ErrPolicy] },
    { what: "STARTTLS", option: StartTls, data: NONE, tls: "optional", answer: [T.Ack], next: "tls" },
    { what: "STARTTLS with data", option: StartTls, data: SOME, tls: "optional", answer: [T.ErrInvalid] },
    {
      what: "STARTTLS again",
      option: StartTls,
      data: NONE,
      tls: "optional",
      state: { secure: true },
      answer: [T.ErrInvalid]
    },
    { what: "STRUCTURED_REPLY", option: StructuredReply, data: NONE, answer: [T.Ack], agreed: { structured: true } },
    { what: "STRUCTURED_REPLY with data", option: StructuredReply, data: SOME, answer: [T.ErrInvalid] },
    {
      what: "STRUCTURED_REPLY again",
      option: StructuredReply,
      data: NONE,
      state: { structured: true },
      answer: [T.ErrInvalid]
    },
    {
      what: "STRUCTURED_REPLY after EXTENDED_HEADERS",
      option: StructuredReply,
      data: NONE,
      state: { extended: true },
      answer: [T.ErrExtHeaderReqd]
    },
    { what: "EXTENDED_HEADERS", option: ExtendedHeaders, data: NONE, answer: [T.Ack], agreed: { extended: true } },
    { what: "EXTENDED_HEADERS with data", option: ExtendedHeaders, data: SOME, answer: [T.ErrInvalid] },
    {
      what: "EXTENDED_HEADERS again",
      option: ExtendedHeaders,
      data: NONE,
      state: { extended: true },
      answer: [T.ErrInvalid]
    },
    {
      what: "EXTENDED_HEADERS after structured",
      option: ExtendedHeaders,
      data: NONE,
      state: { structured: true },
      answer: [T.Ack],
      agreed: { extended: true }
    },
    { what: "too much data", option: Go, data: null, answer: [T.ErrTooBig] },
    { what: "too much data of EXPORT_NAME", option: ExportName, data: null, answer: [], next: "close" },
    { what: "LIST where TLS is required", option: List, data: NONE, tls: "required", answer: [T.ErrTlsReqd] },
    {
      what: "STARTTLS where it is required",
      option: StartTls,
      data: NONE,
      tls: "required",
      answer: [T.Ack],
      next: "tls"
    },
    {
      what: "LIST over TLS",
      option: List,
      data: NONE,
      tls: "required",
      state: { secure: true },
      answer: [T.Server, T.Server, T.Ack]
    },
    {
      what: "EXPORT_NAME where TLS is required",
      option: ExportName,
      data: utf8("disk"),
      tls: "required",
      answer: [],
      next: "close"
    },
    { what: "EXPORT_NAME of a secret", option: ExportName, data: utf8("secret"), answer: [], next: "close" },
    { what: "EXPORT_NAME of nothing known", option: ExportName, data: utf8("other"), answer: [], next: "close" },
    {
      what: "EXPORT_NAME after EXTENDED_HEADERS",
      option: ExportName,
      data: utf8("disk"),
      state: { extended: true },
      answer: [],
      next: "close"
    },
    { what: "EXPORT_NAME that is no text", option: ExportName, data: Uint8Array.of(0xff), answer: [], next: "close" },
    { what: "GO that is malformed", option: Go, data: SOME, answer: [T.ErrInvalid] },
    { what: "GO of a secret", option: Go, data: go("secret"), answer: [T.ErrTlsReqd] },
    {
      what: "GO of a secret over TLS",
      option: Go,
      data: go("secret"),
      state: { secure: true },
      answer: [T.Info, T.Ack],
      next: "transmission"
    },
    { what: "GO of nothing known", option: Go, data: go("other"), answer: [T.ErrUnknown] },
    { what: "GO", option: Go, data: go("disk"), answer: [T.Info, T.Ack], next: "transmission" },
    { what: "INFO", option: Info, data: go("disk"), answer: [T.Info, T.Ack] },
    { what: "LIST_META_CONTEXT that is malformed", option: ListMetaContext, data: SOME, answer: [T.ErrInvalid] },
    {
      what: "LIST_META_CONTEXT of nothing known",
      option: ListMetaContext,
      data: meta("other"),
      answer: [T.ErrUnknown]
    },
    { what: "LIST_META_CONTEXT", option: ListMetaContext, data: meta("disk"), answer: [T.MetaContext, T.Ack] },
    {
      what: "LIST_META_CONTEXT of base:",
      option: ListMetaContext,
      data: meta("disk", "x:y", "base:"),
      answer: [T.MetaContext, T.Ack]
    },
    {
      what: "LIST_META_CONTEXT of it",
      option: ListMetaContext,
      data: meta("disk", "base:allocation"),
      answer: [T.MetaContext, T.Ack]
    },
    { what: "LIST_META_CONTEXT of another", option: ListMetaContext, data: meta("disk", "x:y"), answer: [T.Ack] },
    {
      what: "SET_META_CONTEXT before structured",
      option: SetMetaContext,
      data: meta("disk", "base:allocation"),
      answer: [T.ErrInvalid]
    },
    {
      what: "SET_META_CONTEXT",
      option: SetMetaContext,
      data: meta("disk", "base:allocation"),
      state: { structured: true },
      answer: [T.MetaContext, T.Ack],
      agreed: { contextExport: "disk" }
    },
    {
      what: "SET_META_CONTEXT, extended",
      option: SetMetaContext,
      data: meta("disk", "base:allocation"),
      state: { extended: true },
      answer: [T.MetaContext, T.Ack],
      agreed: { contextExport: "disk" }
    },
    {
      what: "SET_META_CONTEXT of nothing",
      option: SetMetaContext,
      data: meta("disk"),
      state: { structured: true, contextExport: "disk" },
      answer: [T.Ack],
      agreed: { contextExport: null }
    },
    {
      what: "SET_META_CONTEXT of base:",
      option: SetMetaContext,
      data: meta("disk", "base:"),
      state: { structured: true },
      answer: [T.Ack]
    },
    {
      what: "SET_META_CONTEXT that is malformed",
      option: SetMetaContext,
      data: SOME,
      state: { structured: true, contextExport: "disk" },
      answer: [T.ErrInvalid],
      agreed: { contextExport: null }
    },
    {
      what: "LIST_META_CONTEXT after one was set",
      option: ListMetaContext,
      data: meta("disk"),
      state: { contextExport: "disk" },
      answer: [T.MetaContext, T.Ack]
    }
  ])("$what: $answer", ({ agreed = {}, answer, data, next = "options", option, state = {}, tls = "none" }) => {
    const negotiation = at(state, tls as TlsMode)
    const step = ask(negotiation, option, data)
    if (option !== ExportName || next === "close") expect(types(step)).toEqual(answer)
    expect(step.next).toBe(next)
    expect(negotiation.state).toEqual({ ...READY, ...state, options: 1, ...agreed })
    // each reply is about the option
    if (step.reply.length > 0) expect(toHex(step.reply.subarray(8, 12))).toBe(option.toString(16).padStart(8, "0"))
  })

  it.each([ExportName, Go, 99])("%i while shutting down", (option) => {
    const negotiation = at()
    negotiation.shuttingDown = true
    const step = ask(negotiation, option, utf8("disk"))
    expect([step.next, types(step)]).toEqual(option === ExportName ? ["close", []] : ["options", [T.ErrShutdown]])
  })

  it("is told what a name that is not known might have been", () => {
    const words = { ...table, unknown: (name: string) => `no ${name} here` }
    expect(replies(ask(at({}, "none", words), Go, go("x")))).toEqual([[T.ErrUnknown, text("no x here")]])
    expect(replies(ask(at({}, "none", words), ListMetaContext, meta("y")))).toEqual([[T.ErrUnknown, text("no y here")]])
    expect(replies(ask(at(), Go, go("x")))).toEqual([[T.ErrUnknown, text("there is no such export")]])
  })

  it("lists without TLS what needs none, where nobody says what needs it", () => {
    const open: ExportTable = { find: table.find, list: table.list }
    expect(replies(ask(at({}, "none", open), List))).toEqual([
      [T.Server, `00000004${text("disk")}${text("a disk")}`],
      [T.Server, `00000006${text("secret")}`],
      [T.Ack, ""]
    ])
  })
})
