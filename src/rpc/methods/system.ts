import { defineMethod } from '../method.js'
import type { Builder } from '../schema.js'
import { NoParams } from '../shapes/common.js'
import { Metrics, ServerInfo, ServiceStatus, SystemStatus } from '../shapes/system.js'

export const getStatus = defineMethod({
  name: 'get_status',
  role: 'admin',
  summary: 'Health of the service and its components.',
  params: NoParams,
  result: ServiceStatus,
  errors: [],
  run: ({ services }) => services.system.status(),
})

export const getSystemHealth = defineMethod({
  name: 'get_system_health',
  role: 'admin',
  summary: 'Another name of get_status.',
  params: NoParams,
  result: ServiceStatus,
  errors: [],
  run: ({ services }) => services.system.status(),
})

export const getSystemStatus = defineMethod({
  name: 'get_system_status',
  role: 'viewer',
  summary: 'How far the service has come up, and which cameras can be used.',
  params: NoParams,
  result: SystemStatus,
  errors: [],
  beforeReady: true,
  run: ({ services }) => services.metrics.systemStatus(),
})

export const getMetrics = defineMethod({
  name: 'get_metrics',
  role: 'admin',
  summary: 'Load of the machine, cameras and streams in numbers.',
  params: NoParams,
  result: Metrics,
  errors: [],
  run: ({ services }) => services.metrics.metrics(),
  extra: ({ services }) => services.metrics.flatMetrics(),
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
