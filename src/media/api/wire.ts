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
      available: (item.available ?? item.ready) === true,
      availableSince: typeof since === 'string' ? since : undefined,
      sourceType: isObject(item.source) ? text(item.source.type, 'source type') : undefined,
      readers: objects(item.readers).map((reader) => ({
        type: readerKind(text(reader.type, 'reader type')),
        id: typeof reader.id === 'string' ? reader.id : '',
      })),
      tracks: tracks(item),
      inboundBytes: count(item.inboundBytes ?? item.bytesReceived),
      outboundBytes: count(item.outboundBytes ?? item.bytesSent),
    }
  })
}

/** The `error` member of a failed call, when the reply is the API's JSON. */
export function parseErrorText(reply: unknown): string | undefined {
  return isObject(reply) && typeof reply.error === 'string' ? reply.error : undefined
}

/** Names of older versions, folded into today's. */
function readerKind(type: string): string {
  if (type === 'hlsMuxer') return 'hlsSession'
  return type === 'webrtcSession' ? 'webRTCSession' : type
}

function tracks(item: Json): string[] {
  if (Array.isArray(item.tracks2)) return objects(item.tracks2).map((track) => String(track.codec))
  return Array.isArray(item.tracks) ? item.tracks.map(String) : []
}

function page<Item>(reply: unknown, parse: (item: Json) => Item): Page<Item> {
  const list = object(reply, 'list')
  if (!Array.isArray(list.items)) throw torn('list without items')
  return { items: list.items.map((item) => parse(object(item, 'list item'))), pageCount: count(list.pageCount) }
}

function object(value: unknown, what: string): Json {
  if (!isObject(value)) throw torn(`${what} is not an object`)
  return value
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw torn(`${what} is not text`)
  return value
}

function count(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0
}

/** Port of an address such as `:8554` or `127.0.0.1:8554`. */
function port(address: unknown): number | undefined {
  const match = typeof address === 'string' ? /:(\d{1,5})$/.exec(address) : null
  return match === null ? undefined : Number(match[1])
}

function torn(what: string): MediamtxError {
  return new MediamtxError('torn', `unexpected reply: ${what}`)
}
