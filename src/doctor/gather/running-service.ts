/** What a camera service that runs on this machine says of its cameras. Nobody has to answer. */

import { get } from 'node:http'
import type { Counters, Mode } from '../facts.js'

export interface RunningService {
  readonly url: string
  readonly pid?: number
  readonly cameras: readonly ServedCamera[]
}

export interface ServedCamera {
  readonly device: string
  /** Key of the identity. */
  readonly identity: string
  readonly counters?: Counters
  /** What is captured now. */
  readonly mode?: Mode
}

const ANSWER_MS = 2_000
const MAX_BYTES = 4 * 1_048_576
const MAX_CAMERAS = 256

/** Undefined when nothing answers as a camera service does. */
export async function askService(port: number): Promise<RunningService | undefined> {
  const url = `http://127.0.0.1:${port}`
  const list = await ask(`${url}/cameras`)
  if (!Array.isArray(list)) return undefined
  const pid = member(await ask(`${url}/server/pid`), 'pid')
  const cameras: ServedCamera[] = []
  for (const entry of list.slice(0, MAX_CAMERAS)) {
    const device = member(entry, 'id')
    if (typeof device !== 'string' || !/^camera\d+$/.test(device)) continue
    cameras.push(servedCamera(device, entry, await ask(`${url}/cameras/${device}`)))
  }
  return { url, cameras, ...(typeof pid === 'number' ? { pid } : {}) }
}

/** From the answers of `/cameras` and `/cameras/{id}`. Pure. */
export function servedCamera(device: string, entry: unknown, status: unknown): ServedCamera {
  const identity = member(entry, 'identity')
  const key = typeof identity === 'string' ? identity : member(identity, 'id')
  const counters = countersOf(status)
  const mode = modeOf(member(status, 'actual'))
  return {
    device,
    identity: typeof key === 'string' ? key : '',
    ...(counters === undefined ? {} : { counters }),
    ...(mode === undefined ? {} : { mode }),
  }
}

function countersOf(status: unknown): Counters | undefined {
  const state = member(status, 'state')
  if (typeof state !== 'string') return undefined
  const stats = member(status, 'stats')
  const message = member(member(status, 'last_error'), 'message')
  return {
    state,
    reconnectAttempts: count(status, 'reconnect_attempts'),
    connectionErrors: count(stats, 'connection_errors'),
    framesCaptured: count(stats, 'frames_captured'),
    framesDropped: count(stats, 'frames_dropped'),
    ...(typeof message === 'string' ? { lastError: message } : {}),
  }
}

function modeOf(actual: unknown): Mode | undefined {
  const fourcc = member(actual, 'pixel_format')
  const [width, height, fps] = ['width', 'height', 'fps_nominal'].map((name) => count(actual, name))
  if (typeof fourcc !== 'string' || !width || !height || !fps) return undefined
  return { fourcc, width, height, interval: { num: 1_000, den: Math.round(fps * 1_000) } }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function count(value: unknown, name: string): number {
  const number = member(value, name)
  return typeof number === 'number' && Number.isFinite(number) ? number : 0
}

/** The JSON answer; undefined for anything else. Never rejects. */
function ask(url: string): Promise<unknown> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: ANSWER_MS, agent: false }, (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('data', (part: Buffer) => {
        parts.push(part)
        bytes += part.length
        if (bytes > MAX_BYTES) request.destroy()
      })
      response.on('end', () => resolve(response.statusCode === 200 ? jsonOf(Buffer.concat(parts).toString()) : undefined))
      response.on('error', () => resolve(undefined))
    })
    const deadline = setTimeout(() => request.destroy(), ANSWER_MS)
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
    request.on('close', () => {
      clearTimeout(deadline)
      resolve(undefined)
    })
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
