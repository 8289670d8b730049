/** Documents of the service, read once at the edge into what the page shows. Pure. */

export interface CameraState {
  readonly id: string
  readonly name: string
  /** `disabled opening streaming stalled waiting given_up`, or a word of a later version. */
  readonly state: string
  readonly isRunning: boolean
  readonly isConnected: boolean
  readonly reconnectAttempts: number
  readonly viewers: number
  readonly fault: { readonly code: string; readonly message: string } | undefined
}

export interface Status extends CameraState {
  /** It was seen at least once. */
  readonly isKnown: boolean
  readonly queueSize: number
  readonly framesCaptured: number
  readonly framesDropped: number
  readonly drops: Readonly<Record<string, number>>
  readonly connectionErrors: number
  readonly lastReconnect: string | undefined
  readonly uptimeSeconds: number
  readonly actual: Actual | undefined
  readonly config: Readonly<Record<string, unknown>>
  /** Every camera, this one included, by number. */
  readonly all: readonly CameraState[]
}

export interface Actual {
  readonly width: number
  readonly height: number
  readonly fpsNominal: number
  readonly fpsMeasured: number
  readonly pixelFormat: string
  readonly bytesPerSecond: number
}

export type Fields = Readonly<Record<string, unknown>>

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

export function number(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}

/** Of `GET /status`. */
export function statusOf(document: unknown): Status {
  const root = fields(document)
  const stats = fields(root.stats)
  const own = stateOf(text(root.id, 'camera0'), root)
  const others = Object.entries(fields(root.cameras)).map(([id, value]) => stateOf(id, fields(value)))
  return {
    ...own,
    isKnown: root.identity !== null && root.identity !== undefined,
    queueSize: number(root.queue_size),
    framesCaptured: number(stats.frames_captured),
    framesDropped: number(stats.frames_dropped),
    drops: Object.fromEntries(Object.entries(fields(root.drops)).map(([name, value]) => [name, number(value)])),
    connectionErrors: number(stats.connection_errors),
    lastReconnect: text(stats.last_reconnect) || undefined,
    uptimeSeconds: number(stats.uptime),
    actual: actualOf(root.actual),
    config: fields(root.config),
    all: [own, ...others].sort((one, other) => numberOfId(one.id) - numberOfId(other.id)),
  }
}

function stateOf(id: string, value: Fields): CameraState {
  const fault = fields(value.last_error)
  return {
    id,
    name: text(value.name) || id,
    state: text(value.state),
    isRunning: value.is_running === true,
    isConnected: value.is_connected === true,
    reconnectAttempts: number(value.reconnect_attempts),
    viewers: number(fields(value.viewers).count),
    fault: fault.code === undefined ? undefined : { code: text(fault.code), message: text(fault.message) },
  }
}

function actualOf(value: unknown): Actual | undefined {
  const actual = fields(value)
  if (actual.width === undefined) return undefined
  return {
    width: number(actual.width),
    height: number(actual.height),
    fpsNominal: number(actual.fps_nominal),
    fpsMeasured: number(actual.fps_measured),
    pixelFormat: text(actual.pixel_format),
    bytesPerSecond: number(actual.bytes_per_second),
  }
}

export function numberOfId(id: string): number {
  return Number(/\d+$/.exec(id)?.[0] ?? 0)
}

/** Of an error body: `{"detail": text or list, "code"}`. */
export function refusalOf(document: unknown): { readonly code: string; readonly detail: string } {
  const { code, detail } = fields(document)
  const items = list(detail).map((item) => text(fields(item).msg))
  return { code: text(code), detail: text(detail, items.join('; ')) }
}
