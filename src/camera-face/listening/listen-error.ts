/** Why the camera face cannot listen, said so that whoever starts the service knows what to change. */

import { readdir, readFile, readlink } from 'node:fs/promises'

const KEY = 'server.port in config.json of the camera face, or camera_server.server.port'

/** One line that names the address, who holds it when that can be seen, and what to do. */
export async function listenError(host: string, port: number, thrown: NodeJS.ErrnoException): Promise<Error> {
  return new Error(`the camera face cannot listen on ${host}:${port}: ${await reason(port, thrown)}`, { cause: thrown })
}

async function reason(port: number, thrown: NodeJS.ErrnoException): Promise<string> {
  switch (thrown.code) {
    case 'EADDRINUSE': {
      const owner = await portOwner(port).catch(() => undefined)
      return `${owner === undefined ? 'another process' : `${owner.name} (pid ${owner.pid})`} holds the port; stop it or set ${KEY}`
    }
    case 'EACCES':
      return `no permission; set ${KEY} to a port above 1023 or grant CAP_NET_BIND_SERVICE`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'this machine does not have that address; set server.host'
    default:
      return `the system answered ${thrown.code ?? String(thrown)}`
  }
}

export interface PortOwner {
  readonly pid: number
  readonly name: string
}

const LISTENING = '0A'
/** Columns of /proc/net/tcp. */
const LOCAL = 1
const STATE = 3
const INODE = 9

/** The process that listens on a TCP port; undefined when it cannot be seen (another user's, another container's). */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  const sockets = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '')
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      const local = columns[LOCAL]?.split(':')[1]
      if (columns[STATE] === LISTENING && Number.parseInt(local ?? '', 16) === port) sockets.add(`socket:[${columns[INODE]}]`)
    }
  }
  if (sockets.size === 0) return undefined
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await holds(pid, sockets))) {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
      return { pid: Number(pid), name: name.trim() || 'a process' }
    }
  }
  return undefined
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return links.some((link) => sockets.has(link))
}
