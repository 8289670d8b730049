import { describe, expect, it } from 'vitest'
import { EventLog } from '../../../src/rpc/event-log.js'
import { Ring } from '../../../src/rpc/ring.js'

const seqs = (log: EventLog, name: string, seq: number) => log.after(name, seq)?.map((event) => event.seq)

describe('a stream of events', () => {
  it('numbers each event under each of its names', () => {
    const log = new EventLog()
    expect(log.last('recording.start')).toBe(0)
    log.append('recording.start', { device: 'camera0' })
    log.append('recording.stop', { device: 'camera0' })
    expect([log.last('recording.start'), log.last('recording.started'), log.last('recording_status_update')]).toEqual([1, 1, 2])
  })

  it('keeps the newest 1024, and says so when it no longer reaches back', () => {
    const log = new EventLog()
    for (let count = 0; count < 1030; count++) log.append('snapshot.taken', { number: count })
    expect(seqs(log, 'snapshot.taken', 1028)).toEqual([1029, 1030])
    expect(seqs(log, 'snapshot.taken', 6)).toHaveLength(1024)
    expect(log.after('snapshot.taken', 6)?.[0]).toMatchObject({ seq: 7, payload: { number: 6 } })
    expect(log.after('snapshot.taken', 5)).toBeUndefined()
    expect(log.after('snapshot.taken', 1030)).toEqual([])
    expect(log.after('snapshot.taken', 1031)).toBeUndefined()
  })

  it('has no numbers for topics that bring their own', () => {
    const log = new EventLog()
    log.append('streams', {})
    expect(log.last('streams')).toBeUndefined()
  })
})

describe('a stream of states', () => {
  it('keeps the newest of each device', () => {
    const log = new EventLog()
    for (const device of ['camera0', 'camera1', 'camera0']) log.append('recording.progress', { device })
    expect(log.after('recording.progress', 0)).toMatchObject([
      { seq: 2, payload: { device: 'camera1' } },
      { seq: 3, payload: { device: 'camera0' } },
    ])
    expect(seqs(log, 'recording.progress', 2)).toEqual([3])
  })

  it('forgets the device that was silent longest, and does not hide it', () => {
    const log = new EventLog()
    for (let count = 0; count < 1026; count++) log.append('recording.progress', { device: `camera${count}` })
    expect(log.after('recording.progress', 1)).toBeUndefined()
    expect(seqs(log, 'recording.progress', 2)).toHaveLength(1024)
  })
})

it('a copy goes on as the log that it was made from does', () => {
  const log = new EventLog()
  for (let count = 0; count < 1030; count++) log.append('recording.progress', { device: `camera${count}` })
  for (let count = 0; count < 1500; count++) log.append('snapshot.taken', { number: count })
  const copy = new EventLog(structuredClone(log.snapshot()))
  for (const each of [log, copy]) {
    each.append('snapshot.taken', { number: 1500 })
    each.append('recording.start', { device: 'camera0' })
    each.append('recording.progress', { device: 'camera9999' })
  }
  expect(copy.snapshot()).toEqual(log.snapshot())
  expect(copy.after('snapshot.taken', 1400)).toEqual(log.after('snapshot.taken', 1400))
  expect(copy.after('snapshot.taken', 1)).toBeUndefined()
  expect(copy.after('recording.progress', 6)).toBeUndefined()
  expect(copy.after('recording.progress', 1000)).toEqual(log.after('recording.progress', 1000))
})

it('each start has an epoch of its own', () => {
  expect(new EventLog().epoch).not.toBe(new EventLog().epoch)
})

it('a ring gives its newest in order, also after it went round', () => {
  const ring = new Ring<number>(3)
  expect(ring.newest(2)).toEqual([])
  for (const entry of [1, 2, 3, 4, 5]) ring.push(entry)
  expect(ring.size).toBe(3)
  expect(ring.newest(2)).toEqual([4, 5])
  expect(ring.newest(9)).toEqual([3, 4, 5])
})
