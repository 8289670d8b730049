import { expect, it } from 'vitest'
import { fuzz } from '../../fuzz/engine/fuzzer.js'
import { instrument } from '../../fuzz/engine/instrument.mjs'

/** Nobody guesses four letters at once: each branch on the way has to be seen. */
const LOCK = `
export const open = (text) => {
  const right = (letter, at) => (text[at] === letter ? true : false)
  if (right('F', 0)) {
    for (const at of [1]) if (text[at] === 'U') switch (text[2]) {
      case 'Z': return text[3] === 'Y' && fail()
      default: return 'no'
    }
    else return 'no'
  }
  return text === '' || 'no'
}
function fail() { throw new TypeError('open') }
`

async function loaded(): Promise<{ open: (text: string) => unknown; counters: Uint8Array }> {
  const program = await import(`data:text/javascript,${encodeURIComponent(instrument(LOCK))}`)
  return { open: program.open, counters: (globalThis as unknown as { fuzzCounters: Uint8Array }).fuzzCounters }
}

it('finds its way from branch to branch, and shows the least input', async () => {
  const { open, counters } = await loaded()
  const target = {
    parsers: [],
    seeds: ['0000, and much that does not matter'],
    words: [],
    run: (input: Buffer) => void open(input.toString('latin1')),
  }
  const { finding, executions, branches } = await fuzz(target, { seconds: 20, seed: 1, counters })
  expect(finding?.error).toContain('TypeError: open')
  expect(finding?.input.toString('latin1')).toBe('FUZY')
  expect(executions).toBeGreaterThan(100)
  expect(branches).toBeGreaterThan(5)
})

it('an instrumented program does what it did', async () => {
  const { open } = await loaded()
  expect([open(''), open('x'), open('FU'), open('FUZ'), open('Fx')]).toEqual([true, 'no', 'no', false, 'no'])
})

it('what takes long of the processor is a finding', async () => {
  const spin = (): void => {
    const began = process.cpuUsage()
    while (process.cpuUsage(began).user < 260_000);
  }
  const target = {
    parsers: [],
    seeds: ['quick', 'slow'],
    words: [],
    run: (input: Buffer) => void (input.toString() === 'slow' && spin()),
  }
  const { finding } = await fuzz(target, { seconds: 1, seed: 1, counters: new Uint8Array(1) })
  expect(finding).toMatchObject({ error: 'took more than 250 ms', input: Buffer.from('slow') })
})

it('ends when it has had its time of the processor', async () => {
  const target = { parsers: [], seeds: ['a'], words: ['b'], run: () => undefined }
  const { finding, seconds, executions } = await fuzz(target, { seconds: 0.2, seed: 1, counters: new Uint8Array(1) })
  expect(finding).toBeUndefined()
  expect(seconds).toBeGreaterThanOrEqual(0.2)
  expect(executions).toBeGreaterThan(1_000)
})
