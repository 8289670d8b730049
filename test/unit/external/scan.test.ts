import { describe, expect, it } from 'vitest'
import { ALL, codeOf, settled, setUp, useStateDir } from './rig.js'

useStateDir()

describe('a scan', () => {
  it('tries known machines first, then every host of the ranges', async () => {
    const { streams, knocks } = setUp({ concurrency: 1 })
    await streams.discover(ALL)
    expect(knocks).toEqual([
      ...['192.168.42.10:5554', '192.168.42.10:6554', '192.168.42.9:5554', '192.168.42.9:6554'],
      ...['10.0.0.8:554', '10.0.0.8:8554', '10.0.0.9:554', '10.0.0.9:8554'],
    ])
  })

  it('that the stop cancels is followed by no other', async () => {
    let asked = 0
    const knock = (_place: unknown, signal: AbortSignal) => {
      asked += 1
      return new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(false)))
    }
    const { streams, clock } = setUp({ scanIntervalMs: 1_000, knock })
    await streams.start()
    clock.advance(1_000)
    await settled()
    expect(asked).toBeGreaterThan(0)
    await streams.stop()
    await settled()
    expect(clock.pending).toBe(0)
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

  it('is counted by how it ended', async () => {
    const { streams, reachable } = setUp()
    reachable.add('192.168.42.9:6554')
    await streams.discover(ALL)
    expect(streams.figures).toEqual({ scans: { complete: 1 }, streams: { online: 1, gone: 0 } })

    let open = (): void => undefined
    const gate = new Promise<boolean>((resolve) => {
      open = () => resolve(true)
    })
    const { streams: others } = setUp({ knock: () => gate })
    const cut = others.discover(ALL)
    await others.stop()
    open()
    await expect(cut).rejects.toThrow()
    expect(others.figures).toEqual({ scans: { failed: 1 }, streams: { online: 0, gone: 0 } })
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
    expect(streams.figures).toEqual({ scans: { complete: 3 }, streams: { online: 0, gone: 1 } })
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
