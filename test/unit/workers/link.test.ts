import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'
import type { Identity } from '../../../src/auth/index.js'
import { createLogger } from '../../../src/base/logger.js'
import type { DeskPort } from '../../../src/http/index.js'
import { ThreadLink } from '../../../src/workers/link.js'
import { FakeClock } from '../../support/fake-clock.js'

type Options = ConstructorParameters<typeof ThreadLink>[0]

const folder = mkdtempSync(join(tmpdir(), 'thread-link-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A thread that asks one question; the end of it. */
function asking(question: string, body: string, home: Partial<Options['home']>): { link: ThreadLink; ended: Promise<Error> } {
  return threadOf(
    `parentPort.on('message', () => undefined); parentPort.postMessage({ ask: '${question}', id: 1, body: ${body} })`,
    home,
  )
}

let threads = 0
function threadOf(code: string, home: Partial<Options['home']> = {}): { link: ThreadLink; ended: Promise<Error> } {
  threads += 1
  const file = join(folder, `thread-${threads}.mjs`)
  writeFileSync(file, `import { parentPort } from 'node:worker_threads'\n${code}`)
  const logger = createLogger({ level: 'error', format: 'json', write: () => undefined })
  let onEnd: (reason: Error) => void = () => undefined
  const ended = new Promise<Error>((resolve) => {
    onEnd = resolve
  })
  const link = new ThreadLink({
    data: { row: 0, sent: new SharedArrayBuffer(4) } as Options['data'],
    home: { clock: new FakeClock(), logger, ...home } as Options['home'],
    ...{ file: pathToFileURL(file), execArgv: [], maxHeapMb: undefined, onEnd },
  })
  return { link, ended }
}

/** An answer that comes when it is told to. */
function later<Answer>() {
  let give: (answer: Answer) => void = () => undefined
  const answer = new Promise<Answer>((resolve) => {
    give = resolve
  })
  return { ask: vi.fn(() => answer), give: (given: Answer) => give(given) }
}

it('lets go of a file that was found when its thread had died', async () => {
  const { ask: admit, give } = later<Awaited<ReturnType<DeskPort['admit']>>>()
  const { link, ended } = asking('download', '{ headers: new Map() }', { desk: { admit, sent: () => undefined } })
  await vi.waitFor(() => expect(admit).toHaveBeenCalled())
  await link.terminate('told to')
  expect((await ended).message).toBe('told to')
  const release = vi.fn()
  give({ root: '/r', path: '/r/a.mp4', name: 'a.mp4', release })
  await vi.waitFor(() => expect(release).toHaveBeenCalledTimes(1))
})

it('does not listen to an identity that was found when its thread had died', async () => {
  const { ask: verify, give } = later<Identity>()
  const { link, ended } = asking('verify', "{ credential: 'csk_a', asking: {} }", { credentials: { verify } })
  await vi.waitFor(() => expect(verify).toHaveBeenCalled())
  await link.terminate('told to')
  await ended
  let listeners = 0
  const onRevoked = vi.fn(() => {
    listeners += 1
    return () => {
      listeners -= 1
    }
  })
  give({ userId: 'api-key:1', role: 'viewer', expiresAtMs: Date.UTC(9999, 11), onRevoked })
  await new Promise(setImmediate)
  expect(listeners).toBe(0)
})

it('counts how often in a row the thread was found silent, and begins anew when it answers', async () => {
  const { link, ended } = threadOf(
    "parentPort.on('message', ({ id }) => parentPort.postMessage({ id, answer: { answered: id } }))",
  )
  expect([link.beat(), link.beat(), link.beat()]).toEqual([0, 1, 2])
  await vi.waitFor(() => expect(link.lastFigures).toEqual({ answered: 1 }))
  await new Promise(setImmediate)
  expect([link.beat(), link.beat()]).toEqual([0, 1])
  await link.terminate('told to')
  await ended
})
