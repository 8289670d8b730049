import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import {
  ADDON_FILE,
  coreThreads,
  eventually,
  jpegSize,
  NEXT,
  openDescriptors,
  SIZE,
  virtualOptions,
  withCore,
} from './support.js'

const GRABBER = `
  const { parentPort, workerData } = require('node:worker_threads')
  const addon = require(workerData.file)
  const { view } = addon.attach(workerData.core)
  const next = { maxAgeMs: 0, timeoutMs: 5000 }
`

/** Threads that write files: they begin when there is a frame to write, in whatever cycle that is, and stay as long as the core. */
const STORES = ['cam-store-0', 'cam-store-1']
const withoutStores = (): string[] => coreThreads().filter((name) => !STORES.includes(name))

function worker(code: string, core: number): Worker {
  return new Worker(GRABBER + code, { eval: true, workerData: { file: ADDON_FILE, core } })
}

test('a worker grabs from the core of another thread', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming()
    const reader = worker(
      `addon.grab(view, 'virtual:0', next).then(({ jpeg }) => parentPort.postMessage(jpeg, [jpeg.buffer]))`,
      watched.core.id,
    )
    const [jpeg] = (await once(reader, 'message')) as [Uint8Array]
    expect(jpegSize(jpeg)).toEqual(SIZE)
    await reader.terminate()
    expect(jpegSize((await watched.core.grab('virtual:0', NEXT)).jpeg)).toEqual(SIZE)
  }))

test('an idle view does not keep its worker alive, a pending promise does', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.streaming()
    const idle = worker('', watched.core.id)
    expect(await once(idle, 'exit')).toEqual([0])
    const waiting = worker(`addon.grab(view, 'virtual:0', next).then(() => parentPort.postMessage('grabbed'))`, watched.core.id)
    expect(await once(waiting, 'message')).toEqual(['grabbed'])
  }))

test(
  'workers that are terminated in the middle of a grab leave nothing behind and disturb nobody, fifty times',
  () =>
    withCore(virtualOptions(1), async (watched) => {
      await watched.streaming()
      const cycle = async (): Promise<void> => {
        // Always some grabs in flight: whatever the moment, the end finds promises pending and results on their way.
        const busy = worker(
          `const loop = () => addon.grab(view, 'virtual:0', { maxAgeMs: 1000, timeoutMs: 5000 }).then(loop)
         const save = () => addon.saveFrame(view, 'virtual:0', next, '/proc/none', 'x').catch(save)
         addon.grab(view, 'virtual:0', next).then(() => parentPort.postMessage('busy'))
         for (let count = 0; count < 8; count++) { loop(); save() }`,
          watched.core.id,
        )
        await once(busy, 'message')
        await busy.terminate()
      }
      await cycle()
      const descriptors = openDescriptors()
      const threads = withoutStores()
      for (let round = 0; round < 50; round++) await cycle()
      expect(jpegSize((await watched.core.grab('virtual:0', NEXT)).jpeg)).toEqual(SIZE)
      await eventually(() => openDescriptors() <= descriptors, `${descriptors} descriptors again`)
      await eventually(() => withoutStores().length <= threads.length, `no more threads than ${threads}`)
      expect(STORES).toEqual(expect.arrayContaining(coreThreads().filter((name) => !threads.includes(name))))
    }),
  60_000,
)

test('the core outlives the view that opened it, and ends with the last view', async () => {
  const opener = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     const addon = require(workerData.file)
     const { core } = addon.open(workerData.options, () => {})
     parentPort.postMessage(core)
     parentPort.on('message', () => {})`,
    { eval: true, workerData: { file: ADDON_FILE, options: virtualOptions(1) } },
  )
  const [core] = (await once(opener, 'message')) as [number]
  const { loadNative } = await import('../../src/native/index.js')
  const mine = loadNative().attach(core)
  await eventually(() => mine.devices().length === 1, 'the virtual camera')
  await opener.terminate()

  expect(mine.devices()).toHaveLength(1)
  mine.detach()
  await eventually(() => coreThreads().length === 0, `the end of ${coreThreads()}`)
  expect(() => loadNative().attach(core)).toThrow(expect.objectContaining({ code: 'ABORTED' }))
})
