// Loaded into threads with connections (execArgv): lets one of them fail as a test asks for, by its row.
import { BroadcastChannel, workerData } from 'node:worker_threads'

const FAULTS = {
  throw: () =>
    setImmediate(() => {
      throw new Error('a fault of the test')
    }),
  reject: () => void Promise.reject(new Error('a fault of the test')),
  spin: () => {
    for (;;);
  },
  memory: () => {
    for (const all = []; ; ) all.push(new Array(100_000).fill({}).map(() => ({ one: Math.random() })))
  },
  exit: () => process.exit(3),
}

const channel = new BroadcastChannel('thread-faults')
channel.onmessage = ({ data: { row, fault } }) => {
  if (row === workerData.row) FAULTS[fault]()
}
channel.unref()
