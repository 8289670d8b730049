import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import { expect, it } from 'vitest'
import { goesAfterUs } from '../../../src/base/child.js'

it('a child goes after us; one that has ended is no error', async () => {
  const child = spawn('sh', ['-c', 'read go; exec cat /proc/self/stat'], { stdio: 'pipe' })
  goesAfterUs(child)
  const ended = once(child, 'close')
  child.stdin.end('\n')
  const NICE = 18
  const [stat] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  expect(Number(stat.split(' ')[NICE])).toBe(Math.min(19, getPriority() + 5))
  await ended
  goesAfterUs(child)
  goesAfterUs({ pid: undefined })
})
