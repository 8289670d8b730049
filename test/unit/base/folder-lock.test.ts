import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockFolder } from '../../../src/base/folder-lock.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'folder-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('lets one in, by whatever name, and says who that is', async () => {
  const lock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid}`)
  symlinkSync(folder, `${folder}-link`)
  await expect(lockFolder(`${folder}-link`)).rejects.toThrow('set state_dir')
  rmSync(`${folder}-link`)
  await lock.release()
  await (await lockFolder(folder)).release()
})

it('is no obstacle for other folders', async () => {
  const lock = await lockFolder(folder)
  const other = mkdtempSync(join(tmpdir(), 'folder-lock-'))
  await (await lockFolder(other)).release()
  rmSync(other, { recursive: true })
  await lock.release()
})

it('goes with a process that is killed', async () => {
  const { dev, ino } = statSync(folder)
  const code = `require('node:net').createServer().listen({path:'\\0camera-service-${dev}-${ino}'},()=>console.log('held'))`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await expect(lockFolder(folder)).rejects.toThrow('in use')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await (await lockFolder(folder)).release()
})

it('is let go of whoever asked and does not hang up', async () => {
  const lock = await lockFolder(folder)
  const { dev, ino } = statSync(folder)
  const socket = connect({ path: `\0camera-service-${dev}-${ino}`, allowHalfOpen: true })
  await once(socket, 'data')
  await lock.release()
  socket.destroy()
})
