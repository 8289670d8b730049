import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseCommandLine } from '../../../src/cli/arguments.js'
import { commandTable, main } from '../../../src/cli/main.js'
import type { Diagnosis } from '../../../src/doctor/index.js'
import { FakeTerminal } from './fake-terminal.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'doctor-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Whatever cameras this machine has: what is said of it must be in order. Nothing listens on port 1. */
function doctor(...argv: string[]) {
  const env = { CAMERA_SERVICE_STATE_DIR: dir, CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: '1' }
  const terminal = new FakeTerminal(dir, env)
  return main({ argv: ['doctor', ...argv], terminal }).then((code) => ({ code, terminal }))
}

it('answers in words, and with 1 when there is an error', async () => {
  const { code, terminal } = await doctor()
  expect(terminal.printed).toMatch(/^\d+ cameras?; looked at as /)
  expect(code).toBe(/^ {2}ERROR/m.test(terminal.printed) ? 1 : 0)
})

it('answers the same as JSON', async () => {
  const { code, terminal } = await doctor('--json')
  const { findings, facts } = JSON.parse(terminal.printed) as Pick<Diagnosis, 'findings' | 'facts'>
  expect(facts.cameras).toBeInstanceOf(Array)
  expect(facts.account.groups.length).toBeGreaterThan(0)
  expect(code).toBe(findings.some(({ severity }) => severity === 'error') ? 1 : 0)
})

it('looks on where a start would refuse the configuration’s folders and files', async () => {
  const env = { CAMERA_SERVICE_STATE_DIR: join(dir, 'file'), CAMERA_SERVICE_MEDIAMTX_BINARY: join(dir, 'missing') }
  writeFileSync(join(dir, 'file'), '')
  const terminal = new FakeTerminal(dir, env)
  expect(await main({ argv: ['config', 'check'], terminal })).toBe(78)
  await main({ argv: ['doctor', '--json'], terminal })
  expect(JSON.parse(terminal.printed)).toHaveProperty('findings')
})

it('says that there is no such camera', async () => {
  const { code, terminal } = await doctor('camera999')
  expect(code).toBe(1)
  expect(terminal.complaints.join('\n')).toMatch(/there is no camera camera999/)
})

it('takes one camera, before or after its options', () => {
  const commands = commandTable(() => Promise.reject(new Error('not loaded')))
  for (const argv of [
    ['doctor', 'camera2', '--json'],
    ['doctor', '--json', 'camera2'],
  ]) {
    expect(parseCommandLine(argv, commands)).toMatchObject({ want: 'run', values: { CAMERA: 'camera2', json: true } })
  }
  expect(() => parseCommandLine(['doctor', 'camera2', 'camera3'], commands)).toThrow(/unexpected word "camera3"/)
  expect(() => parseCommandLine(['doctor', '--jsn'], commands)).toThrow(/did you mean --json/)
})

it('shows its word in the help', async () => {
  const { code, terminal } = await doctor('--help')
  expect(code).toBe(0)
  expect(terminal.printed).toMatch(/^Usage: camera-service doctor \[CAMERA\] \[OPTIONS\]\n[\s\S]*^ {2}CAMERA {2}only this one/m)
})
