import { expect, it } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { FileIndex, type IndexThread } from '../../../../src/recordings/index-store/client.js'
import type { ThreadReply } from '../../../../src/recordings/index-store/thread.js'
import { FakeClock } from '../../../support/fake-clock.js'

it('a system that gives no thread is told to who asks, and asked again with the next question', async () => {
  const log: string[] = []
  let tries = 0
  const openThread = (): IndexThread => {
    tries += 1
    if (tries < 3) throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })
    let answer: (reply: ThreadReply) => void = () => undefined
    return {
      postMessage: ({ id }) => queueMicrotask(() => answer({ id, value: [] })),
      onMessage: (listener) => {
        answer = listener
      },
      onEnd: () => undefined,
      end: async () => undefined,
    }
  }
  const index = new FileIndex({
    ...{ file: 'files.db', roots: { recording: 'r', snapshot: 's' }, clock: new FakeClock(), openThread },
    logger: createLogger({ level: 'error', format: 'json', write: (line) => log.push(line) }),
  })
  expect(() => index.open()).not.toThrow()
  expect(log.join()).toContain('EAGAIN')
  const asked = index.find('recording', 'clip')
  await expect(asked).rejects.toMatchObject({ code: 'STORAGE_UNREADABLE' })
  expect(await index.find('recording', 'clip')).toEqual([])
  await index.close()
})
