/**
 * One process per folder. The lock is a socket in the kernel's abstract space, named by the folder itself: it goes with its process,
 * however that ends, and leaves no file behind. Processes in other network namespaces are not seen.
 */

import { stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'

export interface FolderLock {
  release(): Promise<void>
}

/** Rejects with an error that names the other process when there is one. The folder must exist. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const { dev, ino } = await stat(folder)
  const path = `\0camera-service-${dev}-${ino}`
  // Whoever asks is told who has it, and may not stay: the end waits for everybody to go.
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(String(process.pid), () => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path }, () => resolve())
  }).catch(async (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EADDRINUSE') throw thrown
    const holder = await ask(path)
    throw new Error(
      `${folder} is in use by ${holder === undefined ? 'another camera-service' : `camera-service, process ${holder}`}: ` +
        'stop it, or set state_dir to a folder of its own',
    )
  })
  server.unref()
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

function ask(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ path })
    socket.setEncoding('latin1').setTimeout(1_000, () => socket.destroy())
    socket.on('data', (part: string) => {
      text += part
    })
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(/^\d+$/.test(text) ? text : undefined))
  })
}
