import { expect, it } from 'vitest'
import { afterDeath, NO_FIGURES, sumOf } from '../../../src/workers/figures.js'
import type { ThreadFigures } from '../../../src/workers/protocol.js'

const figures: ThreadFigures = {
  rpc: { ...NO_FIGURES.rpc, sessions: 3, calls: 10, failures: 2, answers: { 'ping 0': 8 }, underWay: { files: 1 } },
  connections: {
    ...NO_FIGURES.connections,
    authenticated: 2,
    anonymous: 1,
    pendingBytes: 500,
    coalesced: 4,
    closes: { 4008: 1 },
  },
}

it('adds up what threads have, and what they have counted', () => {
  expect(sumOf([figures, figures])).toMatchObject({
    rpc: { sessions: 6, calls: 20, failures: 4, answers: { 'ping 0': 16 }, underWay: { files: 2 } },
    connections: { authenticated: 4, anonymous: 2, pendingBytes: 1_000, coalesced: 8, closes: { 4008: 2 } },
  })
  expect(sumOf([])).toMatchObject({ rpc: { sessions: 0, answers: {} }, connections: { authenticated: 0, closes: {} } })
})

it('keeps of a thread that died what it has counted, and nothing of what it had', () => {
  expect(afterDeath(figures)).toEqual({
    rpc: { ...figures.rpc, sessions: 0, underWay: {} },
    connections: {
      ...{ ...figures.connections, authenticated: 0, anonymous: 0, pendingBytes: 0 },
      closes: { 4008: 1, 'thread died': 3 },
    },
  })
  expect(afterDeath(NO_FIGURES)).toEqual(NO_FIGURES)
})
