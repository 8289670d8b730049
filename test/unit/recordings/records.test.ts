import { expect, it, vi } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import type { Journal } from '../../../src/recordings/journal.js'
import type { Recording } from '../../../src/recordings/recording.js'
import { Records } from '../../../src/recordings/records.js'
import { FakeClock } from '../../support/fake-clock.js'

/** A recording of two files on a disk that takes its time. */
function setUp() {
  let isSynced = () => {}
  const list = ['clip.mkv', 'clip-2.mkv'].map((name) => {
    return { place: { kind: 'recording', dir: '', name }, startedMs: 0, durationMs: 1_000, closed: true }
  })
  const recording = {
    identity: { id: 'one', device: 'camera0', identity: 'usb', format: 'mkv', startedMs: 0 },
    ...{ writer: undefined, gaps: [] },
    segments: { list, sync: () => new Promise<void>((resolve) => (isSynced = resolve)) },
  } as unknown as Recording
  const index = { put: vi.fn(async () => undefined), putRecording: vi.fn(async () => undefined) }
  const journal = { remove: vi.fn(async () => undefined) }
  const logger = createLogger({ level: 'silent', format: 'json', write: () => undefined })
  const records = new Records({ index, journal: journal as unknown as Journal, clock: new FakeClock(), logger })
  return { recording, records, index, journal, synced: () => isSynced() }
}

it('whoever hears of the end of a recording finds all of its files in the lists, however busy the disk is', async () => {
  const { recording, records, index, journal, synced } = setUp()
  const closing = records.close(recording, undefined)
  expect(index.putRecording).toHaveBeenCalledTimes(1)
  expect(index.put).toHaveBeenCalledTimes(2)
  synced()
  await closing
  expect(journal.remove).toHaveBeenCalledWith('one')
})

it('a recording that is over leaves the journal when its files are safe, not before', async () => {
  const { recording, records, index, journal, synced } = setUp()
  const closing = records.close(recording, undefined)
  await vi.waitFor(() => expect(index.put).toHaveBeenCalledTimes(2))
  await Promise.all(index.put.mock.results.map(({ value }) => value))
  expect(journal.remove).not.toHaveBeenCalled()
  synced()
  await closing
  expect(journal.remove).toHaveBeenCalledTimes(1)
})
