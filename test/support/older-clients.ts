/** Clients of the older editions, imitated from the contract (§22, §22.10): what they send to the letter, and no more of the answers than they read. */

import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Far shorter than theirs (30 s), since here a message that they do not understand is a failure. */
const CALL_MS = 30_000

type Result = Readonly<Record<string, unknown>>

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** What the Python and the JavaScript SDK have in common. */
abstract class OlderClient {
  readonly url: string
  readonly heard: { readonly method: string; readonly params: Result }[] = []
  /** Settles when the connection is lost. */
  lost: Promise<void> = Promise.resolve()
  protected socket: WebSocket | undefined
  #lastId = 0
  readonly #pending = new Map<unknown, Pending>()

  constructor(url: string) {
    this.url = url
  }

  protected async open(): Promise<void> {
    const socket = new WebSocket(this.url, [], { handshakeTimeout: CALL_MS })
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => this.take(JSON.parse(data.toString()) as Result))
    // Not `once`: that would reject where a connection is refused, and nobody listens yet.
    this.lost = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => this.#forget())
    await Promise.race([once(socket, 'open'), once(socket, 'close').then(() => Promise.reject(new Error('could not connect')))])
    this.socket = socket
  }

  async disconnect(): Promise<void> {
    this.socket?.close()
    await this.lost
  }

  /** Members in their order, ids from 1, `params` always. */
  send(method: string, params: Result = {}): Promise<unknown> {
    this.#lastId += 1
    const id = this.#lastId
    this.socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} timed out`)), CALL_MS)
      const settle = (): void => {
        clearTimeout(timer)
        this.#pending.delete(id)
      }
      this.#pending.set(id, {
        resolve: (result) => {
          settle()
          resolve(result)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
    })
  }

  protected abstract take(message: Result): void

  protected settle(id: unknown, outcome: { readonly result: unknown } | { readonly error: Error }): void {
    const pending = this.#pending.get(id)
    if ('error' in outcome) pending?.reject(outcome.error)
    else pending?.resolve(outcome.result)
  }

  #forget(): void {
    for (const pending of [...this.#pending.values()]) pending.reject(new Error('connection lost'))
  }
}

/** The Python SDK: understands only messages with a `result`, and notifications. */
export class PythonLikeClient extends OlderClient {
  readonly #auth: Result

  constructor(url: string, auth: { readonly token: string; readonly auth_type: 'jwt' | 'api_key' }) {
    super(url)
    this.#auth = auth
  }

  async connect(): Promise<void> {
    await this.open()
    const answer = (await this.send('authenticate', this.#auth)) as Result
    if (answer.authenticated !== true) throw new Error(`AuthenticationError: ${String(answer.error)}`)
    if ((await this.send('ping')) !== 'pong') throw new Error('no pong')
  }

  async getCameraList(): Promise<readonly Result[]> {
    const { cameras } = (await this.send('get_camera_list')) as { readonly cameras: readonly Result[] }
    return cameras.map((camera) => cameraInfo(camera))
  }

  async getCameraStatus(devicePath: string): Promise<Result> {
    return cameraInfo((await this.send('get_camera_status', { device: devicePath })) as Result)
  }

  async takeSnapshot(devicePath: string, filename?: string): Promise<Result> {
    const result = (await this.send('take_snapshot', { device: devicePath, ...(filename && { filename }) })) as Result
    return { device_path: devicePath, filename: needed(result, 'filename'), timestamp: needed(result, 'timestamp') }
  }

  async startRecording(devicePath: string, filename?: string): Promise<Result> {
    return recordingInfo((await this.send('start_recording', { device: devicePath, ...(filename && { filename }) })) as Result)
  }

  async stopRecording(devicePath: string): Promise<Result> {
    return recordingInfo((await this.send('stop_recording', { device: devicePath })) as Result)
  }

  async getRecordingStatus(devicePath: string): Promise<Result | null> {
    const result = (await this.send('get_recording_status', { device: devicePath })) as Result | null
    return result === null ? null : recordingInfo(result)
  }

  /** As the example program on top does: from the WebSocket's own port. */
  async download(
    kind: 'recordings' | 'snapshots',
    filename: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Uint8Array> {
    const { hostname, port } = new URL(this.url)
    const response = await fetch(`http://${hostname}:${port}/files/${kind}/${encodeURIComponent(filename)}`, { headers })
    if (response.status !== 200) throw new Error(`download: ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }

  protected take(message: Result): void {
    if ('result' in message) this.settle(message.id, { result: message.result })
    else if (typeof message.method === 'string') this.heard.push({ method: message.method, params: message.params as Result })
    // Anything else, errors too, is "unknown" to it.
  }
}

function cameraInfo(camera: Result): Result {
  const { capabilities = [], stream_url = null } = camera
  return {
    device_path: needed(camera, 'device'),
    name: needed(camera, 'name'),
    status: needed(camera, 'status'),
    capabilities,
    stream_url,
  }
}

function recordingInfo(recording: Result): Result {
  const { recording_id = '', duration = null, status = 'active' } = recording
  return { recording_id, filename: needed(recording, 'filename'), start_time: needed(recording, 'start_time'), duration, status }
}

/** As `result["name"]` in Python: what is not there is an exception. */
function needed(result: Result, name: string): unknown {
  if (!(name in result)) throw new Error(`KeyError: ${name}`)
  return result[name]
}

/** The JavaScript SDK with the example program on top: it wants `success`, and a `recording`. */
export class ScriptLikeClient extends PythonLikeClient {
  async snapshotCommand(device: string): Promise<string> {
    const result = (await this.send('take_snapshot', { device })) as Result
    if (result.success !== true) throw new Error('snapshot failed')
    return String(result.filename)
  }

  async recordCommand(command: 'start_recording' | 'stop_recording', device: string): Promise<Result> {
    const result = (await this.send(command, { device })) as Result
    if (result.success !== true || typeof result.recording !== 'object') throw new Error(`${command} failed`)
    return result.recording as Result
  }
}

/** The web client: pings, subscribes to the older names after each login, and comes back by itself. */
export class WebLikeClient extends OlderClient {
  readonly #token: string
  readonly #firstWaitMs: number
  #stopped = false
  logins = 0

  /** It waits 1 s, 2 s, 4 s … up to 30 s between five tries; tests begin with less. */
  constructor(url: string, token: string, firstWaitMs: number) {
    super(url)
    this.#token = token
    this.#firstWaitMs = firstWaitMs
  }

  async connect(): Promise<void> {
    await this.open()
    const { authenticated } = (await this.send('authenticate', { auth_token: this.#token })) as Result
    if (authenticated !== true) throw new Error('not logged in')
    const topics = ['camera_status_update', 'recording_status_update', 'system_health_update']
    await this.send('subscribe_events', { topics })
    this.logins += 1
    void this.lost.then(() => this.#comeBack())
  }

  override disconnect(): Promise<void> {
    this.#stopped = true
    return super.disconnect()
  }

  protected take(message: Result): void {
    if (message.jsonrpc !== '2.0') return
    if ('id' in message) {
      const { error, result } = message
      this.settle(message.id, error === undefined ? { result } : { error: new Error(JSON.stringify(error)) })
    } else if (typeof message.method === 'string') {
      this.heard.push({ method: message.method, params: message.params as Result })
    }
  }

  async #comeBack(): Promise<void> {
    for (let attempt = 0; attempt < 5 && !this.#stopped; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, this.#firstWaitMs * 2 ** attempt))
      try {
        await this.connect()
        return
      } catch {
        // The next try waits twice as long.
      }
    }
  }
}
