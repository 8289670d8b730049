/** Children for which there is no descriptor (reliability-security §2.2, R-18), in a process of its own for each. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const SCRIPT = join(import.meta.dirname, '../support/no-descriptors.mjs')
const LIMIT = 64
const run = promisify(execFile)

it.each([
  ['grey', 'no picture'],
  ['decode', 'ffmpeg cannot be started: spawn ffmpeg EMFILE'],
  ['encoder', 'software'],
  ['publisher', 'ffmpeg cannot be started: spawn ffmpeg EMFILE'],
  ['mediamtx', 'cannot be started: spawn true EMFILE'],
])('R-18: a child that gets no descriptors is told as one that cannot be started: %s', async (child, told) => {
  const { stdout } = await run('prlimit', [`--nofile=${LIMIT}:${LIMIT}`, process.execPath, SCRIPT, child])
  expect(stdout).toBe(told)
})
