/** What MediaMTX forgets, and what others do to it, comes back (R-02, R-03, R-05, R-06, R-09 of the reliability rows). */

import { afterEach, expect, test } from 'vitest'
import type { MediaOptions } from '../../src/media/index.js'
import { type DoubleOptions, MediamtxDouble } from '../support/mediamtx-double/index.js'
import { stopwatch } from '../support/processor-wait.js'
import { extent, full } from '../support/rows.js'
import { until } from '../support/until.js'
import { type MediaBench, openBench, processesOf, readProc } from './media-bench.js'

const CAMERAS = Array.from({ length: 16 }, (_, at) => `camera${at}`)
const STREAMS = Array.from({ length: 100 }, (_, at) => `uav/${at}`)
const WISH = { recordPath: '/recordings/%path/%f', format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 500 } as const
/** Cameras are not what is looked at, and without hooks all of them would be published. */
const WITHOUT_HOOKS = { notifierFile: '/nonexistent' }

let bench: MediaBench | undefined
let double: MediamtxDouble | undefined

afterEach(async () => {
  await double?.kill()
  await bench?.close()
  bench = double = undefined
})

test('R-02: 116 paths that a restart forgot are back within 1.2 s, with hardly a call more than there are paths', async () => {
  const { media, server } = await open({}, WITHOUT_HOOKS, CAMERAS)
  const streams = STREAMS.map((name) => media.setSource(name, source(name)))
  await Promise.all([...streams, media.setRecording('camera3', WISH)])
  const before = new Map(server.names().map((name) => [name, server.config(name)]))
  expect(before.size).toBe(116)
  const changes: string[] = []
  media.events.on('stateChanged', ({ state }) => changes.push(state))

  await server.kill()
  await until('its end is seen', () => media.state === 'down', 1_000)
  server.calls.length = 0
  await server.start()
  const took = stopwatch()
  await until('all paths are back', () => server.names().length === 116)
  await until('it is told', () => media.state === 'up')
  expect(took()).toBeLessThan(1_200)
  expect(server.calls.length).toBeLessThanOrEqual(127)
  expect(server.calls.filter((call) => call === 'POST config/paths/replace')).toHaveLength(116)
  expect(new Map(server.names().map((name) => [name, server.config(name)]))).toEqual(before)
  expect(changes).toEqual(['down', 'up'])
})

test('R-03: a path manager that hangs while info answers is a server that is down', async () => {
  const { media, server } = await open({}, WITHOUT_HOOKS)
  server.faults.hang.add('paths/list')
  await until('it is down', () => media.state === 'down', 5_000)
  server.calls.length = 0
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  // Only the list is asked for while it is down: nothing is written to it, nothing else asked.
  expect(new Set(server.calls)).toEqual(new Set(['GET paths/list']))
  server.faults.hang.clear()
  await until('it is up', () => media.state === 'up', 3_000)
}, 20_000)

/** One every 2 s for 2 min. */
const DEATHS = [60, 20] as const
const LIFE_MS = full(2_000, 600)

test(`R-05: after a storm of deaths (${extent('deaths', ...DEATHS)}), while wishes change 50 times a second, the last wish is what is there`, async () => {
  const { media, server } = await open({}, WITHOUT_HOOKS)
  let wishes = 0
  const wish = () => {
    const name = `uav/${wishes % 10}`
    const gone = wishes % 7 === 3
    media.setSource(name, gone ? undefined : source(`${name}-${wishes}`)).catch(() => undefined)
    wishes++
  }
  const begunMs = performance.now()
  // A machine that held the timer up does not make them fewer.
  const changing = setInterval(() => {
    while (wishes < (performance.now() - begunMs) / 20) wish()
  }, 20)
  for (let death = 0; death < full(...DEATHS); death++) {
    await new Promise((resolve) => setTimeout(resolve, LIFE_MS))
    await server.restart()
  }
  clearInterval(changing)
  for (let last = 0; last < 10; last++) {
    media.setSource(`uav/${last}`, last === 9 ? undefined : source(`last-${last}`)).catch(() => undefined)
  }
  const wanted = ['camera0', ...Array.from({ length: 9 }, (_, at) => `uav/${at}`)]
  const right = () =>
    server.names().join() === wanted.join() &&
    wanted.slice(1).every((name, at) => server.config(name)?.source === source(`last-${at}`).url)
  await until('it is as wished', right, 3_000)
  expect(wishes).toBeGreaterThan((full(...DEATHS) * LIFE_MS) / 40)
}, 180_000)

test('R-09: MediaMTX killed under a stream, then its path replaced a hundred times: one ffmpeg each time, and none when it is over', async () => {
  const { media, server, stateDir } = await open({ runsHooks: true }, {})
  const publishers = () => processesOf(stateDir).filter((pid) => readProc(pid, 'comm').startsWith('ffmpeg'))
  await media.startStreaming('camera0', 'h')
  expect(publishers()).toHaveLength(1)
  await server.restart()
  await until('it is published again', () => server.runtime.get('camera0')?.publisher !== undefined)
  for (let round = 0; round < 100; round++) {
    server.call('POST', 'config/paths/replace/camera0', { maxReaders: 1 + (round % 2) })
  }
  await until('it is ours and published', () => {
    return server.config('camera0')?.maxReaders === 0 && server.runtime.get('camera0')?.publisher !== undefined
  })
  await until('one is left', () => publishers().length === 1)
  await media.stopStreaming('camera0')
  await until('none is left', () => publishers().length === 0, 10_000)
})

test('R-06: own paths that others delete or alter are repaired within 6 s, foreign and file-defined ones stay as they are', async () => {
  const lobby = { source: 'rtsp://192.0.2.1/a' }
  const { server } = await open({ file: { lobby } }, WITHOUT_HOOKS, ['camera0', 'camera1'])
  const good = server.config('camera0')
  server.call('POST', 'config/paths/add/visitor', { maxReaders: 5 })
  server.call('DELETE', 'config/paths/delete/camera0')
  server.call('PATCH', 'config/paths/patch/camera1', { runOnRead: '/bin/theirs', maxReaders: 1 })
  await until(
    'both are repaired',
    () => server.config('camera0') !== undefined && server.config('camera1')?.runOnRead === '',
    6_000,
  )
  expect(server.config('camera0')).toEqual(good)
  expect(server.config('camera1')).toEqual(good)
  expect(server.config('lobby')).toMatchObject(lobby)
  expect(server.config('visitor')).toMatchObject({ maxReaders: 5 })
})

function source(name: string) {
  return { url: `rtsp://192.0.2.2/${name}`, onDemand: true, transport: 'tcp' } as const
}

async function open(doubleOptions: DoubleOptions, options: Partial<MediaOptions>, devices: readonly string[] = ['camera0']) {
  const server = new MediamtxDouble({ runsHooks: false, ...doubleOptions })
  double = server
  await server.start()
  return { ...(await adopt({ apiPort: server.port, ...options }, devices)), server }
}

async function adopt(options: Partial<MediaOptions>, devices: readonly string[]) {
  const opened = openBench({ mode: 'external', ...options }, devices)
  bench = opened
  if (options.notifierFile === WITHOUT_HOOKS.notifierFile) opened.feeds.open = () => Promise.reject(new Error('no frames here'))
  await opened.media.start(new AbortController().signal)
  await until('it is adopted', () => opened.media.state === 'up')
  return { media: opened.media, stateDir: opened.stateDir }
}
