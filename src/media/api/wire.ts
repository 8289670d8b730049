/** Shapes of MediaMTX's replies, checked by hand at the edge and folded into one model for all versions (1.9 to 1.20). */

import { MediamtxError } from './failures.js'

export interface ServerInfo {
  readonly version: string
  /** Process start time as printed; only its change means something. */
  readonly started: string
}

/** What of the global configuration matters to us. Ports are numbers, `undefined` when that server is off or on a socket. */
export interface ServerPorts {
  readonly rtspPort: number | undefined
  readonly hlsPort: number | undefined
  readonly webrtcPort: number | undefined
}

export interface Reader {
  readonly type: string
  readonly id: string
}

/** One entry of the runtime list. */
export interface RuntimePath {
  readonly name: string
  /** It can be read now. */
  readonly available: boolean
  readonly availableSince: string | undefined
  readonly sourceType: string | undefined
  readonly readers: readonly Reader[]
  readonly tracks: readonly string[]
  readonly inboundBytes: number
  readonly outboundBytes: number
}

/** One effective path configuration: `name` and all its fields as printed. */
export interface PathConfig {
  readonly name: string
  readonly fields: Readonly<Record<string, unknown>>
}

type Json = Readonly<Record<string, unknown>>

export function parseInfo(reply: unknown): ServerInfo {
  const info = object(reply, 'info')
  return { version: text(info.version, 'info.version'), started: text(info.started, 'info.started') }
}

export function parsePorts(reply: unknown): ServerPorts {
  const global = object(reply, 'global configuration')
  const encryption = global.rtspEncryption ?? global.encryption
  const rtsp = global.rtsp !== false && encryption !== 'strict' && encryption !== 'yes'
  return {
    rtspPort: rtsp ? port(global.rtspAddress) : undefined,
    hlsPort: global.hls === false ? undefined : port(global.hlsAddress),
    webrtcPort: global.webrtc === false ? undefined : port(global.webrtcAddress),
  }
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly pageCount: number
}

export function parsePathConfigs(reply: unknown): Page<PathConfig> {
  return page(reply, (item) => ({ name: text(item.name, 'path name'), fields: item }))
}

export function parsePaths(reply: unknown): Page<RuntimePath> {
  return page(reply, (item) => {
    const since = item.availableTime ?? item.readyTime
    return {
      name: text(item.name, 'path name'),
      available: flag(item.available ?? item.ready, 'available'),
      availableSince: optional(since, 'availableTime') || undefined,
      sourceType: item.source == null ? undefined : kind(object(item.source, 'source').type, 'source type'),
      readers: list(item.readers, 'readers').map((reader) => ({
        type: kind(reader.type, 'reader type'),
        id: optional(reader.id, 'reader id'),
      })),
      tracks: tracks(item),
      inboundBytes: count(item.inboundBytes ?? item.bytesReceived, 'inboundBytes'),
      outboundBytes: count(item.outboundBytes ?? item.bytesSent, 'outboundBytes'),
    }
  })
}

/** The `error` member of a failed call, when the reply is the API's JSON. */
export function parseErrorText(reply: unknown): string | undefined {
  return isObject(reply) && typeof reply.error === 'string' ? reply.error : undefined
}

/** Kinds of sources and readers by the names of older versions. Kinds that are not known pass as they are. */
const OLD_KINDS: ReadonlyMap<string, string> = new Map([
  ['hlsMuxer', 'hlsSession'],
  ['webrtcSession', 'webRTCSession'],
  ['webrtcSource', 'webRTCSource'],
  ['udpSource', 'mpegtsSource'],
])

function kind(value: unknown, what: string): string {
  const type = text(value, what)
  return OLD_KINDS.get(type) ?? type
}

function tracks(item: Json): string[] {
  if (item.tracks2 != null) return list(item.tracks2, 'tracks2').map((track) => text(track.codec, 'codec'))
  if (item.tracks == null) return []
  if (!Array.isArray(item.tracks)) throw torn('tracks is not a list')
  return item.tracks.map((track) => text(track, 'track'))
}

function page<Item>(reply: unknown, parse: (item: Json) => Item): Page<Item> {
  const whole = object(reply, 'list')
  if (whole.items == null) throw torn('list without items')
  return { items: list(whole.items, 'items').map(parse), pageCount: count(whole.pageCount, 'pageCount') }
}

function object(value: unknown, what: string): Json {
  if (!isObject(value)) throw torn(`${what} is not an object`)
  return value
}

/** A list of objects; absent or null is empty. */
function list(value: unknown, what: string): Json[] {
  if (value == null) return []
  if (!Array.isArray(value)) throw torn(`${what} is not a list`)
  for (const item of value) if (!isObject(item)) throw torn(`${what} holds what is not an object`)
  return value
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw torn(`${what} is not text`)
  return value
}

/** Absent or null is empty. */
function optional(value: unknown, what: string): string {
  return value == null ? '' : text(value, what)
}

function flag(value: unknown, what: string): boolean {
  if (value != null && typeof value !== 'boolean') throw torn(`${what} is not true or false`)
  return value === true
}

/** Absent is none. */
function count(value: unknown, what: string): number {
  if (value == null) return 0
  if (typeof value !== 'number' || !(value >= 0)) throw torn(`${what} is not a count`)
  return value
}

/** Port of an address such as `:8554` or `127.0.0.1:8554`. */
function port(address: unknown): number | undefined {
  const match = typeof address === 'string' ? /:(\d{1,5})$/.exec(address) : null
  return match === null ? undefined : Number(match[1])
}

function torn(what: string): MediamtxError {
  return new MediamtxError('torn', `unexpected reply: ${what}`)
}
