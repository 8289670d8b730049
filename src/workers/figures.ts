/** Figures of several threads as those of one. Pure. */

import { NO_DURATIONS, sumOfDurations } from '../base/histogram.js'
import { summed } from '../base/tally.js'
import type { ThreadFigures } from './protocol.js'

export const NO_FIGURES: ThreadFigures = {
  rpc: {
    ...{ sessions: 0, calls: 0, failures: 0, linesLeftOut: 0 },
    ...{ durations: NO_DURATIONS, fanout: NO_DURATIONS, answers: {}, limited: {}, underWay: {}, notifications: {}, resumes: {} },
  },
  connections: { authenticated: 0, anonymous: 0, pendingBytes: 0, coalesced: 0, accepted: 0, refusals: {}, closes: {} },
}

export function sumOf(all: readonly ThreadFigures[]): ThreadFigures {
  const rpc = all.map((figures) => figures.rpc)
  const connections = all.map((figures) => figures.connections)
  return {
    rpc: {
      sessions: total(rpc, (one) => one.sessions),
      calls: total(rpc, (one) => one.calls),
      failures: total(rpc, (one) => one.failures),
      linesLeftOut: total(rpc, (one) => one.linesLeftOut),
      durations: sumOfDurations(rpc.map((one) => one.durations)),
      fanout: sumOfDurations(rpc.map((one) => one.fanout)),
      answers: summed(rpc.map((one) => one.answers)),
      limited: summed(rpc.map((one) => one.limited)),
      underWay: summed(rpc.map((one) => one.underWay)),
      notifications: summed(rpc.map((one) => one.notifications)),
      resumes: summed(rpc.map((one) => one.resumes)),
    },
    connections: {
      authenticated: total(connections, (one) => one.authenticated),
      anonymous: total(connections, (one) => one.anonymous),
      pendingBytes: total(connections, (one) => one.pendingBytes),
      coalesced: total(connections, (one) => one.coalesced),
      accepted: total(connections, (one) => one.accepted),
      refusals: summed(connections.map((one) => one.refusals)),
      closes: summed(connections.map((one) => one.closes)),
    },
  }
}

/** What is left of a thread that died: what it has counted, and nothing of what it had. Its clients were cut off. */
export function afterDeath({ rpc, connections }: ThreadFigures): ThreadFigures {
  const cut = connections.authenticated + connections.anonymous
  return {
    rpc: { ...rpc, sessions: 0, underWay: {} },
    connections: {
      ...{ ...connections, authenticated: 0, anonymous: 0, pendingBytes: 0 },
      closes: summed([connections.closes, cut === 0 ? {} : { 'thread died': cut }]),
    },
  }
}

function total<One>(all: readonly One[], of: (one: One) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0)
}
