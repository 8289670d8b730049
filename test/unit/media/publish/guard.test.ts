/** The guard library as built, with a program that shows what it was given and what the kernel shows of it. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { canGuard, guardedAddress } from '../../../../src/media/publish/guard.js'

const GUARD = join(import.meta.dirname, '../../../../build/Release/publish_guard.so')
const NOTIFIER = join(import.meta.dirname, '../../../../build/Release/camera-notifier')
const PATH = process.env.PATH ?? ''
const SHOW = `const { readFileSync } = require('node:fs')
console.log(process.argv.at(-1))
for (const file of ['cmdline', 'environ']) console.log(readFileSync('/proc/self/' + file, 'latin1').replaceAll('\\0', ' '))`

const url = 'rtsp://127.0.0.1:8554/camera0'
const credentials = { user: 'publisher', password: 'very-secret' }

test('the program gets the address with credentials; nobody else sees them', () => {
  const guarded = guardedAddress(url, credentials, GUARD)
  expect(guarded.url).toBe(url)
  const shown = execFileSync(process.execPath, ['-e', SHOW, url], { env: { PATH, ...guarded.environment }, encoding: 'utf8' })
  const [argument, ...seen] = shown.split('\n')
  expect(argument).toBe('rtsp://publisher:very-secret@127.0.0.1:8554/camera0')
  expect(seen.join('\n')).toContain(url)
  expect(seen.join('\n')).not.toContain('very-secret')
})

test('without credentials the address stays as it is', () => {
  const guarded = guardedAddress(url, undefined, GUARD)
  expect(execFileSync('echo', [url], { env: { PATH, ...guarded.environment }, encoding: 'utf8' }).trim()).toBe(url)
  expect(guardedAddress(url, undefined, undefined)).toEqual({ url, environment: {} })
})

test('a guarded program ends with whoever started it, killed hard', async () => {
  const script = `import { spawn } from 'node:child_process'
const child = spawn('sleep', ['60'], { stdio: 'ignore', env: { PATH: process.env.PATH, LD_PRELOAD: process.argv[1] } })
process.stdout.write(String(child.pid))
setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, GUARD], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(text.toString())
  await vi.waitFor(() => expect(isRunning(pid)).toBe(true))
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false))
})

test('only programs that load libraries can be guarded', () => {
  const dir = mkdtempSync(join(tmpdir(), 'guard-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const script = join(dir, 'ffmpeg')
  expect(canGuard(process.execPath, GUARD, PATH)).toBe(true)
  expect(canGuard(NOTIFIER, GUARD, PATH)).toBe(true)
  expect(canGuard(process.execPath, undefined, PATH)).toBe(false)
  expect(canGuard(process.execPath, '/nonexistent.so', PATH)).toBe(false)
  expect(canGuard(process.execPath, '/with space/guard.so', PATH)).toBe(false)
  // Not there at all: nothing that could give a password away.
  expect(canGuard('nothing-of-this-name', GUARD, PATH)).toBe(true)
  expect(canGuard('camera-notifier', GUARD, `/nonexistent:${join(NOTIFIER, '..')}`)).toBe(true)
  // Its interpreter would be guarded instead, and give the password away to what the script starts.
  writeFileSync(script, '#!/bin/sh\nexec ffmpeg "$@"\n')
  expect(canGuard(script, GUARD, PATH)).toBe(false)
  // No program at all.
  expect(canGuard('/etc/passwd', GUARD, PATH)).toBe(false)
})

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`) && !/\) Z /.test(execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' }))
}
