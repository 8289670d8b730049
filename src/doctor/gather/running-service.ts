/** What a camera service that runs on this machine says of its cameras. Nobody has to answer. */

import { get } from 'node:http'
import type { Counters, Mode } from '../facts.js'

export interface RunningService {
  readonly url: string
  readonly pid?: number
  readonly cameras: readonly ServedCamera[]
  /** Something listens there and left a question open: what is told here is not all. */
  readonly isLate: boolean
}

export interface ServedCamera {
  readonly device: string
  /** Key of the identity. */
  readonly identity: string
  readonly counters?: Counters
  /** What is captured now. */
  readonly mode?: Mode
}

/** Nobody there is known at once. A small machine that makes pictures all the time may take seconds. */
const ANSWER_MS = 10_000
const MAX_BYTES = 4 * 1_048_576
const MAX_CAMERAS = 256

/** Undefined when nothing answers as a camera service does. */
export async function askService(port: number, answerMs = ANSWER_MS): Promise<RunningService | undefined> {
  const url = `http://127.0.0.1:${port}`
  const cameras: ServedCamera[] = []
  let pid: unknown
  let isLate = false
  try {
    const list = await ask(`${url}/cameras`, answerMs)
    if (!Array.isArray(list)) return undefined
    pid = member(await ask(`${url}/server/pid`, answerMs), 'pid')
    for (const entry of list.slice(0, MAX_CAMERAS)) {
      const device = member(entry, 'id')
      if (typeof device !== 'string' || !/^camera\d+$/.test(device)) continue
      cameras.push(servedCamera(device, entry, await ask(`${url}/cameras/${device}`, answerMs)))
    }
  } catch (thrown) {
    if (!(thrown instanceof LateAnswer)) throw thrown
    isLate = true
  }
  return { url, cameras, isLate, ...(typeof pid === 'number' ? { pid } : {}) }
}

/** A connection was taken, and no whole answer came. One is enough: who left one open is not asked again. */
class LateAnswer extends Error {}

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

/** The JSON answer; undefined for anything else. Rejects with LateAnswer alone. */
function ask(url: string, answerMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
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
    const deadline = setTimeout(() => {
      reject(new LateAnswer(url))
      request.destroy()
    }, answerMs)
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
