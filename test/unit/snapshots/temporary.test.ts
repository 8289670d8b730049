import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeLeftovers, temporaryName } from '../../../src/snapshots/temporary.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'leftovers-'))
  mkdirSync(join(dir, 'camera0'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('removes half files of dead writers everywhere, and nothing else', async () => {
  const dead = ['a.png.11-x9.part', 'camera0/b.bmp.11-x9.part', '.frame-11-1234.part']
  const kept = ['a.png', 'c.png.22-x9.part', 'my.part', 'camera0/d.jpg', '11-x9.part.jpg']
  for (const name of [...dead, ...kept]) writeFileSync(join(dir, name), '')
  await removeLeftovers(dir, (pid) => pid !== 11)
  const left = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  expect(left.filter((name) => name !== 'camera0').sort()).toEqual([...kept].sort())
})

it('takes what bears the own number for that of an earlier run', async () => {
  writeFileSync(temporaryName(join(dir, 'a.png')), '')
  expect(readdirSync(dir)).toHaveLength(2)
  await removeLeftovers(dir)
  expect(readdirSync(dir)).toEqual([basename(join(dir, 'camera0'))])
})

it('does nothing about a folder that is not there', async () => {
  await expect(removeLeftovers(join(dir, 'nowhere'))).resolves.toBeUndefined()
})
