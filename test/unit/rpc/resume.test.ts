/** Numbers on events, and what a client that comes back gets (reliability-security §1.1). */

import { describe, expect, it } from 'vitest'
import type { Incoming } from '../../support/rpc-client.js'
import { type Bench, type Caller, createBench } from '../../support/rpc-session.js'

interface Subscribed {
  readonly epoch: string
  readonly seq: Readonly<Record<string, number>>
  readonly resync: boolean
  readonly state?: { readonly cameras: readonly unknown[]; readonly recordings: readonly unknown[]; readonly health: unknown }
}

function listener(bench: Bench): Caller {
  const caller = bench.open()
  caller.login('viewer')
  caller.received.length = 0
  return caller
}

function subscribe(caller: Caller, params: object): Subscribed {
  return caller.call('subscribe_events', params)?.result as Subscribed
}

const told = (messages: readonly Incoming[]) =>
  messages.flatMap(({ method, params }) => (method === undefined ? [] : [[method, params?.seq, params?.filename]]))

it('without epoch and since_seq nothing is added, to the answer nor to events', () => {
  const bench = createBench()
  const caller = listener(bench)
  expect(subscribe(caller, { topics: ['snapshot.taken'] })).toEqual({ subscribed: true, topics: ['snapshot.taken'], filters: {} })
  bench.rpc.publish('snapshot.taken', { device: 'camera0' })
  expect(Object.keys(caller.received.at(-1)?.params ?? {})).toEqual(['device', 'timestamp'])
})

it('the first time the answer says how things are, and from which numbers events go on', () => {
  const bench = createBench()
  bench.rpc.publish('system.health', { status: 'DEGRADED', metrics: {} })
  bench.rpc.publish('snapshot.taken', { device: 'camera0', filename: 'before' })
  const caller = listener(bench)
  const answer = subscribe(caller, { topics: ['snapshot.taken', 'system.health'], epoch: '' })
  expect(answer).toMatchObject({
    ...{ subscribed: true, topics: ['snapshot.taken', 'system.health'], filters: {}, resync: true },
    seq: { 'snapshot.taken': 1, 'system.health': 1 },
    state: { cameras: [{ device: 'camera0' }, { device: 'camera2' }], recordings: [], health: { status: 'DEGRADED' } },
  })
  bench.rpc.publish('snapshot.taken', { device: 'camera0', filename: 'after' })
  expect(caller.received.at(-1)).toMatchObject({
    method: 'snapshot.taken',
    params: { filename: 'after', seq: 2, epoch: answer.epoch },
  })
})

