import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import type { Verdict } from '../../../src/external/host-guard.js'
import { type ExternalOptions, ExternalStreams, type StreamFetcher } from '../../../src/external/index.js'
import { ExternalStore } from '../../../src/external/store.js'
import { FakeClock } from '../../support/fake-clock.js'

let stateDir: string
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'external-'))
})
afterEach(() => rmSync(stateDir, { recursive: true, force: true }))

const ALL = { skydio_enabled: true, generic_enabled: true, force_rescan: true, include_offline: false }
/** With the port that is meant when none is given. */
const FETCHED = 'rtsp://admin:s3cret@10.0.0.9:554/live'
const GATE = { url: 'rtsp://admin:s3cret@10.0.0.9/live', name: 'Front gate', type: 'generic_rtsp' as const }

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

function setUp(options: Partial<ExternalOptions> = {}) {
  const clock = new FakeClock()
  const paths = new Paths()
  const hosts = new Hosts()
  const lines: string[] = []
  const reachable = new Set<string>()
  const knocks: string[] = []
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
    redirects: async (url) => url.includes('10.0.0.66'),
    knock: async ({ host, port }) => {
      knocks.push(`${host}:${port}`)
      return reachable.has(`${host}:${port}`)
    },
    ...options,
  })
  return { clock, paths, hosts, lines, reachable, knocks, streams }
}

const file = (): string => join(stateDir, 'external-streams.json')
const codeOf = (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => 'done',
    (thrown: unknown) => (thrown instanceof ServiceError ? [thrown.code, thrown.data] : thrown),
  )

describe('a scan', () => {
  it('tries known machines first, then every host of the ranges', async () => {
    const { streams, knocks } = setUp({ concurrency: 1 })
    await streams.discover(ALL)
    expect(knocks).toEqual([
      ...['192.168.42.10:5554', '192.168.42.10:6554', '192.168.42.9:5554', '192.168.42.9:6554'],
      ...['10.0.0.8:554', '10.0.0.8:8554', '10.0.0.9:554', '10.0.0.9:8554'],
    ])
  })

  it('answers in the words of the contract', async () => {
    const { streams, reachable } = setUp()
    reachable.add('192.168.42.10:5554').add('10.0.0.9:8554')
    const found = await streams.discover(ALL)
    expect(found).toMatchObject({ total_found: 3, discovery_options: ALL, scan_duration: '0.0s', errors: [] })
    expect(found.skydio_streams).toEqual([
      {
        url: 'rtsp://192.168.42.10:5554/subject',
        type: 'skydio_stanag4609',
        name: 'Skydio_EO_192.168.42.10_eo_/subject',
        status: 'DISCOVERED',
        discovered_at: '2030-04-01T08:15:00.000Z',
        last_seen: '2030-04-01T08:15:00.000Z',
        capabilities: {
          ...{ protocol: 'rtsp', format: 'stanag4609', source: 'skydio_uav', stream_type: 'eo', port: 5554 },
          ...{ stream_path: '/subject', codec: 'h264', metadata: 'klv_mpegts' },
        },
      },
    ])
    expect(found.generic_streams.map(({ url, name }) => [url, name])).toEqual([
      ['rtsp://10.0.0.9:8554/stream', 'Generic_10.0.0.9_8554/stream'],
      ['rtsp://10.0.0.9:8554/live', 'Generic_10.0.0.9_8554/live'],
    ])
  })

  it('is narrowed by the call, and never goes beyond the configuration', async () => {
    const { streams, knocks } = setUp({
      generic: { enabled: false, networkRanges: [], knownIps: ['10.0.0.1'], ports: [1], paths: ['/'] },
    })
    await streams.discover({ ...ALL, skydio_enabled: false })
    expect(knocks).toEqual([])
  })

  it('is not repeated while its result is fresh, unless that is asked for', async () => {
    const { streams, knocks, clock, reachable } = setUp()
    reachable.add('10.0.0.8:554')
    const first = await streams.discover({ ...ALL, force_rescan: false })
    const count = knocks.length
    expect(await streams.discover({ ...ALL, force_rescan: false })).toEqual(first)
    expect(knocks).toHaveLength(count)
    // A fresh one without the other family is no answer for both.
    clock.advance(30_000)
    await streams.discover({ ...ALL, generic_enabled: false, force_rescan: false })
    await streams.discover({ ...ALL, force_rescan: false })
    expect(knocks.length).toBe(count + 4 + count)
  })

  it('runs once at a time', async () => {
    let open = (): void => undefined
    const gate = new Promise<boolean>((resolve) => {
      open = () => resolve(true)
    })
    const { streams } = setUp({ knock: () => gate })
    const first = streams.discover(ALL)
    expect(await codeOf(streams.discover(ALL))).toEqual(['INVALID_STATE', { state: 'SCANNING', allowed_states: ['IDLE'] }])
    open()
    expect((await first).total_found).toBeGreaterThan(0)
    expect((await streams.discover(ALL)).errors).toEqual([])
  })

  it('keeps what is gone, and shows it when asked to', async () => {
    const { streams, reachable, clock } = setUp()
    reachable.add('192.168.42.9:6554')
    await streams.discover(ALL)
    reachable.clear()
    clock.advance(60_000)
    expect((await streams.discover(ALL)).total_found).toBe(0)
    const all = await streams.discover({ ...ALL, include_offline: true })
    expect(all.discovered_streams).toMatchObject([{ status: 'ERROR', last_seen: '2030-04-01T08:15:00.000Z' }])
    expect(streams.list()).toMatchObject({ total_count: 1, skydio_streams: [{ status: 'ERROR' }], generic_streams: [] })
  })

  it('comes back as often as is wanted, and not after the stop', async () => {
    const { streams, knocks, clock } = setUp({ scanIntervalMs: 5_000 })
    await streams.start()
    clock.advance(4_999)
    expect(knocks).toEqual([])
    clock.advance(1)
    await settled()
    const count = knocks.length
    expect(count).toBeGreaterThan(0)
    streams.setInterval(1_000)
    clock.advance(1_000)
    await settled()
    expect(knocks.length).toBe(2 * count)
    streams.setInterval(0)
    clock.advance(3_600_000)
    await settled()
    expect(knocks.length).toBe(2 * count)
    await streams.stop()
    expect(clock.pending).toBe(0)
  })
})

