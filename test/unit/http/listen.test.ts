import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { checkFree, ListenError } from '../../../src/http/listen.js'

it('names port, key and remedy when another holds the port', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const failure = await checkFree({ host: '127.0.0.1', port, key: 'server.port' }).catch((thrown: unknown) => thrown)
  other.close()
  expect(failure).toBeInstanceOf(ListenError)
  expect(failure).toMatchObject({
    code: 'EADDRINUSE',
    message: `cannot listen on 127.0.0.1:${port} (server.port): another process holds it; stop that process or set server.port`,
  })
  expect(String(failure)).not.toContain('\n')
})

it('names the address when the machine does not have it', async () => {
  await expect(checkFree({ host: '192.0.2.1', port: 0, key: 'server.port' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
})

it('lets go of a free port', async () => {
  const address = { host: '127.0.0.1', port: 0, key: 'server.port' }
  await checkFree(address)
  await checkFree(address)
})
