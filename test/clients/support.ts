/** A service whose cameras are fast enough for hundreds of frames in seconds, and clients as programs of their own. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, vi } from 'vitest'
import { ask } from '../support/raw-http.js'
import { type RunningService, startService } from '../support/service.js'

export const FRAMES = 300
const FRAMES_BEFORE = 150
/** Of a client to whose camera something is done; the last 300 come after that. */
export const FRAMES_OVER = FRAMES_BEFORE + FRAMES
export const WIDTH = 640
export const HEIGHT = 480
/** Twice what most cameras give: the same frames in half the time. */
const FPS = 60
const CLIENT_MS = 70_000

export async function startFeed(): Promise<RunningService> {
  const camera = { WIDTH, HEIGHT, FPS }
  const env = Object.entries(camera).flatMap(([name, value]) => [
    [`CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_${name}`, String(value)],
    [`CAMERA_SERVICE_CAMERA_SERVER_CAMERA_${name}`, String(value)],
  ])
  const service = await startService({ args: ['--virtual-cameras', '1'], camera: true, env: Object.fromEntries(env) })
  await vi.waitFor(async () => {
    const { actual } = await status(service)
    if (actual?.width !== WIDTH || actual.fps_nominal !== FPS) throw new Error(`the camera gives ${JSON.stringify(actual)}`)
  }, 20_000)
  return service
}

export const feedOf = ({ cameraPort }: RunningService, query = ''): string => `http://127.0.0.1:${cameraPort}/video_feed${query}`

export interface Viewer {
  readonly label: string
  readonly frames: number
  readonly since: number
}

interface Status {
  readonly actual: { readonly width: number; readonly fps_nominal: number } | null
  readonly viewers: { readonly list: readonly Viewer[] }
}

export async function status({ cameraPort }: RunningService): Promise<Status> {
  return JSON.parse((await ask(cameraPort, 'GET', '/status?viewers=1')).body)
}

/** The one viewer that calls itself so. */
export async function viewer(service: RunningService, label: string): Promise<Viewer> {
  const [found, ...others] = (await status(service)).viewers.list.filter((viewer) => viewer.label === label)
  if (found === undefined || others.length > 0) throw new Error(`${others.length + (found ? 1 : 0)} viewers are ${label}`)
  return found
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a client to its end; `onOutput` sees all that it printed so far, each time there is more. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    signal: AbortSignal.timeout(CLIENT_MS),
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    options.onOutput?.(stdout)
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  const [code] = (await once(child, 'close').catch((error: unknown) => {
    throw new Error(`${command}: ${String(error)}\n${stdout.slice(-500)}\n${stderr}`)
  })) as [number | null]
  return { code, stdout, stderr }
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly onOutput?: (stdout: string) => void
}

/** Does something to the camera once a client has so many frames, and proves that the client kept its connection. */
export class Midway {
  readonly #service: RunningService
  readonly #label: string
  readonly #act: (service: RunningService) => Promise<void>
  #acted: Promise<void> | undefined

  /** `label`: what the client calls itself by `?key=`. */
  constructor(service: RunningService, label: string, act: (service: RunningService) => Promise<void>) {
    this.#service = service
    this.#label = label
    this.#act = act
  }

  /** `frames`: how many the client has now. */
  see(frames: number): void {
    if (frames >= FRAMES_BEFORE) this.#acted ??= this.#run()
  }

  /** To be asked when the client has ended. */
  async wasSurvived(): Promise<void> {
    if (this.#acted === undefined) throw new Error('the client never had so many frames')
    await this.#acted
  }

  async #run(): Promise<void> {
    const before = await viewer(this.#service, this.#label)
    await this.#act(this.#service)
    const after = await viewer(this.#service, this.#label)
    expect(after.since).toBe(before.since)
    expect(after.frames).toBeLessThan(FRAMES_OVER)
  }
}

export async function restart({ cameraPort }: RunningService): Promise<void> {
  const { body } = await ask(cameraPort, 'POST', '/camera/restart')
  expect(JSON.parse(body)).toEqual({ success: true, message: 'Camera restart successful' })
}

/** Resolves when the camera gives pictures of that size. */
export async function resize(service: RunningService, width: number, height: number): Promise<void> {
  const { status: code } = await ask(service.cameraPort, 'PUT', '/config', {
    body: JSON.stringify({ camera: { width, height } }),
  })
  expect(code).toBe(200)
  await vi.waitFor(async () => expect((await status(service)).actual?.width).toBe(width), 20_000)
}

const CLIENTS = { OpenCV: 'CLIENTS_OPENCV_PYTHON', Chromium: 'CLIENTS_CHROMIUM' } as const

/** A client that is not here: its tests are skipped, and nobody can overlook it. */
export function isMissing(client: keyof typeof CLIENTS): boolean {
  if (process.env[CLIENTS[client]]) return false
  console.error(`SKIPPED: no test with ${client}. It is not installed: test/clients/run.sh does that, or says why it cannot.`)
  return true
}