describe('an added stream', () => {
  it('becomes a path, is listed without its password, and is there after a restart', async () => {
    const first = setUp()
    await first.streams.start()
    const { stream } = await first.streams.add(GATE)
    expect(stream).toEqual({
      url: 'rtsp://admin:***@10.0.0.9/live',
      type: 'generic_rtsp',
      name: 'Front gate',
      status: 'ADDED',
      discovered_at: '2030-04-01T08:15:00.000Z',
      last_seen: '2030-04-01T08:15:00.000Z',
      capabilities: { protocol: 'rtsp', source: 'external', path: 'external_front_gate' },
    })
    expect([...first.paths.sources]).toEqual([['external_front_gate', FETCHED]])
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(first.lines.join('')).not.toContain('s3cret')

    // Not stopped: a service that is killed has kept it, too.
    const second = setUp()
    await second.streams.start()
    await settled()
    expect(second.streams.list().external_streams).toMatchObject([{ name: 'Front gate', url: 'rtsp://admin:***@10.0.0.9/live' }])
    expect([...second.paths.sources]).toEqual([['external_front_gate', FETCHED]])
    expect(second.streams.has('external_front_gate')).toBe(true)
  })

  it('is left out with a warning when its address, written by somebody else, cannot be used', async () => {
    const first = setUp()
    await first.streams.start()
    await first.streams.add(GATE)
    const other = { ...GATE, url: 'rtsp://u:s3cret@10.0.0.8/$G1', path: 'external_other', addedAt: '2030-04-01T08:15:00.000Z' }
    const store = new ExternalStore({ stateDir, logger: createLogger({ level: 'info', format: 'json', write: () => undefined }) })
    expect(await store.save([...(await store.load()), other])).toBe(true)
    const second = setUp()
    await second.streams.start()
    expect(second.streams.list().external_streams).toMatchObject([{ name: 'Front gate' }])
    expect(second.lines.join('')).toContain('external_other')
    expect(second.lines.join('')).not.toContain('s3cret')
  })

  it('is refused twice, whatever its credentials, and then nothing changes', async () => {
    const { streams, paths } = setUp()
    await streams.add(GATE)
    const before = readFileSync(file(), 'utf8')
    expect(await codeOf(streams.add({ ...GATE, url: 'RTSP://10.0.0.9:554/live', name: 'other' }))).toMatchObject([
      'INVALID_STATE',
      {},
    ])
    expect([...paths.sources.keys()]).toEqual(['external_front_gate'])
    expect(readFileSync(file(), 'utf8')).toBe(before)
  })

  it('gets a path of its own, whatever its name', async () => {
    const { streams, paths } = setUp()
    const names = ['Front gate', 'front-gate', 'Tür', '門', '門門', 'x'.repeat(128)]
    for (const [index, name] of names.entries()) await streams.add({ ...GATE, url: `rtsp://10.0.0.${index}/`, name })
    expect([...paths.sources.keys()]).toEqual([
      ...['external_front_gate', 'external_front_gate_2', 'external_tu_r', 'external_stream', 'external_stream_2'],
      `external_${'x'.repeat(40)}`,
    ])
  })

  it.each([
    [{ ...GATE, url: 'rtsp://localhost:8554/camera0' }, 'stream_url'],
    [{ ...GATE, url: 'rtsp://localhost:22/' }, 'stream_url'],
    [{ ...GATE, url: 'rtsp://nowhere.lan/live' }, 'stream_url'],
    [{ ...GATE, url: 'rtsp://10.0.0.66/sends-elsewhere' }, 'stream_url'],
    [{ ...GATE, url: 'http://10.0.0.9/' }, 'stream_url'],
    [{ ...GATE, name: ' ' }, 'stream_name'],
    [{ ...GATE, name: 'a\u0000b' }, 'stream_name'],
    [{ ...GATE, name: 'a\nb' }, 'stream_name'],
  ])('%j is refused', async (stream, param) => {
    const { streams, paths } = setUp()
    expect(await codeOf(streams.add(stream))).toMatchObject(['INVALID_PARAMS', { param }])
    expect([paths.sources.size, existsSync(file())]).toEqual([0, false])
  })

  it('is not there when MediaMTX does not take it', async () => {
    const { streams, paths } = setUp()
    paths.down = true
    expect(await codeOf(streams.add(GATE))).toEqual(['DEPENDENCY_FAILED', { dependency: 'MediaMTX' }])
    expect([paths.sources.size, streams.list().total_count, existsSync(file())]).toEqual([0, 0, false])
  })

  it('is not there when it cannot be kept', async () => {
    const { streams, paths } = setUp({ stateDir: join(stateDir, 'file', 'below') })
    writeFileSync(join(stateDir, 'file'), '')
    expect(await codeOf(streams.add(GATE))).toMatchObject(['DEPENDENCY_FAILED', { dependency: 'storage' }])
    expect([paths.sources.size, streams.list().total_count]).toEqual([0, 0])
  })

  it('waits for a MediaMTX that is away at the start', async () => {
    await setUp().streams.add(GATE)
    const { streams, paths } = setUp()
    paths.down = true
    await streams.start()
    await settled()
    expect([...paths.sources.keys()]).toEqual(['external_front_gate'])
  })

  it('S-45: is fetched from the machine that its name meant, whatever the name means later', async () => {
    const { streams, paths, hosts, knocks, clock } = setUp()
    hosts.names.set('cam.lan', '10.0.0.5')
    await streams.add({ ...GATE, url: 'rtsp://u:p@cam.lan/live' })
    expect([...paths.sources]).toEqual([['external_front_gate', 'rtsp://u:p@10.0.0.5:554/live']])
    hosts.names.set('cam.lan', '127.0.0.1')
    await streams.discover(ALL)
    await settled()
    expect(knocks).toContain('10.0.0.5:554')
    expect(knocks.filter((place) => place.startsWith('127.') || place.startsWith('cam'))).toEqual([])
    expect([...paths.sources.values()]).toEqual(['rtsp://u:p@10.0.0.5:554/live'])
    // Gone, and its name means another machine now: that one is fetched from.
    hosts.names.set('cam.lan', '10.0.0.6')
    clock.advance(1_000)
    await streams.discover(ALL)
    await settled()
    expect([...paths.sources.values()]).toEqual(['rtsp://u:p@10.0.0.6:554/live'])
  })

  it('whose name nobody knows at the start is asked for until somebody does', async () => {
    const first = setUp()
    first.hosts.names.set('cam.lan', '10.0.0.5')
    await first.streams.add({ ...GATE, url: 'rtsp://cam.lan/live' })
    const { streams, paths, hosts, clock } = setUp()
    await streams.start()
    await settled()
    expect([paths.sources.size, streams.list().external_streams[0]?.status]).toEqual([0, 'ERROR'])
    hosts.names.set('cam.lan', '10.0.0.5')
    clock.advance(10_000)
    await settled()
    expect([...paths.sources.values()]).toEqual(['rtsp://10.0.0.5:554/live'])
    await streams.stop()
    expect(clock.pending).toBe(0)
  })

  it('that was added before its network was forbidden is told and not fetched', async () => {
    const first = setUp()
    first.hosts.names.set('cam.lan', '10.0.0.5')
    await first.streams.add({ ...GATE, url: 'rtsp://u:s3cret@cam.lan/live' })
    const { streams, paths, hosts, lines } = setUp()
    hosts.names.set('cam.lan', '127.0.0.1')
    await streams.start()
    await settled()
    expect([paths.sources.size, streams.list().external_streams[0]?.status]).toEqual([0, 'ERROR'])
    expect(lines.join('')).toContain('allowed_networks')
    expect(lines.join('')).not.toContain('s3cret')
  })

  it('says when it is out of reach, and when it is back', async () => {
    const { streams, paths, reachable, clock } = setUp()
    await streams.add(GATE)
    clock.advance(1_000)
    await streams.discover(ALL)
    expect(streams.list().external_streams).toMatchObject([{ status: 'ERROR', last_seen: '2030-04-01T08:15:00.000Z' }])
    paths.online.add('external_front_gate')
    expect(streams.list().external_streams).toMatchObject([{ status: 'ADDED', last_seen: '2030-04-01T08:15:01.000Z' }])
    paths.online.clear()
    reachable.add('10.0.0.9:554')
    await streams.discover(ALL)
    expect(streams.list().external_streams[0]).toMatchObject({ status: 'ADDED', name: 'Front gate' })
  })

  it('goes with its path and its place in the file', async () => {
    const { streams, paths } = setUp()
    await streams.add(GATE)
    await streams.add({ ...GATE, url: 'rtsp://10.0.0.1/', name: 'other' })
    expect(await streams.remove('rtsp://admin:***@10.0.0.9/live')).toEqual({ url: 'rtsp://admin:***@10.0.0.9/live' })
    expect([...paths.sources.keys()]).toEqual(['external_other'])
    expect(readFileSync(file(), 'utf8')).not.toContain('Front gate')
    expect(await codeOf(streams.remove(GATE.url))).toEqual([
      'EXTERNAL_STREAM_NOT_FOUND',
      { resource: 'external_stream', id: 'rtsp://admin:***@10.0.0.9/live' },
    ])
  })

  it('is one of at most 256', async () => {
    const { streams } = setUp()
    for (let index = 0; index < 256; index += 1) await streams.add({ ...GATE, url: `rtsp://10.1.0.${index}/` })
    expect(await codeOf(streams.add(GATE))).toMatchObject(['INVALID_STATE', { limit: 256 }])
  })
})

it('switched off, everything says so but the list, which is empty', async () => {
  const { streams } = setUp({ enabled: false, scanAtStart: true })
  await streams.start()
  const off = ['UNSUPPORTED', { feature: 'external_discovery' }]
  expect(await codeOf(streams.discover(ALL))).toEqual(off)
  expect(await codeOf(streams.add(GATE))).toEqual(off)
  expect(await codeOf(streams.remove(GATE.url))).toEqual(off)
  expect(() => streams.setInterval(1)).toThrow(ServiceError)
  expect(streams.list()).toMatchObject({ external_streams: [], skydio_streams: [], generic_streams: [], total_count: 0 })
})

it('a damaged list is set aside', async () => {
  writeFileSync(file(), '{"version":1,"streams":[{"url":"rtsp://x/"}]}')
  const { streams } = setUp()
  await streams.start()
  expect(streams.list().total_count).toBe(0)
  expect(existsSync(`${file()}.damaged`)).toBe(true)
})

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
