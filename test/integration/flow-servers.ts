/** Servers for flows that run against the double always and against the real program when there is one. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePlaces } from '../../src/media/server/free-ports.js'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { until } from '../support/until.js'
import { realMediamtx } from './media-bench.js'

export interface FlowServer {
  readonly apiPort: number
  start(): Promise<void>
  /** As by kill -9. */
  kill(): Promise<void>
  /** Resolves when the reader is served; the function returned makes it leave. */
  read(name: string): Promise<() => void>
  /** Frees everything. */
  end(): Promise<void>
}

/** Word → how to make one. */
export const FLOW_SERVERS: readonly (readonly [string, () => Promise<FlowServer>])[] = [
  ['the double', doubleServer],
  ...[realMediamtx()].flatMap((binary) => (binary === undefined ? [] : [['the real one', () => realServer(binary)] as const])),
]

/** One call of its control API. */
export async function ask(server: FlowServer, method: string, path: string, body?: object): Promise<unknown> {
  const reply = await fetch(`http://127.0.0.1:${server.apiPort}/v3/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return await reply.json()
}

async function doubleServer(): Promise<FlowServer> {
  const double = new MediamtxDouble()
  await double.start()
  return {
    apiPort: double.port,
    start: () => double.start(),
    kill: () => double.kill(),
    read: (name) => double.live.read(name),
    end: () => double.kill(),
  }
}

async function realServer(binary: string): Promise<FlowServer> {
  const dir = mkdtempSync(join(tmpdir(), 'flow-'))
  const { apiPort, rtspPort } = await freePlaces('127.0.0.1')
  const file = join(dir, 'mediamtx.json')
  const listeners = { api: true, apiAddress: `127.0.0.1:${apiPort}`, rtspAddress: `127.0.0.1:${rtspPort}` }
  writeFileSync(file, JSON.stringify({ ...listeners, hls: false, webrtc: false, rtmp: false, srt: false }))
  const readers = new Set<ChildProcess>()
  let child: ChildProcess | undefined
  const kill = async () => {
    const gone = child?.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
    child?.kill('SIGKILL')
    await gone
  }
  const server: FlowServer = {
    apiPort,
    async start() {
      const env = { MTX_MOQ: 'no', MTX_RTSPTRANSPORTS: 'tcp', PATH: process.env.PATH ?? '' }
      child = spawn(binary, [file], { stdio: 'ignore', cwd: dir, env })
      await until('it answers', () =>
        ask(server, 'GET', 'info').then(
          () => true,
          () => false,
        ),
      )
    },
    kill,
    async read(name) {
      const url = `rtsp://127.0.0.1:${rtspPort}/${name}`
      const reader = spawn('ffmpeg', ['-v', 'quiet', '-rtsp_transport', 'tcp', '-i', url, '-c', 'copy', '-f', 'null', '-'], {
        stdio: 'ignore',
      })
      readers.add(reader)
      await until('it is read', async () => {
        const path = (await ask(server, 'GET', `paths/get/${name}`)) as { readers?: unknown[] }
        return (path.readers ?? []).length > 0
      })
      return () => reader.kill('SIGKILL')
    },
    async end() {
      for (const reader of readers) reader.kill('SIGKILL')
      await kill()
      rmSync(dir, { recursive: true })
    },
  }
  await server.start()
  return server
}
