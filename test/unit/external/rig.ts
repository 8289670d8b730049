/** External streams with a MediaMTX, a network and names that are tables; the files in a folder for each test. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import type { Verdict } from '../../../src/external/host-guard.js'
import { type ExternalOptions, ExternalStreams, type StreamFetcher } from '../../../src/external/index.js'
import { FakeClock } from '../../support/fake-clock.js'

let stateDir: string

/** To be called once by each test file. */
export function useStateDir(): void {
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'external-'))
  })
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }))
}

/** A place in the state directory of the test. */
export const place = (name: string): string => join(stateDir, name)
export const file = (): string => place('external-streams.json')

export const ALL = { skydio_enabled: true, generic_enabled: true, force_rescan: true, include_offline: false }
/** With the port that is meant when none is given. */
export const FETCHED = 'rtsp://admin:s3cret@10.0.0.9:554/live'
export const GATE = { url: 'rtsp://admin:s3cret@10.0.0.9/live', name: 'Front gate', type: 'generic_rtsp' as const }

/** MediaMTX as a table of paths; `down` refuses like one that is away. */
class Paths implements StreamFetcher {
  readonly sources = new Map<string, string>()
  readonly online = new Set<string>()
  down = false

  async setSource(path: string, wish: { readonly url: string } | undefined): Promise<void> {
    if (wish === undefined) this.sources.delete(path)
    else this.sources.set(path, wish.url)
    if (this.down) throw new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'MediaMTX' } })
  }
  isOnline = (path: string): boolean => this.online.has(path)
}

/** Names and what they mean; addresses mean themselves. */
class Hosts {
  readonly names = new Map<string, string>()
  /** Asked for so far. */
  readonly asked: string[] = []

  async check(host: string, port: number): Promise<Verdict> {
    this.asked.push(host)
    if (host === 'localhost') return { refused: port === 8554 ? 'own' : 'forbidden' }
    if (/^[\d.]+$/.test(host)) return { address: host }
    const address = this.names.get(host)
    return address === undefined ? { refused: 'unknown' } : address.startsWith('127.') ? { refused: 'forbidden' } : { address }
  }
}

export function setUp(options: Partial<ExternalOptions> = {}) {
  const clock = new FakeClock()
  const paths = new Paths()
  const hosts = new Hosts()
  const lines: string[] = []
  const reachable = new Set<string>()
  const knocks: string[] = []
  /** Addresses that begin to send to other machines. */
  const elsewhere = new Set<string>()
  /** Addresses whose login is wrong, and those that machines were asked by. */
  const refusing = new Set<string>()
  const asked: string[] = []
  const streams = new ExternalStreams({
    enabled: true,
    scanIntervalMs: 0,
    scanAtStart: false,
    timeoutMs: 10_000,
    concurrency: 4,
    skydio: {
      ...{ enabled: true, networkRanges: ['192.168.42.8/30'], knownIps: ['192.168.42.10'], both: true },
      ...{ eoPort: 5554, irPort: 6554, eoPath: '/subject', irPath: '/infrared' },
    },
    generic: { enabled: true, networkRanges: ['10.0.0.8/31'], knownIps: [], ports: [554, 8554], paths: ['/stream', '/live'] },
    stateDir,
    clock,
    logger: createLogger({ level: 'debug', format: 'json', write: (line: string) => lines.push(line) }),
    fetcher: paths,
    hosts,
    transport: 'tcp',
    whereSent: async (url) => {
      asked.push(url)
      if (refusing.has(url)) return 'login_refused'
      return url.includes('10.0.0.66') || elsewhere.has(url) ? 'elsewhere' : 'here'
    },
    knock: async ({ host, port }) => {
      knocks.push(`${host}:${port}`)
      return reachable.has(`${host}:${port}`)
    },
    ...options,
  })
  return { clock, paths, hosts, lines, reachable, knocks, elsewhere, refusing, asked, streams }
}

export const codeOf = (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => 'done',
    (thrown: unknown) => (thrown instanceof ServiceError ? [thrown.code, thrown.data] : thrown),
  )

export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
