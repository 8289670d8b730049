import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { Channel } from '../../../src/workers/channel.js'

type Asks = {
  readonly double: { readonly ask: number; readonly answer: number }
  readonly wait: { readonly ask: null; readonly answer: string }
  readonly late: { readonly ask: null; readonly answer: boolean }
  readonly fail: { readonly ask: 'known' | 'unknown'; readonly answer: null }
}
type Tells = { readonly note: string }
type None = Record<never, never>

const { port1, port2 } = new MessageChannel()
const notes: string[] = []
const sent = new Int32Array(new SharedArrayBuffer(4))
let aborted = 0
let open: () => void = () => undefined
const gate = new Promise<void>((resolve) => {
  open = resolve
})
const here = new Channel<Asks, Tells, None, None>(port1, { asks: {}, tells: {} }, sent)
const there = new Channel<None, None, Asks, Tells>(port2, {
  asks: {
    double: (number) => number * 2,
    wait: (_none, signal) =>
      new Promise((resolve) => {
        const asked = signal()
        asked.addEventListener('abort', () => {
          aborted += 1
          resolve('given up')
        })
      }),
    late: async (_none, signal) => {
      await gate
      return signal().aborted
    },
    fail: (how) => {
      if (how === 'unknown') throw new Error('a fault of ours')
      throw new ServiceError('CAMERA_NOT_FOUND', { data: { id: 'camera9' }, details: 'gone', suggestion: 'look again' })
    },
  },
  tells: { note: (text) => notes.push(text) },
})

afterEach(() => {
  notes.length = 0
})

it('asks and is answered', async () => {
  expect(await Promise.all([here.ask('double', 2), here.ask('double', 3)])).toEqual([4, 6])
})

it('tells in the order of all that is sent', async () => {
  here.tell('note', 'one')
  here.tell('note', 'two')
  await here.ask('double', 1)
  expect(notes).toEqual(['one', 'two'])
})

it('brings errors of the service as they are, and others in words', async () => {
  const known = await here.ask('fail', 'known').catch((thrown: unknown) => thrown)
  expect(known).toBeInstanceOf(ServiceError)
  expect(known).toMatchObject({
    ...{ code: 'CAMERA_NOT_FOUND', details: 'gone', suggestion: 'look again' },
    data: { id: 'camera9' },
  })
  await expect(here.ask('fail', 'unknown')).rejects.toThrow('a fault of ours')
})

it('gives up what nobody waits for any more', async () => {
  const controller = new AbortController()
  const asked = here.ask('wait', null, controller.signal)
  controller.abort()
  expect(await asked).toBe('given up')
  expect(aborted).toBe(1)
})

it('gives up at once what nobody waits for from the beginning, and tells who asks only later', async () => {
  const before = aborted
  expect(await here.ask('wait', null, AbortSignal.abort())).toBe('given up')
  expect(aborted).toBe(before + 1)
  const controller = new AbortController()
  const late = here.ask('late', null, controller.signal)
  controller.abort()
  await here.ask('double', 1)
  open()
  expect(await late).toBe(true)
})

it('takes what is on its way before the loop does', () => {
  here.tell('note', 'one')
  here.tell('note', 'two')
  expect(notes).toEqual([])
  there.catchUp(sent, port2)
  expect(notes).toEqual(['one', 'two'])
  here.tell('note', 'three')
  there.catchUp(sent, port2)
  there.catchUp(sent, port2)
  expect(notes).toEqual(['one', 'two', 'three'])
})

it('refuses what cannot be copied, and goes on', async () => {
  await expect(here.ask('double', (() => 1) as unknown as number)).rejects.toThrow('could not be cloned')
  expect(await here.ask('double', 4)).toBe(8)
})

it('ends for both sides', async () => {
  const asked = here.ask('wait', null)
  await here.ask('double', 1)
  here.end(new Error('it has gone'))
  await expect(asked).rejects.toThrow('it has gone')
  await expect(here.ask('double', 1)).rejects.toThrow('it has gone')
  here.tell('note', 'to nobody')
  there.end(new Error('the other one, too'))
  expect(aborted).toBe(3)
  port1.close()
})
