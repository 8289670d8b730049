/** Ports nobody uses now. Somebody may take one before our server does: it then ends, and is started with others. */

import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { ServerPlaces } from './config.js'

export async function freePlaces(host: string): Promise<ServerPlaces> {
  const tcp = await Promise.all([freeTcp(), freeTcp(), freeTcp(), freeTcp()])
  const [apiPort, rtspPort, hlsPort, webrtcPort] = tcp as [number, number, number, number]
  return { apiPort, host, rtspPort, hlsPort, webrtcPort, webrtcUdpPort: await freeUdp() }
}

function freeTcp(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function freeUdp(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}
