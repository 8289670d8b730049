/** Takes from a shared rate as told, and sleeps or dies where only one thread may be. */

import { parentPort, workerData } from 'node:worker_threads'
import { SharedRates } from '../../../../dist/auth/index.js'
import { systemClock } from '../../../../dist/base/clock.js'

const { buffer, rate, begun, sleepMs } = workerData
const rates = new SharedRates(buffer, rate, systemClock)
const take = rates.limit.take.bind(rates.limit)
rates.limit.take = (state, nowMs) => {
  Atomics.store(begun, 0, 1)
  Atomics.notify(begun, 0)
  if (sleepMs === undefined) process.exit(0)
  Atomics.wait(begun, 0, 1, sleepMs)
  return take(state, nowMs)
}
parentPort.postMessage(rates.place('a').take(systemClock.nowMs()))
