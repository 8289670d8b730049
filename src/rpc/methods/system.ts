import { defineMethod } from '../method.js'
import type { Builder } from '../schema.js'
import { NoParams, ServerInfo, ServiceStatus } from '../shapes.js'

export const getStatus = defineMethod({
  name: 'get_status',
  role: 'admin',
  summary: 'Health of the service and its components.',
  params: NoParams,
  result: ServiceStatus,
  errors: [],
  run: ({ services }) => services.system.status(),
})

export const getServerInfo = defineMethod({
  name: 'get_server_info',
  role: 'viewer',
  summary: 'Version and abilities of the service.',
  params: NoParams,
  result: ServerInfo,
  errors: [],
  run: ({ services }) => services.system.serverInfo(),
})

export const discover = defineMethod({
  name: 'rpc.discover',
  role: 'viewer',
  summary: 'The OpenRPC description of this service.',
  params: NoParams,
  result: (t: Builder) => t.Object({}),
  errors: [],
  run: (toolbox) => toolbox.openRpc(),
})
