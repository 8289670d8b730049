import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditFaultsOf } from '../../../src/base/audit-check.js'
import { AuditLog } from '../../../src/base/audit-log.js'
import { until } from '../../support/until.js'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'))
  file = join(folder, 'audit.log')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const failures: unknown[] = []
function open(maxBytes = 1e6, backups = 3): AuditLog {
  failures.length = 0
  return new AuditLog({ file, maxBytes, backups, wallMs: () => 1_900_000_000_000, onFailure: (thrown) => failures.push(thrown) })
}

const entry = (action: string) => ({ action, outcome: 'ok', subject: 'jane', address: '10.0.0.7' })
const lines = (name = file): Record<string, unknown>[] =>
  readFileSync(name, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

async function written(...actions: string[]): Promise<void> {
  const log = open()
  for (const action of actions) log.note(entry(action))
  await log.close()
}

describe('the audit log', () => {
  it('is one object a line, numbered, in a chain that goes on over restarts, for the service alone to read', async () => {
    await written('one', 'two')
    await written('three')
    expect(lines()).toMatchObject([
      { seq: 1, time: '2030-03-17T17:46:40.000Z', action: 'one', subject: 'jane', prev: '0'.repeat(64) },
      { seq: 2, action: 'two', prev: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { seq: 3, action: 'three' },
    ])
    expect(await auditFaultsOf(file, 3)).toEqual({ entries: 3, faults: [] })
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is on the disk within a second without being closed', async () => {
    const log = open()
    log.note(entry('one'))
    await until('it is written', () => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0, 1_000)
    // The chain goes on from what was written at one time to what is written at another.
    log.note(entry('two'))
    await log.close()
    expect(await auditFaultsOf(file, 0)).toEqual({ entries: 2, faults: [] })
  })

  it('begins a new file when one is full, keeps so many, and the chain goes on', async () => {
    const log = open(1_000, 2)
    for (let count = 0; count < 20; count += 1) log.note(entry(`action ${count}`))
    await log.close()
    expect(lines().at(-1)).toMatchObject({ seq: 20 })
    for (const name of [file, `${file}.1`, `${file}.2`]) expect(statSync(name).size).toBeLessThanOrEqual(1_000)
    const kept = [`${file}.2`, `${file}.1`, file].flatMap((name) => lines(name))
    expect(kept.map(({ seq }) => seq)).toEqual(kept.map((_, index) => 20 - kept.length + 1 + index))
    expect(await auditFaultsOf(file, 2)).toEqual({ entries: kept.length, faults: [] })
    // The end of the chain is in the file before when the newest was just begun.
    renameSync(file, `${file}.1`)
    await written('after')
    expect(lines()).toMatchObject([{ seq: 21 }])
    expect((await auditFaultsOf(file, 1)).faults).toEqual([])
  })

  it('cuts off what a kill has left half written', async () => {
    await written('one', 'two')
    const whole = statSync(file).size
    appendFileSync(file, '{"seq":3,"time":"20')
    await written('three')
    expect(lines().map(({ action }) => action)).toEqual(['one', 'two', 'three'])
    expect((await auditFaultsOf(file, 0)).faults).toEqual([])
    truncateSync(file, whole - 5)
    await written('again')
    expect(lines().map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('waits for a disk that takes nothing, says so once, and leaves nothing out', async () => {
    mkdirSync(file)
    const log = open()
    log.note(entry('one'))
    await expect.poll(() => failures.length).toBe(1)
    log.note(entry('two'))
    rmSync(file, { recursive: true })
    await expect.poll(() => lines().length).toBe(2)
    expect(failures).toHaveLength(1)
    await log.close()
  })

  it('writes nothing twice that was on the disk when it failed', async () => {
    const log = open(1_000, 1)
    await log.open()
    // A full file cannot be put away.
    mkdirSync(`${file}.1`)
    const actions = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']
    for (const action of actions) log.note(entry(action))
    await expect.poll(() => failures.length).toBe(1)
    expect(lines().length).toBeGreaterThan(1)
    rmSync(`${file}.1`, { recursive: true })
    await expect.poll(() => lines().at(-1)).toMatchObject({ action: 'eight' })
    await log.close()
    expect(lines().at(-1)).toMatchObject({ seq: actions.length })
    expect([`${file}.1`, file].flatMap((name) => lines(name)).map(({ action }) => action)).toEqual(actions)
    expect((await auditFaultsOf(file, 1)).faults).toEqual([])
  })

  it('counts what does not fit into its queue', async () => {
    const log = open(1e8)
    for (let count = 0; count < 10_003; count += 1) log.note(entry('one'))
    await log.close()
    expect(lines().at(-1)).toMatchObject({ seq: 10_001, action: 'audit.left_out', detail: { entries: 3 } })
    expect(await auditFaultsOf(file, 0)).toEqual({ entries: 10_001, faults: [] })
  })
})

describe('its check', () => {
  const changed = async (change: (text: string) => string): Promise<readonly string[]> => {
    writeFileSync(file, change(readFileSync(file, 'utf8')))
    return (await auditFaultsOf(file, 0)).faults.map((fault) => fault.replace(`${file}:`, ''))
  }

  it('finds a line that was changed, taken out, put in or moved', async () => {
    await written('one', 'two', 'three', 'four')
    const text = readFileSync(file, 'utf8')
    const [first = '', second = '', third = '', fourth = ''] = text.split('\n')
    expect(await changed(() => text.replace('"action":"two"', '"action":"too"'))).toEqual([
      expect.stringContaining('3: this does not follow'),
    ])
    expect(await changed(() => `${[first, third, fourth].join('\n')}\n`)).toEqual([
      expect.stringContaining('2: this does not follow'),
    ])
    expect(await changed(() => `${[first, third, second, fourth].join('\n')}\n`)).toHaveLength(3)
    expect(await changed(() => `${[first, second, 'x', third, fourth].join('\n')}\n`)).toHaveLength(2)
    expect(await changed(() => text)).toEqual([])
  })
})
