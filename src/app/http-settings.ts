/** The RPC face as the configuration wants it at any moment: its settings are read where they are used. */

import type { Config } from '../config/index.js'
import type { HttpServerSettings } from '../http/index.js'
import { rateOf } from './rates.js'
import { readAnew } from './read-anew.js'

export function httpSettings({ server, security, faces, notifications }: Config): Partial<HttpServerSettings> {
  return readAnew(
    {
      path: server.websocket_path,
      maxMessageBytes: server.max_message_size,
      pingIntervalMs: server.ping_interval,
      pongWaitMs: server.pong_wait,
      exemptAddresses: security.auth_exempt,
    },
    {
      publicHost: () => faces.public_host ?? undefined,
      allowedOrigins: () => security.cors_origins,
      maxConnections: () => server.max_connections,
      maxAnonymous: () => server.max_unauthenticated ?? undefined,
      totalBytes: () => server.send_buffer_total,
      acceptRate: () => rateOf(security.rate_limits.accept),
      upgradeRate: () => rateOf(security.rate_limits.upgrade),
      maxAnonymousPerAddress: () => server.max_unauthenticated_per_address,
      anonymousMessageBytes: () => server.max_message_size_unauthenticated,
      maxNotifications: () => notifications.websocket.max_queue_size,
      softBytes: () => server.send_buffer_soft,
      hardBytes: () => server.send_buffer_hard,
      loginMs: () => server.auth_timeout,
      cleanupMs: () => server.client_cleanup_timeout,
      stallMs: () => server.send_stall_timeout,
    },
  )
}
