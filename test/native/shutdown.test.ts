import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { loadNative } from '../../src/native/index.js'
import { ADDON_FILE, coreThreads, eventually, NEXT, openDescriptors, REQUEST, virtualOptions, Watched } from './support.js'

test('shutdown ends captures and threads, again and from every view, and calls after it are refused', async () => {
  await new Watched(virtualOptions(1)).end() // what is opened once and kept
  const descriptors = openDescriptors()
  const watched = new Watched(virtualOptions(2))
  const other = loadNative().attach(watched.core.id)
  await Promise.all([watched.streaming('virtual:0'), watched.streaming('virtual:1')])
  watched.core.closeReadEnd(watched.core.openFeed('virtual:0', { stallMs: 5_000 }).id)

  await Promise.all([watched.core.shutdown(2_000), other.shutdown(2_000), watched.core.shutdown(2_000)])
  await watched.core.shutdown(2_000)
  await eventually(() => coreThreads().length === 0, `the end of ${coreThreads()}`)

  await expect(watched.core.startCapture('virtual:0', REQUEST)).rejects.toMatchObject({
    code: expect.stringMatching(/ABORTED|CAMERA_GONE/),
  })
  await expect(watched.core.grab('virtual:0', NEXT)).rejects.toMatchObject({
    code: expect.stringMatching(/ABORTED|NOT_STREAMING/),
  })
  await expect(watched.core.probe('virtual:0')).rejects.toMatchObject({ code: expect.stringMatching(/ABORTED|CAMERA_GONE/) })
  await watched.core.stopCapture('virtual:0')
  expect(() => loadNative().attach(watched.core.id)).toThrow(expect.objectContaining({ code: 'ABORTED' }))
  watched.core.detach()
  other.detach()
  await eventually(() => openDescriptors() <= descriptors, `${descriptors} descriptors again`)
})

test.each(['shutdown', 'shutdown and detach'])(
  'after %s questions find nothing and settings do nothing: timers may still come',
  async (end) => {
    const watched = new Watched(virtualOptions(1))
    const { core } = watched
    await watched.streaming('virtual:0')
    const feed = core.openFeed('virtual:0', { stallMs: 5_000 }).id
    core.showSource('channel', 'virtual:0')
    expect(core.feedStats(feed)).toBeDefined()

    await core.shutdown(2_000)
    if (end === 'shutdown and detach') core.detach()
    expect(core.feedStats(feed)).toBeUndefined()
    expect(core.captureStats('virtual:0')?.running ?? false).toBe(false)
    expect(core.viewers('channel')).toEqual([])
    expect(core.viewerCount('channel')).toBe(0)
    expect(core.viewerTotals()).toEqual({ frames: 0, skipped: 0 })
    core.closeReadEnd(feed)
    core.closeFeed(feed)
    core.setRetained('virtual:0', 2)
    core.setJpegQuality('virtual:0', 50)
    core.showSource('channel', 'virtual:0')
    core.showSource('another', 'virtual:0')
    core.showPlaceholder('channel', { width: 64, height: 64, text: '' })
    core.setMaxFrameAge('channel', 1_000)
    core.limitViewerRate(5)
    core.endViewer(1)
    core.endViewers()
    core.detach()
  },
)

test('a promise that is pending at shutdown is settled', async () => {
  const watched = new Watched(virtualOptions(1, { virtualCameras: { count: 1, width: 64, height: 64, fps: 1 } }))
  await watched.ready('virtual:0')
  await watched.core.startCapture('virtual:0', { ...REQUEST, width: 64, height: 64, interval: { num: 1, den: 1 } })
  await watched.core.grab('virtual:0', NEXT)
  const pending = watched.core.grab('virtual:0', { maxAgeMs: 0, timeoutMs: 60_000 })
  const end = watched.end()
  await expect(pending).rejects.toMatchObject({ code: expect.stringMatching(/ABORTED|NOT_STREAMING/) })
  await end
})

/** Runs `code` in a process of its own, where `addon` and `options` are known. */
function run(code: string): { status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string } {
  const prelude = `const addon = require(${JSON.stringify(ADDON_FILE)}); const options = ${JSON.stringify(virtualOptions(2))}
    const request = ${JSON.stringify(REQUEST)}; const next = ${JSON.stringify(NEXT)}
    const opened = (then) => { const events = []; const { view } = addon.open(options, (batch) => {
      for (const event of JSON.parse(batch)) if (event.type === 'ready' && event.source === 'virtual:0') then(view) }) }\n`
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', prelude + code], {
    encoding: 'utf8',
    timeout: 10_000,
  })
  return { status, signal, stdout, stderr }
}

const CLEAN = { status: 0, signal: null, stderr: '' }

test('a core that was only opened does not keep the process alive', () => {
  expect(run(`addon.open(options, () => {})`)).toMatchObject(CLEAN)
})

test('a process whose loop ends while cameras stream ends cleanly', () => {
  expect(
    run(`opened((view) => addon.startCapture(view, 'virtual:0', request).then(() => addon.grab(view, 'virtual:0', next))
      .then(({ jpeg }) => console.log(jpeg.length > 0))); setTimeout(() => {}, 300)`),
  ).toMatchObject({ ...CLEAN, stdout: 'true\n' })
})

test('process.exit in the middle of everything ends cleanly', () => {
  for (let round = 0; round < 10; round++) {
    expect(
      run(`setTimeout(() => process.exit(9), 5000)
        opened((view) => addon.startCapture(view, 'virtual:0', request).then(() => {
          for (let count = 0; count < 20; count++) addon.grab(view, 'virtual:0', next)
          return addon.grab(view, 'virtual:0', next) }).then(() => process.exit(0)))`),
    ).toMatchObject(CLEAN)
  }
})

test('shutdown ends in a later turn of the event loop', () => {
  expect(
    run(`opened((view) => Promise.all(['virtual:0', 'virtual:1'].map((source) => addon.startCapture(view, source, request).catch(() => {})))
      .then(() => { let turns = 0; let ended = false
        const turn = () => { turns++; if (!ended) setImmediate(turn) }
        setImmediate(turn)
        return addon.shutdown(view, 2000).then(() => { ended = true; console.log(turns > 0) }) }))
      setTimeout(() => {}, 300)`),
  ).toMatchObject({ ...CLEAN, stdout: 'true\n' })
})