describe('a client that was cut', () => {
  it('gets what it missed after the answer, in the order in which it happened, and then goes on', () => {
    const bench = createBench()
    const first = listener(bench)
    const topics = ['snapshot.taken', 'recording.stop']
    const { epoch, seq } = subscribe(first, { topics, epoch: '' })
    first.close()
    for (const filename of ['a', 'b']) {
      bench.rpc.publish('recording.stop', { device: 'camera0', filename })
      bench.rpc.publish('snapshot.taken', { device: 'camera0', filename })
    }
    const second = listener(bench)
    const answer = subscribe(second, { topics, epoch, since_seq: seq })
    expect(answer).toMatchObject({ epoch, resync: false, seq: { 'snapshot.taken': 2, 'recording.stop': 2 } })
    expect(answer).not.toHaveProperty('state')
    bench.rpc.publish('snapshot.taken', { device: 'camera0', filename: 'c' })
    expect(second.received[0]).toHaveProperty('result')
    expect(told(second.received)).toEqual([
      ['recording.stop', 1, 'a'],
      ['snapshot.taken', 1, 'a'],
      ['recording.stop', 2, 'b'],
      ['snapshot.taken', 2, 'b'],
      ['snapshot.taken', 3, 'c'],
    ])
  })

  it('may give one number for all topics', () => {
    const bench = createBench()
    const caller = listener(bench)
    const { epoch } = subscribe(caller, { topics: ['snapshot.taken'], epoch: '' })
    for (const filename of ['a', 'b', 'c']) bench.rpc.publish('snapshot.taken', { device: 'camera0', filename })
    caller.received.length = 0
    expect(subscribe(caller, { topics: ['snapshot.taken'], epoch, since_seq: 1 })).toMatchObject({ resync: false })
    expect(told(caller.received)).toEqual([
      ['snapshot.taken', 2, 'b'],
      ['snapshot.taken', 3, 'c'],
    ])
  })

  it('gets of states only the newest of each device', () => {
    const bench = createBench()
    const caller = listener(bench)
    const { epoch, seq } = subscribe(caller, { topics: ['recording_status_update'], epoch: '' })
    for (const filename of ['a', 'b', 'c']) bench.rpc.publish('recording.start', { device: 'camera0', filename })
    caller.received.length = 0
    subscribe(caller, { topics: ['recording_status_update'], epoch, since_seq: seq })
    expect(told(caller.received)).toEqual([['recording_status_update', 3, 'c']])
  })

  it('gets what passes its filter', () => {
    const bench = createBench()
    const caller = listener(bench)
    const { epoch } = subscribe(caller, { topics: ['snapshot.taken'], epoch: '' })
    for (const device of ['camera0', 'camera2']) bench.rpc.publish('snapshot.taken', { device, filename: device })
    caller.received.length = 0
    subscribe(caller, { topics: ['snapshot.taken'], filters: { device: 'camera2' }, epoch, since_seq: 0 })
    expect(told(caller.received)).toEqual([['snapshot.taken', 2, 'camera2']])
  })

  it('hears an event that it knows by two names once', () => {
    const bench = createBench()
    const caller = listener(bench)
    const topics = ['recording.started', 'recording.start']
    const { epoch } = subscribe(caller, { topics, epoch: '' })
    bench.rpc.publish('recording.start', { device: 'camera0', filename: 'a' })
    caller.received.length = 0
    subscribe(caller, { topics, epoch, since_seq: 0 })
    expect(told(caller.received)).toEqual([['recording.start', 1, 'a']])
  })

  it.each([
    ['the service has started anew since', (epoch: string) => ({ epoch: `not ${epoch}`, since_seq: 0 })],
    ['it does not say where it was', (epoch: string) => ({ epoch })],
    ['its number lies in the future', (epoch: string) => ({ epoch, since_seq: 99 })],
    ['its epoch is not told', () => ({ since_seq: 0 })],
  ])('looks at everything afresh when %s', (_why, position) => {
    const bench = createBench()
    const caller = listener(bench)
    const { epoch } = subscribe(caller, { topics: ['snapshot.taken'], epoch: '' })
    bench.rpc.publish('snapshot.taken', { device: 'camera0', filename: 'a' })
    caller.received.length = 0
    expect(subscribe(caller, { topics: ['snapshot.taken'], ...position(epoch) })).toMatchObject({
      ...{ epoch, resync: true, seq: { 'snapshot.taken': 1 } },
      state: { cameras: expect.any(Array) },
    })
    expect(told(caller.received)).toEqual([])
  })

  it('looks at everything afresh when it missed more than is kept, or half a megabyte', () => {
    const bench = createBench()
    const caller = listener(bench)
    const { epoch } = subscribe(caller, { topics: ['snapshot.taken'], epoch: '' })
    const again = () => subscribe(caller, { topics: ['snapshot.taken'], epoch, since_seq: 0 }).resync
    const fill = 'x'.repeat(1000)
    for (let count = 0; count < 500; count++) bench.rpc.publish('snapshot.taken', { device: 'camera0', fill: fill.slice(0, 10) })
    expect(again()).toBe(false)
    for (let count = 0; count < 500; count++) bench.rpc.publish('snapshot.taken', { device: 'camera0', fill })
    expect(again()).toBe(true)
  })

  it.each([-1, 1.5, 'x', { 'snapshot.taken': 'x' }, [1]])('is told that %j is no since_seq', (since) => {
    const bench = createBench()
    const caller = listener(bench)
    const reply = caller.call('subscribe_events', { topics: ['snapshot.taken'], epoch: '', since_seq: since })
    expect(reply?.error).toMatchObject({ code: -32602, data: { param: 'since_seq' } })
    expect(caller.call('get_subscription_stats')?.result).toMatchObject({ client_topics: [] })
  })
})
