import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import { ExternalStore } from '../../../src/external/store.js'
import { ALL, codeOf, FETCHED, file, GATE, place, settled, setUp, useStateDir } from './rig.js'

useStateDir()

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
    const store = new ExternalStore({
      stateDir: place('.'),
      logger: createLogger({ level: 'info', format: 'json', write: () => undefined }),
    })
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
    const { streams, paths } = setUp({ stateDir: place('file/below') })
    writeFileSync(place('file'), '')
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

  it('that is still being added at the stop is left alone from then on', async () => {
    const { streams, clock } = setUp()
    const adding = streams.add(GATE)
    await streams.stop()
    await adding
    expect(clock.pending).toBe(0)
  })

  it('R-18: whose machine cannot be asked is asked again', async () => {
    await setUp().streams.add(GATE)
    let works = false
    const whereSent = async () => {
      if (!works) throw new Error('EMFILE: too many open files')
      return 'here' as const
    }
    const { streams, paths, clock, lines } = setUp({ whereSent })
    await streams.start()
    await settled()
    expect(paths.sources.size).toBe(0)
    expect(lines.join('')).toContain('EMFILE')
    works = true
    clock.advance(30_000)
    await settled()
    expect([...paths.sources.values()]).toEqual([FETCHED])
    await streams.stop()
    expect(clock.pending).toBe(0)
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

  it('S-45: a machine that begins to send to another one is let go of within 30 s, and fetched from when it has stopped', async () => {
    const { streams, paths, elsewhere, clock, lines } = setUp()
    await streams.add(GATE)
    paths.online.add('external_front_gate')
    elsewhere.add(FETCHED)
    clock.advance(30_000)
    await settled()
    // While it is fetched nobody asks where it is.
    expect([...paths.sources.values()]).toEqual([FETCHED])
    paths.online.clear()
    clock.advance(30_000)
    await settled()
    expect([...paths.sources.values()]).toEqual([])
    expect(streams.list().external_streams).toMatchObject([{ status: 'ERROR' }])
    expect(lines.join('')).toContain('sends to another one')
    expect(lines.join('')).not.toContain('s3cret')
    elsewhere.clear()
    clock.advance(30_000)
    await settled()
    expect([...paths.sources.values()]).toEqual([FETCHED])
    expect(streams.list().external_streams).toMatchObject([{ status: 'ADDED' }])
    await streams.stop()
    expect(clock.pending).toBe(0)
  })

  it('a machine that refuses its login is not bothered with it again until it has been fetched from', async () => {
    const { streams, paths, refusing, asked, clock } = setUp()
    refusing.add(FETCHED)
    await streams.add(GATE)
    for (let looks = 0; looks < 3; looks += 1) {
      clock.advance(30_000)
      await settled()
    }
    expect(asked).toEqual([FETCHED, ...new Array<string>(3).fill('rtsp://10.0.0.9:554/live')])
    paths.online.add('external_front_gate')
    clock.advance(30_000)
    paths.online.clear()
    clock.advance(30_000)
    await settled()
    expect(asked.at(-1)).toBe(FETCHED)
    expect(asked.length).toBe(5)
    await streams.stop()
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
